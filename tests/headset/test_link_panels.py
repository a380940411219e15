"""Panels and the mirror's switch from one process to the other: drawn on one side, seen on the other."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from unvisor.headset.compositor.panels.content import (
    PLATES,
    MirrorSwitch,
    Prompt,
    SensorRow,
    SensorStatus,
)
from unvisor.headset.compositor.panels.draw import Painter
from unvisor.headset.link import HeadsetEnd, make_folder, opened, remove_folder
from unvisor.headset.link_layout import PICTURES
from unvisor.headset.link_panels import PanelsReader, PanelsWriter, Wishes
from unvisor.headset.room_panels import RoomPanels

SMILE = Prompt(words="Smile", seconds_left=3)
STATUS = SensorStatus(rows=(SensorRow(name="babble", state="live", rate="90 Hz"),))


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    made = make_folder()
    yield made
    remove_folder(made)
    assert not made.exists()


def test_what_is_told_is_seen_as_it_was_drawn(folder: Path) -> None:
    end = HeadsetEnd(folder)
    with RoomPanels(folder) as panels:
        assert end.panels() == {}
        panels.tell([SMILE, STATUS])
        seen = end.panels()
        assert seen.keys() == {Prompt, SensorStatus}
        for content in (SMILE, STATUS):
            np.testing.assert_array_equal(seen[type(content)], Painter().picture(content))
            assert not seen[type(content)].flags.writeable
        panels.tell([STATUS])
        assert end.panels().keys() == {SensorStatus}
        panels.tell([])
        assert end.panels() == {}
        panels.tell([SMILE])
        assert end.panels()[Prompt] is seen[Prompt], "shown again as it was: nothing crossed"
    end.close()


def test_what_says_the_same_is_the_very_same_array(folder: Path) -> None:
    end = HeadsetEnd(folder)
    with RoomPanels(folder) as panels:
        panels.tell([SMILE])
        seen = end.panels()
        panels.tell([Prompt(words="Smile", seconds_left=3)])
        assert end.panels() is seen
        panels.tell([Prompt(words="Smile", seconds_left=2)])
        assert end.panels()[Prompt] is not seen[Prompt]
    end.close()


def test_the_mirror_is_shown_until_it_is_not_and_stands_anew_when_asked(folder: Path) -> None:
    end = HeadsetEnd(folder)
    assert end.wishes() == Wishes(mirror=True, recentre=0)
    with RoomPanels(folder) as panels:
        assert panels.mirror_shown
        panels.mirror(on=False)
        panels.recentre()
        panels.recentre()
        asked = end.wishes()
        assert asked == Wishes(mirror=False, recentre=2)
        panels.tell([MirrorSwitch(shown=False)])
        assert end.wishes() is asked
        assert not panels.mirror_shown
        panels.mirror(on=True)
        assert end.wishes() == Wishes(mirror=True, recentre=2)
    end.close()


def test_a_headset_process_that_starts_anew_sees_what_stands(folder: Path) -> None:
    with RoomPanels(folder) as panels:
        panels.tell([SMILE, STATUS])
        panels.tell([SMILE])
        panels.mirror(on=False)
        for _ in range(2):
            end = HeadsetEnd(folder)
            np.testing.assert_array_equal(end.panels()[Prompt], Painter().picture(SMILE))
            assert end.panels().keys() == {Prompt}
            assert not end.wishes().mirror
            end.close()


def test_outside_its_time_what_is_asked_is_let_go(folder: Path) -> None:
    panels = RoomPanels(folder)
    panels.tell([SMILE])
    with panels:
        pass
    panels.tell([SMILE])
    panels.mirror(on=False)
    panels.recentre()
    end = HeadsetEnd(folder)
    assert (end.panels(), end.wishes()) == ({}, Wishes())
    end.close()


def test_pictures_fit_their_plates_and_few_megabytes() -> None:
    for kind, plate in PLATES.items():
        assert PICTURES[kind].record["picture"].shape == (plate.size[1], plate.size[0], 4)
    assert sum(ring.bytes for ring in PICTURES.values()) < 10 << 20


WRITER = """
    import sys
    from pathlib import Path
    import numpy as np
    from unvisor.headset.compositor.panels.content import PLATES, Prompt
    from unvisor.headset.link import opened
    from unvisor.headset.link_panels import PanelsWriter

    width, height = PLATES[Prompt].size
    with opened(Path(sys.argv[1]), "panels", writing=True) as file:
        writer = PanelsWriter(file)
        for number in range(300):
            writer.show({Prompt: np.full((height, width, 4), number % 251, np.uint8)})
"""


def test_half_a_picture_is_never_seen(folder: Path) -> None:
    """Each of one value, written without pause by another process, until it has ended."""
    values: list[int] = []
    with opened(folder, "panels", writing=False) as file:
        reader = PanelsReader(file)
        code = textwrap.dedent(WRITER)
        with subprocess.Popen([sys.executable, "-c", code, str(folder)]) as child:
            seen = None
            ended = False
            while not ended:
                ended = child.poll() is not None  # then it is looked at once more
                picture = reader.pictures().get(Prompt)
                if picture is None or picture is seen:
                    continue
                seen = picture
                assert picture.min() == picture.max()
                values.append(int(picture[0, 0, 0]))
        assert child.returncode == 0
    assert len(values) > 1
    assert values[-1] == 299 % 251


def test_a_writer_that_comes_anew_shows_nothing_of_before(folder: Path) -> None:
    with opened(folder, "panels", writing=False) as file:
        reader = PanelsReader(file)
        for words in ("Smile", "Frown"):
            with opened(folder, "panels", writing=True) as again:
                writer = PanelsWriter(again)
                assert reader.pictures() == {}
                picture = Painter().picture(Prompt(words=words))
                writer.show({Prompt: picture})
                np.testing.assert_array_equal(reader.pictures()[Prompt], picture)
