"""The default head: what a face must never do, whatever its look."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unvisor.headset.compositor.avatar import Avatar, Region
from unvisor.headset.compositor.head.build import build_head
from unvisor.headset.compositor.visor import build_visor
from unvisor.headset.names import ARKIT, mirrored

Floats = NDArray[np.float64]
FLIP = np.array([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def head() -> Avatar:
    return build_head()


def posed(head: Avatar, **weights: float) -> Floats:
    """Return positions (V, 3), metres; a name without its side moves both."""
    positions = head.positions.astype(np.float64)
    for name, weight in weights.items():
        for channel in (name,) if name in head.targets else (f"{name}Left", f"{name}Right"):
            target = head.targets[channel]
            positions[target.index] += weight * target.delta
    return positions


def twins(head: Avatar) -> NDArray[np.intp]:
    """Return the index of every vertex's mirror image, told by place, movement and make alone."""
    # Where two parts touch at rest, a face that pulls them apart tells their vertices apart.
    rest, pulled = head.positions, posed(head, eyeBlink=0.7, jawOpen=0.9, tongueOut=0.3)
    make = [head.region, *head.colours.T]
    order = np.lexsort([*make, *pulled.T, *rest.T])
    twin = np.empty(len(rest), np.intp)
    twin[order] = np.lexsort([*make, *(pulled * FLIP).T, *(rest * FLIP).T])
    return twin


def dense(head: Avatar, name: str) -> Floats:
    field = np.zeros(head.positions.shape)
    field[head.targets[name].index] = head.targets[name].delta
    return field


def rim(head: Avatar, region: Region) -> NDArray[np.intp]:
    """Return edges (E, 2) that only one triangle of a region has, as first seen by position."""
    own = head.triangles[(head.region[head.triangles] == region).all(axis=1)]
    edges = np.concatenate([own[:, [0, 1]], own[:, [1, 2]], own[:, [2, 0]]]).astype(np.intp)
    _, first, count = np.unique(
        np.sort(edges, axis=1), axis=0, return_index=True, return_counts=True
    )
    return edges[first[count == 1]]


def facing_area(positions: Floats, triangles: NDArray[np.uint32]) -> Floats:
    a, b, c = (positions[triangles[:, k]] for k in range(3))
    return 0.5 * np.cross(b - a, c - a)


def first_hits(origins: Floats, direction: Floats, corners: Floats) -> Floats:
    """Return how far along one direction rays (R, 3) first meet triangles (T, 3, 3); inf if not."""
    a, ab, ac = corners[:, 0], corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    across = np.cross(direction, ac)
    scale = (ab * across).sum(axis=1)
    live = np.abs(scale) > 1e-15
    a, ab, ac, across, scale = a[live], ab[live], ac[live], across[live], scale[live]
    reach = np.full(len(origins), np.inf)
    for i, origin in enumerate(origins):
        away = origin - a
        u = (away * across).sum(axis=1) / scale
        turned = np.cross(away, ab)
        v = turned @ direction / scale
        t = (ac * turned).sum(axis=1) / scale
        hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1.0 + 1e-9) & (t > 0.0)
        if hit.any():
            reach[i] = t[hit].min()
    return reach


class TestMesh:
    def test_size(self, head: Avatar) -> None:
        assert 8_000 <= len(head.positions) <= 10_500
        extent = np.ptp(head.positions, axis=0)
        assert 0.14 < extent[0] < 0.24
        assert 0.25 < extent[1] < 0.36

    def test_arrays_are_what_the_contract_says(self, head: Avatar) -> None:
        count = len(head.positions)
        assert head.positions.dtype == head.colours.dtype == np.float32
        assert head.triangles.dtype == np.uint32
        assert head.triangles.max() < count
        assert head.colours.shape == (count, 4)
        assert head.region.shape == head.eye.shape == (count,)
        assert ((head.colours >= 0.0) & (head.colours <= 1.0)).all()
        assert np.isfinite(head.positions).all()
        assert set(head.region.tolist()) == {int(region) for region in Region}

    def test_every_vertex_is_used(self, head: Avatar) -> None:
        assert len(np.unique(head.triangles)) == len(head.positions)

    def test_no_triangle_is_degenerate(self, head: Avatar) -> None:
        area = np.linalg.norm(
            facing_area(head.positions.astype(np.float64), head.triangles), axis=1
        )
        assert area.min() > 1e-11  # square metres: a hundredth of a millimetre by two

    def test_no_triangle_mixes_regions(self, head: Avatar) -> None:
        region = head.region[head.triangles]
        assert (region == region[:, :1]).all()

    def test_neighbours_agree_on_what_is_outside(self, head: Avatar) -> None:
        edges = head.triangles[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2)
        assert len(np.unique(edges, axis=0)) == len(edges)  # each edge is walked once each way

    @pytest.mark.parametrize("region", [Region.SKIN, Region.HAIR, Region.TEETH])
    def test_faces_look_outwards(self, head: Avatar, region: Region) -> None:
        positions = head.positions.astype(np.float64)
        own = head.triangles[head.region[head.triangles[:, 0]] == region]
        front = own[positions[own].mean(axis=1)[:, 2] > 0.03]
        assert facing_area(positions, front)[:, 2].sum() > 0.0

    def test_the_ears_look_outwards(self, head: Avatar) -> None:
        positions = head.positions.astype(np.float64)
        ear = np.abs(positions[head.triangles, 0]).min(axis=1) > 0.0735
        ear &= head.region[head.triangles[:, 0]] == Region.SKIN
        area = facing_area(positions, head.triangles[ear])
        sign = np.sign(positions[head.triangles[ear], 0].mean(axis=1))
        assert ear.sum() > 100
        assert (area[:, 0] * sign).sum() > 0.0

    def test_the_eyeballs_are_spheres_about_their_centres(self, head: Avatar) -> None:
        for side in (0, 1):
            ball = head.positions[head.eye == side]
            radius = np.linalg.norm(ball - head.eye_centre[side], axis=1)
            assert radius == pytest.approx(head.eye_radius_m, abs=1e-6)
        assert ((head.eye >= 0) == (head.region == Region.EYE)).all()
        assert head.eye_centre[0, 0] > 0.0  # the wearer's left

    def test_is_the_same_every_time(self, head: Avatar) -> None:
        again = build_head()
        assert again.positions.tobytes() == head.positions.tobytes()
        assert again.triangles.tobytes() == head.triangles.tobytes()
        assert all(
            again.targets[name].delta.tobytes() == head.targets[name].delta.tobytes()
            for name in ARKIT
        )


class TestTargets:
    def test_names(self, head: Avatar) -> None:
        assert tuple(head.targets) == ARKIT

    def test_each_moves_something_and_nothing_far(self, head: Avatar) -> None:
        for name, target in head.targets.items():
            length = np.linalg.norm(target.delta, axis=1)
            assert np.isfinite(target.delta).all(), name
            assert 0.0005 < length.max() < 0.06, name

    def test_are_sparse(self, head: Avatar) -> None:
        for name, target in head.targets.items():
            assert (np.diff(target.index.astype(np.int64)) > 0).all(), name
            assert np.linalg.norm(target.delta, axis=1).min() >= 0.99e-5, name
        moved = sum(len(target.index) for target in head.targets.values())
        assert moved < 0.25 * len(head.positions) * len(ARKIT)

    def test_left_and_right_are_exact_mirror_images(self, head: Avatar) -> None:
        twin = twins(head)
        assert (head.positions[twin] == head.positions * FLIP.astype(np.float32)).all()
        for name in ARKIT:
            assert (dense(head, mirrored(name))[twin] == dense(head, name) * FLIP).all(), name

    def test_no_triangle_of_the_skin_collapses_in_everyday_faces(self, head: Avatar) -> None:
        skin = head.triangles[head.region[head.triangles[:, 0]] == Region.SKIN]
        rest = facing_area(head.positions.astype(np.float64), skin)
        for weights in (
            {"mouthSmile": 1.0, "cheekSquint": 0.6},
            {"browInnerUp": 1.0, "browOuterUp": 1.0},
            {"browDown": 1.0},
            {"jawOpen": 1.0},
            {"mouthFunnel": 1.0},
            {"cheekPuff": 1.0},
        ):
            area = facing_area(posed(head, **weights), skin)
            turned = (area * rest).sum(axis=1) < 0.0
            assert turned.mean() < 0.01, weights


class TestLids:
    @staticmethod
    def eye_seen_m(head: Avatar, positions: Floats, *, step_m: float) -> Floats:
        """Return how high a stripe of the left eyeball is seen from in front, at each of 15 x."""
        centre = head.eye_centre[0].astype(np.float64)
        corners = positions[head.triangles]
        near = np.abs(corners[:, :, :2] - centre[:2]).min(axis=1).max(axis=1) < 0.02
        is_eye = head.eye[head.triangles[:, 0]] >= 0
        y = np.arange(-0.008, 0.008, step_m) + centre[1]
        seen: list[float] = []
        for x in centre[0] + np.linspace(-0.012, 0.011, 15):
            origins = np.stack([np.full_like(y, x), y, np.full_like(y, 0.3)], axis=1)
            crosses = (corners[:, :, 0].min(axis=1) <= x) & (corners[:, :, 0].max(axis=1) >= x)
            towards = np.array([0.0, 0.0, -1.0])
            lid = first_hits(origins, towards, corners[near & crosses & ~is_eye])
            ball = first_hits(origins, towards, corners[near & crosses & is_eye])
            seen.append(step_m * float((ball < lid).sum()))
        return np.array(seen)

    def test_a_blink_closes(self, head: Avatar) -> None:
        assert self.eye_seen_m(head, posed(head, eyeBlink=1.0), step_m=0.0001).max() < 0.0002

    def test_at_rest_the_eye_is_open(self, head: Avatar) -> None:
        rest = self.eye_seen_m(head, head.positions.astype(np.float64), step_m=0.0005).max()
        wide = self.eye_seen_m(head, posed(head, eyeWide=1.0), step_m=0.0005).max()
        squint = self.eye_seen_m(head, posed(head, eyeSquint=1.0), step_m=0.0005).max()
        assert 0.5 * rest < squint < 0.9 * rest
        assert 0.007 < rest < wide - 0.001

    @pytest.mark.parametrize("name", [name for name in ARKIT if name.startswith("eye")])
    def test_lids_never_sink_into_the_eyeball(self, head: Avatar, name: str) -> None:
        skin = head.triangles[head.region[head.triangles[:, 0]] == Region.SKIN]
        for weight in np.linspace(0.0, 1.0, 11):
            positions = posed(head, **{name: float(weight)})
            a, b, c = (positions[skin[:, k]] for k in range(3))
            # Corners, edges' middles and the middle stand for the whole triangle.
            for points in (a, (a + b) / 2, (b + c) / 2, (c + a) / 2, (a + b + c) / 3):
                for centre in head.eye_centre:
                    assert np.linalg.norm(points - centre, axis=1).min() > head.eye_radius_m


class TestMouth:
    def test_the_jaw_carries_the_lower_teeth_alone(self, head: Avatar) -> None:
        teeth = np.flatnonzero(head.region == Region.TEETH)
        drop = dense(head, "jawOpen")[teeth, 1]
        carried = drop != 0.0
        assert carried.sum() == len(teeth) / 2
        assert drop[carried].max() < -0.01
        height = head.positions[teeth, 1]
        assert height[carried].mean() < height[~carried].mean() - 0.005

    def test_the_lining_is_closed(self, head: Avatar) -> None:
        """Its only rim is the ring where it meets the lips."""
        edges = rim(head, Region.MOUTH)
        skin = {tuple(p) for p in head.positions[head.region == Region.SKIN].tolist()}
        on_lips = [tuple(p) in skin for p in head.positions[edges.ravel()].tolist()]
        assert len(edges) > 20
        assert all(on_lips)

    @pytest.mark.parametrize("weights", [
        {"jawOpen": 1.0}, {"jawOpen": 0.5, "mouthSmile": 1.0}, {"jawOpen": 1.0, "mouthStretch": 1.0},
        {"jawOpen": 0.3, "mouthFunnel": 1.0}, {"mouthLowerDown": 1.0, "mouthUpperUp": 1.0},
    ])  # fmt: skip
    def test_rays_into_the_open_mouth_hit_its_inside(
        self, head: Avatar, weights: dict[str, float]
    ) -> None:
        positions = posed(head, **weights)
        corners = positions[head.triangles]
        corners = corners[np.abs(corners[:, 0] - [0.0, -0.08, 0.05]).max(axis=1) < 0.06]
        teeth = positions[(head.region == Region.TEETH) & (head.positions[:, 2] > 0.06)]
        low, high = teeth.min(axis=0), teeth.max(axis=0)
        # Aimed at a window within the mouth, behind the teeth, from three sides.
        at = np.mgrid[0:1:11j, 0:1:11j].reshape(2, -1).T * (high - low)[:2] + low[:2]
        window = np.column_stack([at, np.full(len(at), 0.055)])
        for yaw in (-0.5, 0.0, 0.5):
            towards = np.array([np.sin(yaw), 0.0, -np.cos(yaw)])
            reach = first_hits(window - 0.2 * towards, towards, corners)
            assert np.isfinite(reach).all()
            behind = (window - 0.2 * towards)[:, 2] + reach * towards[2]
            assert (behind > 0.02).all()  # nothing is seen beyond the throat
            assert (behind < 0.07).any()  # and some of it is inside

    def test_mouth_close_seals_an_open_jaw(self, head: Avatar) -> None:
        """The parted edges of the lips come together again."""
        rest = head.positions.astype(np.float64)
        opened = posed(head, jawOpen=1.0)
        sealed = posed(head, jawOpen=1.0, mouthClose=1.0)
        skin = np.flatnonzero((head.region == Region.SKIN) & (rest[:, 2] > 0.06))
        apart = np.linalg.norm(rest[skin, None] - rest[None, skin], axis=2)
        np.fill_diagonal(apart, np.inf)
        pairs = np.argwhere(apart < 0.0002)
        gape = np.linalg.norm(opened[skin[pairs[:, 0]]] - opened[skin[pairs[:, 1]]], axis=1)
        lips = pairs[gape > 0.004]
        assert len(lips) >= 10
        left = np.linalg.norm(sealed[skin[lips[:, 0]]] - sealed[skin[lips[:, 1]]], axis=1)
        assert left.max() < 0.0005

    def test_the_chin_goes_down_more_than_back(self, head: Avatar) -> None:
        chin = np.flatnonzero((head.region == Region.SKIN) & (head.positions[:, 2] > 0.07))
        chin = chin[head.positions[chin, 1] < -0.088]
        move = dense(head, "jawOpen")[chin].mean(axis=0)
        assert move[1] < -0.015
        assert move[2] > -0.5 * abs(move[1])

    def test_the_tongue_comes_out(self, head: Avatar) -> None:
        out = posed(head, jawOpen=0.4, tongueOut=1.0)
        lips = out[(head.region == Region.SKIN) & (np.abs(out[:, 1] + 0.07) < 0.02), 2].max()
        assert out[head.region == Region.MOUTH, 2].max() > lips


class TestVisor:
    def test_hides_brows_and_eyes_and_leaves_the_mouth(self, head: Avatar) -> None:
        visor = build_visor()
        corners = visor.positions.astype(np.float64)[visor.triangles]
        towards = np.array([0.0, 0.0, -1.0])
        eyes = head.positions[head.eye >= 0].astype(np.float64)
        brows = head.positions[dense(head, "browInnerUp")[:, 1] > 0.004].astype(np.float64)
        hidden = np.concatenate([eyes[::7], brows[::7]]) * [1.0, 1.0, 0.0] + [0.0, 0.0, 0.5]
        assert np.isfinite(first_hits(hidden, towards, corners)).all()
        mouth = head.positions[head.region == Region.TEETH].astype(np.float64)
        seen = mouth[::7] * [1.0, 1.0, 0.0] + [0.0, 0.0, 0.5]
        assert np.isinf(first_hits(seen, towards, corners)).all()

    def test_stands_before_the_face(self, head: Avatar) -> None:
        visor = build_visor()
        assert visor.positions[:, 2].max() > head.positions[:, 2].max() + 0.01
        assert visor.targets == {}
        assert np.isfinite(visor.positions).all()

    def test_its_front_faces_forwards(self) -> None:
        visor = build_visor()
        positions = visor.positions.astype(np.float64)
        front = visor.triangles[positions[visor.triangles][:, :, 2].min(axis=1) > 0.10]
        assert (facing_area(positions, front)[:, 2] > 0.0).mean() > 0.8
