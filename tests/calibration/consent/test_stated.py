from __future__ import annotations

import pytest

from unvisor.calibration.consent import Stated, require
from unvisor.headset.errors import ConsentError
from unvisor.headset.permit import Basis, Permit


@pytest.mark.parametrize(
    "basis",
    [
        Basis(kind="licence", text="CC BY 4.0"),
        Basis(kind="reference", text="form 2, 2026-05-01"),
        Basis(kind="generated", text="a performance nobody gave"),
    ],
)
def test_a_stated_basis_permits_and_is_told(basis: Basis) -> None:
    permit: Permit = Stated(basis=basis)
    assert permit.refusal("vrchat") is None
    require(permit, "vrchat")
    assert permit.basis.words == basis.text


@pytest.mark.parametrize("text", ["", "  ", "not stated", " not stated\n"])
@pytest.mark.parametrize(
    ("kind", "remedy"),
    [("licence", "import it with --licence"), ("reference", '--consent-reference "form')],
)
def test_what_nobody_stated_permits_nothing(kind: str, remedy: str, text: str) -> None:
    basis = Basis(kind="licence" if kind == "licence" else "reference", text=text)
    permit = Stated(basis=basis)
    refusal = permit.refusal("vrchat")
    assert refusal is not None
    assert refusal.startswith("vrchat: ")
    assert remedy in refusal
    with pytest.raises(ConsentError, match=r"evening\.h5: "):
        require(permit, "evening.h5")


def test_words_for_nothing_are_not_a_licence() -> None:
    assert Basis(kind="licence", text="").words == "not stated"
