# Sets unvisor up on Windows 10 or 11, then shows it or tests it.
#
#   powershell -ExecutionPolicy Bypass -File setup.ps1 demo [OPTION...]
#   powershell -ExecutionPolicy Bypass -File setup.ps1 test [OPTION...]
#
# Needs no Python, no git and no administrator. `demo` installs the program into the folder
# %LOCALAPPDATA%\unvisor (0.7 GB) and puts the command `unvisor` on the user's path; `test` makes
# .venv beside this file. Both use uv, an installer of Python programs, which is fetched if missing.
#
# This file is ASCII, since Windows PowerShell 5.1 reads a script in the system's old code page.

Set-StrictMode -Version 3
$ErrorActionPreference = 'Stop'
$env:PYTHONUTF8 = '1'
$PythonVersion = '3.11'
$Verb, $Options = $args
$Options = @($Options | Where-Object { $null -ne $_ })

function Stop-Setup([string] $Message) {
    Write-Host "unvisor: $Message"
    exit 1
}

function Test-Program([string] $Name) {
    [bool] (Get-Command -Name $Name -CommandType Application -ErrorAction SilentlyContinue)
}

# Windows offers a `python` that only opens its shop: one that can run is what we look for.
function Find-Python {
    foreach ($Name in 'py', 'python', 'python3') {
        if (Test-Program $Name) {
            $null = & $Name -c 'import pip'
            if ($LASTEXITCODE -eq 0) { return $Name }
        }
    }
}

# Sets $UvProgram and $UvPrefix: uv itself, or a Python with uv inside.
function Find-Uv {
    $script:UvPrefix = @()
    $script:UvProgram = 'uv'
    if (Test-Program 'uv') { return }
    $Python = Find-Python
    if ($Python) {
        & $Python -m pip install --user --quiet uv
        if ($LASTEXITCODE -eq 0) {
            $script:UvProgram = $Python
            $script:UvPrefix = @('-m', 'uv')
            return
        }
    }
    if (-not (Test-Program 'winget')) {
        Stop-Setup 'no uv, Python or winget here: install "App Installer" from the Microsoft Store, then run this again'
    }
    winget install --id astral-sh.uv --exact --silent --scope user --accept-source-agreements --accept-package-agreements
    # A program installed just now is on the path of new terminals only.
    $env:Path = [Environment]::GetEnvironmentVariable('Path', 'User') + ';' + $env:Path
    $env:Path = (Join-Path $env:LOCALAPPDATA 'Microsoft\WinGet\Links') + ';' + $env:Path
    if (-not (Test-Program 'uv')) { Stop-Setup 'uv was not installed: see what winget says above' }
}

function Invoke-Uv {
    & $UvProgram @UvPrefix @args
    if ($LASTEXITCODE -ne 0) { Stop-Setup "uv $args failed: see above; run this again when it is mended" }
}

function Install-Program {
    # Folders of our own choice, so that no program's output with a user's name need be decoded.
    $Place = Join-Path $env:LOCALAPPDATA 'unvisor'
    $env:UV_TOOL_DIR = Join-Path $Place 'program'
    $env:UV_TOOL_BIN_DIR = Join-Path $Place 'bin'
    Invoke-Uv tool install --force --reinstall-package unvisor --python $PythonVersion '.'
    Invoke-Uv tool update-shell
    Join-Path $env:UV_TOOL_BIN_DIR 'unvisor.exe'
}

function Install-Tests {
    $Extras = if ($env:WITH_TORCH -eq '1') { '.[dev,train]' } else { '.[dev]' }
    Invoke-Uv venv --quiet --allow-existing --python $PythonVersion '.venv'
    Invoke-Uv pip install --python '.venv' --editable $Extras
    Join-Path $PSScriptRoot '.venv\Scripts\pytest.exe'
}

if ($Verb -notin 'demo', 'test') {
    Get-Content -LiteralPath $PSCommandPath -TotalCount 8 | Write-Host
    exit 2
}
Push-Location -LiteralPath $PSScriptRoot
try {
    Find-Uv
    if ($Verb -eq 'demo') {
        Write-Host 'unvisor: installing the program (370 MB to download, 0.7 GB on disk)'
        $Program = Install-Program | Select-Object -Last 1
        & $Program demo @Options
    }
    else {
        Write-Host 'unvisor: installing the program and its test tools (480 MB to download, 1.1 GB on disk)'
        $Program = Install-Tests | Select-Object -Last 1
        & $Program -n auto --maxprocesses 4 --dist loadfile @Options
    }
    $Code = $LASTEXITCODE
    Write-Host "unvisor: ran $Program $Options"
}
finally {
    Pop-Location
}
exit $Code
