from __future__ import annotations

from dataclasses import replace

from unvisor.datasets.recording import Recording
from unvisor.reconstruct.judge.taught import table, taught

from ..faces import capture


def take(seed: int, person: str) -> Recording:
    made = capture(seed=seed)
    return Recording(about=replace(made.about, person=person), truth=made.truth)


def test_each_take_is_judged_after_every_other_of_the_same_person() -> None:
    takes = {"a1": take(1, "a"), "a2": take(2, "a"), "b1": take(3, "b")}
    rows = list(taught(takes, lambda _: "rules"))
    assert [(row.take, row.by) for row in rows] == [("a2", "a1"), ("a1", "a2")]
    for row in rows:
        assert row.after < row.before  # the rules' brows are raised whenever these eyes look up
    told = table(rows)
    assert told.startswith("a ")
    assert "worse 0 of 2" in told
