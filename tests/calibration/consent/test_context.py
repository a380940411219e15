from __future__ import annotations

import shlex

import pytest

from unvisor.calibration.consent.context import Context, context
from unvisor.headset.errors import ConsentError
from unvisor.tools.main import parser


def test_one_use_has_one_form_and_one_id() -> None:
    one = context("run", audience=["vrchat", "live-link-face", "vrchat"], channels=["eyes", "face"])
    two = context("run", audience=["live-link-face", "vrchat"], channels=["face", "eyes"], days=3)
    assert one.audience == ("live-link-face", "vrchat")
    assert one.id == two.id
    assert one.id != context("run", audience=["vrchat"], channels=["face", "eyes"]).id


def test_a_use_is_covered_where_it_asks_for_no_more() -> None:
    agreed = context("run", audience=["vrchat", "live-link-face"], retention=["recording"])
    assert not agreed.beyond(context("run", audience=["vrchat"]))
    assert not agreed.beyond(
        context("run", audience=["vrchat"], channels=["face"], synthesis=False)
    )


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (context("calibrate", audience=["vrchat"]), "it is for `unvisor run`"),
        (context("run", audience=["vrchat"], purpose="a study"), "it is for showing your face"),
        (context("run", audience=["vrchat@192.0.2.7"]), "sending to vrchat@192.0.2.7"),
        (context("run", retention=["film"]), "storing a film"),
        (context("run", audience=["vrchat"], channels=["pictures"]), "sensing pictures"),
        (context("run", audience=["vrchat"]), "it lets nothing be made up"),
    ],
)
def test_what_goes_beyond_is_said(asked: Context, said: str) -> None:
    synthesis = "made up" not in said
    agreed = context("run", audience=["vrchat"], retention=["recording"], synthesis=synthesis)
    assert said in agreed.beyond(asked)


def test_the_sentence_says_all_of_it() -> None:
    asked = context("run", audience=["vrchat", "vmc@192.0.2.7"], retention=["recording"], days=30)
    for words in (
        "senses your face, eyes, head movement and voice", "fills in what no sensor sees",
        "vmc on 192.0.2.7 and vrchat on this machine", "stores a recording", "30 days",
        "unvisor consent withdraw",
    ):  # fmt: skip
        assert words in asked.sentence
    assert asked.sentence.count(".") == asked.sentence.count("192.0.2.7") * 3 + 1, "one sentence"


@pytest.mark.parametrize(
    "asked",
    [
        context("run", audience=["vrchat", "vmc@[fe80::1]"], retention=["recording", "film"]),
        context(
            "calibrate", retention=["profile"], channels=["face"], purpose="a study of brows",
            synthesis=False, days=7,
        ),
    ],
)  # fmt: skip
def test_its_command_gives_consent_to_just_it(asked: Context) -> None:
    words = shlex.split(asked.command)[1:]
    given = parser("consent").parse_args(words)
    assert asked == context(
        given.application, audience=given.to, retention=given.store, channels=given.sense or
        ("face", "eyes", "head", "voice"), purpose=given.purpose,
        synthesis=not given.no_synthesis, days=given.expires_days,
    )  # fmt: skip


@pytest.mark.parametrize(
    "wrong",
    [
        {"audience": ["vr\x1b[2Jchat"]}, {"audience": ["--yes"]}, {"audience": ["x" * 101]},
        {"retention": ["everything"]}, {"days": 0}, {"days": 9999}, {"purpose": 'a" --yes "'},
        {"purpose": "safe\u202eylno"}, {"purpose": "a study $(reboot)"}, {"purpose": "a `b`"},
        {"purpose": "x" * 201}, {"application": "anything"},
        {"audience": [f"a{i}" for i in range(33)]},
    ],
)  # fmt: skip
def test_words_that_nobody_could_read_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConsentError):
        context(**({"application": "run"} | wrong))  # type: ignore[arg-type]  # pyright: ignore
