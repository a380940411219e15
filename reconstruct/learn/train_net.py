"""From recordings to a network's model file: prepare, fit the closed form, train, settle, export.

Beside the model stands its folder `NAME.training`: shards (rows of the faces trained on), the
checkpoint, and the curve as CSV and PNG. It may be removed when training is over.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from ...headset.errors import ModelError
from ..fit.closed_form import ClosedForm
from . import checkpoint as checkpoints
from .checkpoint import Checkpoint, Epoch
from .curves import write_curve
from .options import Options
from .ranks import Ranks, joined
from .shards import Shard, prepare, read_shard
from .standing import blank, fit_standing, from_arrays
from .to_onnx import write_onnx
from .trainer import Trainer
from .windows import Loader

CHECKPOINT: Final = "checkpoint.npz"

Progress = Callable[[Epoch], None]


def train_net(
    recordings: Sequence[Path],
    out: Path,
    options: Options,
    *,
    device: str = "cpu",
    resume: bool = False,
    made_by: str = "",
    progress: Progress = lambda _: None,
) -> tuple[Epoch, ...]:
    """Train a network and write it; started by `torchrun`, all its processes do it together.

    On a CPU the same recordings and options give the same file, resumed or not, on the same number
    of threads and processes; other numbers of them add up in another order.

    Args:
        recordings: Each with truth, a person and sensors; at least two people.
        out: The ONNX file.
        options: Of the run.
        device: `cpu` or `cuda`.
        resume: Go on from the checkpoint of an interrupted run with the same recordings and options.
        made_by: The command, for the file's metadata.
        progress: Told after every epoch.

    Returns:
        The curve.

    Raises:
        RecordingError: A recording lacks truth, a person or sensors.
        ModelError: There is nobody to learn from or to hold out, the device is missing, the
            checkpoint is another run's, or the place cannot be written.
    """
    folder = training_folder(out)
    _make(folder)
    with joined(device) as ranks:
        for path in list(recordings)[ranks.local_rank :: ranks.local_count]:
            prepare(path, folder, calibration_s=options.calibration_s)
        ranks.wait()
        shards = [read_shard(p, folder, calibration_s=options.calibration_s) for p in recordings]
        learnt, judging = _split(shards, options.held_out)
        found = _found(folder, shards, options) if resume else None
        closed = _standing(found, learnt, folder, ranks)
        trainer = Trainer(
            closed,
            Loader(learnt, folder, options),
            Loader(judging, folder, options),
            options,
            ranks,
        )
        if found is not None:
            trainer.resume(found)
        keys = tuple(shard.key for shard in shards)
        while not trainer.over:
            line = trainer.run_epoch()
            if ranks.rank == 0:
                checkpoints.save(folder / CHECKPOINT, trainer.checkpoint(keys))
                write_curve(folder, trainer.curve)
                progress(line)
        trainer.settle()
        if ranks.rank == 0:
            # Who decided when to stop has done so: with few people each one less costs more than
            # the residual brings (NOTES).
            closed = fit_standing(shards, folder)
            trainer.network.stand_on(closed)
            write_onnx(
                out,
                trainer.network.cpu(),
                closed,
                takes=tuple(shard.take for shard in shards),
                people=tuple(sorted({shard.person for shard in shards})),
                licence="; ".join(dict.fromkeys(shard.licence for shard in shards)),
                made_by=made_by,
            )
        ranks.wait()
        return tuple(trainer.curve)


def training_folder(out: Path) -> Path:
    """Return the folder a run keeps its files in, beside the model."""
    return out.with_name(f"{out.stem}.training")


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as cause:
        raise ModelError(
            f"{folder}: cannot be made ({cause.strerror}): choose another --out"
        ) from cause


def _split(shards: Sequence[Shard], held_out: Sequence[str]) -> tuple[list[Shard], list[Shard]]:
    """Part whole people into those who are learnt from and those held out."""
    rows: dict[str, int] = {}
    for shard in shards:
        rows[shard.person] = rows.get(shard.person, 0) + shard.rows
    if len(rows) < 2:
        raise ModelError(
            "train net: recordings of one person alone: name another's too, to tell when to stop"
        )
    if unknown := sorted(set(held_out) - set(rows)):
        raise ModelError(
            f"--held-out {unknown[0]}: nobody of that name here: name one of {', '.join(sorted(rows))}"
        )
    out = set(held_out) or {min(rows, key=lambda person: (rows[person], person))}
    if out == set(rows):
        raise ModelError("--held-out: nobody is left to learn from: hold fewer people out")
    learnt = [shard for shard in shards if shard.person not in out]
    return learnt, [shard for shard in shards if shard.person in out]


def _found(folder: Path, shards: Sequence[Shard], options: Options) -> Checkpoint:
    found = checkpoints.read(folder / CHECKPOINT)
    told, asked = (msgspec.structs.asdict(each) for each in (found.header.options, options))
    if other := [f"{word} {told[word]!r}" for word in asked if told[word] != asked[word]]:
        raise ModelError(
            f"{folder / CHECKPOINT}: a run with other options ({', '.join(other)}): "
            "give the same, or train without --resume"
        )
    if found.header.keys != tuple(shard.key for shard in shards):
        raise ModelError(
            f"{folder / CHECKPOINT}: a run on other recordings (by their SHA-256): name the same in "
            "the same order, or train without --resume"
        )
    return found


def _standing(
    found: Checkpoint | None, learnt: Sequence[Shard], folder: Path, ranks: Ranks
) -> ClosedForm:
    """Return the closed form: the checkpoint's, or a new one on the first rank."""
    if found is not None:
        return from_arrays(found.under("closed"), tuple(sorted({s.person for s in learnt})))
    return fit_standing(learnt, folder) if ranks.rank == 0 else blank()
