"""What a headset of some rig would have sensed of a captured face.

A rig is exact: the mouth's 28 channels, gaze, openness, head and sound are read from the truth where
the rig senses them, and nothing else of it is.

Without noise a stream holds the truth at the truth's own times and arrives at once; ARKit -> stream
-> ARKit is then the identity, but for one thing no eye can do: look both ways at once. Where a
capture gives both of two opposing looks, gaze is the difference of their angles, and the way back
gives one of them.

With noise each tracker has a clock and a rate of its own, and the errors of `noise_eyes` and
`noise_mouth`. What lasts a wearer depends on the seed and the person, what lasts a donning on the
recording's source too; a rig's mouth is the same with eyes beside it or without. Every parameter is
written to `about.notes["simulation"]` as JSON. Head poses and sound pass through as they are: next
to a face their errors are small.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, replace
from typing import Final, Literal

import numpy as np
from numpy.random import Generator, default_rng

from ..headset.clock import NS_PER_S
from ..headset.errors import RecordingError
from ..headset.expressions import (
    angles_from_gaze,
    gaze_from_angles,
    gaze_from_arkit,
    openness_from_arkit,
    unified_from_arkit,
)
from ..headset.names import ARKIT, ARKIT_INDEX, MOUTH_28
from ..headset.rig import Rig
from . import noise_eyes, noise_mouth
from .layout import MAX_SPAN_NS
from .noise import bouts, held
from .noise_eyes import GazeNoise, LidNoise
from .noise_mouth import MouthNoise
from .recording import Recording, interpolate
from .streams import AudioStream, EyesStream, FaceStream, Floats, HeadStream, Stream, Times, Truth
from .take import interval_ns

Noise = Literal["model", "none"]

_MOUTH: Final = [ARKIT_INDEX[name] for name in MOUTH_28]
_BRIDGED: Final = 3.0  # times the capture's usual interval: a longer step is a hole to a sensor too


def simulate(recording: Recording, rig: Rig, *, seed: int = 0, noise: Noise = "model") -> Recording:
    """Return the recording with the streams of a rig in place of its own.

    Args:
        recording: With truth. Sound, which no truth holds, is taken from its own streams.
        rig: What is sensed.
        seed: Not negative; the same one gives the same bytes.
        noise: `model`, or `none` for exact streams.

    Raises:
        RecordingError: The recording has no truth, or one that spans more than two days.
    """
    truth = recording.truth
    source = recording.about.source or "recording"
    if truth is None or not truth.time_ns.size:
        raise RecordingError(f"{source}: has no truth to simulate from: import a capture first")
    if truth.time_ns[-1] - truth.time_ns[0] > MAX_SPAN_NS:
        raise RecordingError(f"{source}: spans over two days: import its takes one by one")
    person = zlib.crc32(recording.about.person.encode())
    wearer = default_rng([seed, person])
    donning = default_rng([seed, person, zlib.crc32(recording.about.source.encode())])
    for_mouth, for_eyes = donning.spawn(2)

    streams: dict[str, Stream] = {}
    drawn: dict[str, object] = {"rig": rig.name, "noise": noise, "seed": seed}
    if rig.mouth and noise == "none":
        streams["mouth"] = _face(truth.time_ns, truth.time_ns, truth.arkit[:, _MOUTH])
    elif rig.mouth:
        mouth = MouthNoise.draw(for_mouth)
        streams["mouth"] = _noisy_mouth(truth, mouth, for_mouth)
        drawn["mouth"] = asdict(mouth)
    if rig.eyes and noise == "none":
        gaze, openness = gaze_from_arkit(truth.arkit), openness_from_arkit(truth.arkit)
        streams["eyes"] = _eyes(truth.time_ns, truth.time_ns, gaze, openness)
    elif rig.eyes:
        eyes, lids = GazeNoise.draw(wearer, for_eyes), LidNoise.draw(wearer)
        streams["eyes"] = _noisy_eyes(truth, eyes, lids, for_eyes)
        drawn |= {"gaze": asdict(eyes), "lids": asdict(lids)}
    if rig.audio:
        if truth.head_rad is not None:
            streams["head"] = _head(truth.time_ns, truth.head_rad)
        own = recording.streams.values()
        sound = next((stream for stream in own if isinstance(stream, AudioStream)), None)
        if sound is not None:
            streams["audio"] = sound
    about = replace(
        recording.about,
        rig=rig.name,
        notes={**recording.about.notes, "simulation": json.dumps(drawn)},
    )
    return Recording(
        about=about,
        streams=streams,
        truth=truth,
        events=recording.events,
        span_ns=recording.span_ns,
    )


def _noisy_mouth(truth: Truth, noise: MouthNoise, rng: Generator) -> FaceStream:
    weights_rng, stuck_rng, lost_rng, arrival_rng, phase_rng = rng.spawn(5)
    rate_hz = noise_mouth.RATE_HZ
    time_ns, weights = _resampled(truth, truth.arkit[:, _MOUTH], rate_hz, phase_rng)
    stuck = bouts(time_ns.size, rate_hz, noise_mouth.STUCK, noise_mouth.BOUT_S, stuck_rng)
    lost = bouts(time_ns.size, rate_hz, noise_mouth.LOST, noise_mouth.BOUT_S, lost_rng)
    seen = noise.apply(weights, weights_rng)[held(~stuck)]
    jitter_s = arrival_rng.uniform(-noise_mouth.JITTER_S, noise_mouth.JITTER_S, time_ns.size)
    received_ns = _received(time_ns, noise.delay_s + jitter_s)
    return _face(time_ns[~lost], received_ns[~lost], seen[~lost])


def _noisy_eyes(truth: Truth, noise: GazeNoise, lids: LidNoise, rng: Generator) -> EyesStream:
    gaze_rng, lids_rng, repeat_rng, lost_rng, phase_rng = rng.spawn(5)
    rate_hz = noise_eyes.RATE_HZ
    true_rad = np.stack(angles_from_gaze(gaze_from_arkit(truth.arkit)), axis=-1)
    true_open = openness_from_arkit(truth.arkit)
    both = np.concatenate([true_rad, true_open[:, :, None]], axis=2)
    time_ns, both = _resampled(truth, both, rate_hz, phase_rng)
    angles_rad, openness = both[..., :2], both[..., 2]

    fixation = noise_eyes.fixations(time_ns, angles_rad)
    seen_rad = noise.apply(angles_rad, fixation, gaze_rng)
    seen_open = lids.apply(openness, lids_rng)
    gaze = gaze_from_angles(seen_rad[..., 0], seen_rad[..., 1])
    gaze[noise_eyes.near_shut(time_ns, openness)] = np.nan
    fresh = held(~noise_eyes.repeats(fixation, repeat_rng))
    gaze, seen_open = gaze[fresh], seen_open[fresh]

    lost = np.stack(
        [
            bouts(time_ns.size, rate_hz, noise_eyes.EYE_LOST, noise_eyes.EYE_LOST_S, own)
            for own in lost_rng.spawn(2)
        ],
        axis=-1,
    )
    gaze[lost], seen_open[lost] = np.nan, np.nan
    sent = ~lost.all(axis=1)  # with neither eye there is no sample to send: a hole
    received_ns = _received(time_ns, np.full(time_ns.size, noise.delay_s))
    return _eyes(time_ns[sent], received_ns[sent], gaze[sent], seen_open[sent])


def _resampled(
    truth: Truth, values: Floats, rate_hz: float, rng: Generator
) -> tuple[Times, Floats]:
    """Return a sensor's own times, where the capture has a face, and the values at them."""
    start_ns, end_ns = int(truth.time_ns[0]), int(truth.time_ns[-1])
    count = int((end_ns - start_ns) * rate_hz / NS_PER_S) + 1
    ticks = np.arange(count) + rng.random()  # the sensor's clock knows nothing of the capture's
    time_ns = start_ns + np.round(ticks * NS_PER_S / rate_hz).astype(np.int64)
    usual_ns = interval_ns(truth.time_ns)
    gap_ns = round(_BRIDGED * usual_ns) if truth.time_ns.size > 1 else 0
    after = np.searchsorted(truth.time_ns, time_ns)
    inside = (after > 0) & (after < truth.time_ns.size)
    after = after[inside]
    steps_ns = truth.time_ns[after] - truth.time_ns[after - 1]
    time_ns = time_ns[inside][steps_ns <= gap_ns]
    return time_ns, interpolate(truth.time_ns, values, time_ns, gap_ns=gap_ns)


def _received(time_ns: Times, delay_s: Floats) -> Times:
    """Return when samples arrive: never before they are true, never overtaking each other."""
    delay_ns = np.round(np.maximum(delay_s, 0.0) * NS_PER_S).astype(np.int64)
    return np.maximum.accumulate(time_ns + delay_ns)


def _face(time_ns: Times, received_ns: Times, mouth: Floats) -> FaceStream:
    arkit = np.full((time_ns.size, len(ARKIT)), np.nan)
    arkit[:, _MOUTH] = mouth
    weights = unified_from_arkit(arkit)
    confidence = np.where(np.isnan(weights), np.nan, 1.0)
    return FaceStream(
        time_ns=time_ns, received_ns=received_ns, weights=weights, confidence=confidence
    )


def _eyes(time_ns: Times, received_ns: Times, gaze: Floats, openness: Floats) -> EyesStream:
    return EyesStream(
        time_ns=time_ns,
        received_ns=received_ns,
        gaze=gaze,
        openness=openness,
        pupil_mm=np.full(openness.shape, np.nan),
        confidence=np.where(np.isnan(openness), 0.0, 1.0),  # a shut eye is seen well
    )


def _head(time_ns: Times, head_rad: Floats) -> HeadStream:
    """Return poses from a capture's angles: turned first, then nodded, then tilted.

    Yaw is positive to the right and pitch down, as in the same app's eye columns (measured there);
    roll is taken as positive to the right shoulder. No capture at hand moves its head columns, so
    their signs are unverified.
    """
    known = np.isfinite(head_rad).all(axis=1)
    time_ns = time_ns[known]
    yaw, pitch, roll = np.moveaxis(-0.5 * head_rad[known], -1, 0)  # half angles about +y, +x, +z
    (cy, cx, cz), (sy, sx, sz) = np.cos([yaw, pitch, roll]), np.sin([yaw, pitch, roll])
    return HeadStream(
        time_ns=time_ns,
        received_ns=time_ns,
        orientation_xyzw=np.stack(
            [
                cy * sx * cz + sy * cx * sz,
                sy * cx * cz - cy * sx * sz,
                cy * cx * sz - sy * sx * cz,
                cy * cx * cz + sy * sx * sz,
            ],
            axis=-1,
        ),
        position_m=np.zeros((time_ns.size, 3)),
    )
