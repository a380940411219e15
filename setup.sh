#!/bin/sh
# Sets unvisor up on Debian or Ubuntu, then shows it, tests it or checks its source.
#
#   sh setup.sh demo [OPTION…]   the program; then `unvisor demo OPTION…`
#   sh setup.sh test [OPTION…]   the test tools too; then `pytest OPTION…`
#   sh setup.sh check            the test tools too; then the linters and the type checker
#
# Needs Python 3.11 or newer. Everything goes into .venv beside this file, except system packages:
# these are installed when root runs this and named otherwise. Run again, it does only what changed.
# PYTHON=… names another Python. WITH_TORCH=1 adds what training needs, with the CPU build of torch.
set -eu

GL_PACKAGES="libegl1 libgl1 libgl1-mesa-dri libopengl0"  # drawing without a screen, or even a GPU
SOUND_PACKAGES="libportaudio2"  # the microphone
TORCH=2.13.0+cpu  # "+cpu", because the plain version brings 3 GB of CUDA

say() { printf 'unvisor: %s\n' "$*" >&2; }
stop() { say "$@"; exit 1; }
recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
on_debian() { command -v apt-get >/dev/null && command -v dpkg-query >/dev/null; }
is_root() { [ "$(id -u)" = 0 ]; }

find_python() {
    for candidate in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if recent "$candidate"; then python=$candidate; return; fi
        [ -z "${PYTHON:-}" ] || break  # the one that was asked for, or none
    done
    found=$("${PYTHON:-python3}" --version 2>&1) || found="no ${PYTHON:-python3}"
    stop "Python 3.11 or newer is needed ($found here): install python3 and python3-venv" \
        "(Debian 12, Ubuntu 24.04 or later) or name another: PYTHON=/path/to/python3 sh setup.sh $verb"
}

# Sets $missing to the system packages that are not there.
find_missing() {
    missing=
    on_debian || return 0
    for package in $GL_PACKAGES $SOUND_PACKAGES; do
        case $(dpkg-query -W -f='${db:Status-Status} ' "$package" 2>/dev/null) in
            "installed "* | *" installed "*) ;;
            *) missing="$missing $package" ;;
        esac
    done
    if [ -n "$python" ] && ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        missing="$missing $("$python" -c 'import sys; print("python3.%d-venv" % sys.version_info[1])')"
    fi
}

install_missing() {
    find_missing
    if [ -n "$missing" ] && is_root; then
        say "installing system packages:$missing"
        export DEBIAN_FRONTEND=noninteractive
        # shellcheck disable=SC2086  # a list of words
        { apt-get update -qq && apt-get install -y -qq --no-install-recommends $missing; } \
            </dev/null >/dev/null || say "apt-get failed"
        find_missing
    fi
    remedy=
    [ -z "$missing" ] || remedy="sudo apt-get install$missing"
    [ -z "$remedy" ] || say "system packages are missing. Install them with: $remedy"
    on_debian || say "not a Debian: EGL and OpenGL libraries are yours to install"
}

make_venv() {
    [ -n "$python" ] || return 0
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        stop "$python cannot make a virtual environment: ${remedy:-install its venv module}"
    say "making .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
}

# A virtual environment holds absolute paths and one Python: made elsewhere, it is of no use here.
venv_identity() { printf '%s %s\n' "$(.venv/bin/python --version)" "$root"; }
venv_usable() {
    recent .venv/bin/python || return 1
    if [ -e .venv/made-for ]; then [ "$(cat .venv/made-for)" = "$(venv_identity)" ]
    else .venv/bin/python -m pip --version >/dev/null 2>&1; fi
}

install() { # EXTRAS SIZE: as in `pip install -e .[EXTRAS]`
    stamp=.venv/installed-${1:-core}
    key=$({ cat pyproject.toml; printf '%s\n' "$GL_PACKAGES $SOUND_PACKAGES $TORCH"; } | cksum)
    [ "$(cat "$stamp" 2>/dev/null)" != "$key" ] || return 0
    say "installing into .venv: $2. This takes a minute or a few."
    quiet=-q
    [ ! -t 1 ] || quiet=
    case $1 in *train*)
        .venv/bin/python -m pip install $quiet --no-compile "torch==$TORCH" || stop "no torch $TORCH on the" \
            "indexes pip knows: name PyTorch's index of CPU builds in PIP_EXTRA_INDEX_URL"
    esac
    .venv/bin/python -m pip install $quiet --no-compile -e ".${1:+[$1]}"
    printf '%s\n' "$key" >"$stamp"
}

verb=${1:-}
case $verb in
    demo) extras='' size='the program (430 MB to download, 1.0 GB on disk)' ;;
    test | check)
        extras=cameras,dev size='the program and its test tools (600 MB to download, 1.5 GB on disk)'
        [ "${WITH_TORCH:-0}" = 0 ] || { extras=cameras,dev,train size="$size, torch (220 MB, 0.8 GB)"; } ;;
    *) sed -n '2,/^set /s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
shift
started=$(pwd)
cd "$(dirname "$0")"
root=$(pwd -P)
[ -w . ] || stop "$root: cannot be written to: copy it to a folder of yours and run that one's setup.sh"

python=
venv_usable || find_python
install_missing
make_venv
venv_identity >.venv/made-for
install "$extras" "$size"
# Tests import `unvisor`; the type checker finds it here, since the folder may have any name.
mkdir -p build/typing
ln -sfn ../.. build/typing/unvisor

case $verb in
    demo)
        cd "$started"  # where a relative --out is meant to be
        "$root/.venv/bin/unvisor" demo "$@" ||
            stop "the demo failed${remedy:+: install what is missing: $remedy}"
        say "ran: $root/.venv/bin/unvisor demo $*"
        say "its files are those named above, from $started" ;;
    test)
        say "running: pytest $*"
        exec .venv/bin/pytest -n auto --maxprocesses 4 --dist loadfile "$@" ;;
    check)
        .venv/bin/ruff check .
        .venv/bin/ruff format --check .
        .venv/bin/pyright
        .venv/bin/pyright --pythonplatform Windows
        if command -v shellcheck >/dev/null; then shellcheck setup.sh .ci/run; fi
        say "ran: ruff check, ruff format --check, pyright (Linux and Windows)" ;;
esac
