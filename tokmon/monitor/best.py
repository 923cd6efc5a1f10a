"""The best evaluation of a run, joined with the checkpoint file that should hold it."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from tokmon.monitor.series import Frame
from tokmon.monitor.state import Best
from tokmon.rundir.records import CheckpointInfo, moment


def with_file(logged: Best | None, sidecar: CheckpointInfo | None, file: Path) -> Best | None:
    """Return the best evaluation joined with the sidecar of its checkpoint `file`.

    A sidecar that is lower than all of the log speaks of an evaluation before a resume.
    """
    if sidecar is None or sidecar.val_loss is None:
        return logged
    # At the same step the log has the same evaluation, rounded, and more of it.
    if logged is None or (sidecar.step != logged.step and sidecar.val_loss < logged.val_loss):
        logged = Best(step=sidecar.step, val_loss=sidecar.val_loss, val_ppl=_exp(sidecar.val_loss))
    return replace(
        logged,
        file=file.name,
        file_step=sidecar.step,
        file_bytes=sidecar.bytes,
        saved_at=moment(sidecar.time),
    )


def lowest_logged(frame: Frame) -> Best | None:
    """Return the lowest validation loss in the log; of equals the first, best is strictly so."""
    evaluations = frame.points("val_loss")
    index = evaluations.values.lowest()
    if index is None:
        return None
    step, val_loss = int(evaluations.steps[index]), evaluations.values[index]
    return Best(
        step=step,
        val_loss=val_loss,
        val_ppl=_at(frame, "val_ppl", step) or _exp(val_loss),
        val_bpb=_at(frame, "val_bpb", step),
    )


def _at(frame: Frame, key: str, step: int) -> float | None:
    points = frame.points(key)
    index = int(np.searchsorted(points.steps, step))
    if index < len(points) and int(points.steps[index]) == step:
        value = points.values[index]
        return value if math.isfinite(value) else None
    return None


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
