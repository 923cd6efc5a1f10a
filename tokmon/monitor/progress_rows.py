"""The log lines that a report's progress table shows, with what it shows of each. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.milestones import milestones
from tokmon.monitor.series import Floats, Frame, Ints

CAPACITY = 14
"""Rows that are read at a glance; the best evaluation's line comes on top."""
_NEAR = 0.25
"""Of the step: a row by orders of magnitude may as well stand there."""
ROW_KEYS = (
    "train_loss",
    "train_ppl",
    "lr",
    "steps_per_sec",
    "tokens_per_sec",
    "val_loss",
    "val_ppl",
    "val_bpb",
)
"""What of a line is shown, where the log has it."""


@dataclass(frozen=True, slots=True)
class ProgressRow:
    """One log line."""

    step: int
    values: Mapping[str, float]
    """By key of ROW_KEYS; only what is there and finite."""
    is_best: bool
    """Whether the validation loss is lowest here."""


def progress_rows(
    frame: Frame, best_step: int | None = None, capacity: int = CAPACITY
) -> tuple[ProgressRow, ...]:
    """Return the earliest lines, some by orders of magnitude, the latest, and the best.

    Of the lines in between, those with an evaluation are taken where one is near.
    """
    indexes = {*_evaluated(frame, milestones(frame.steps, capacity))}
    best = None if best_step is None else _index_of(frame, best_step)
    if best is not None:
        indexes.add(best)
    return tuple(_row(frame, index, index == best) for index in sorted(indexes))


def at_steps(frame: Frame, key: str, steps: tuple[int, ...]) -> Floats:
    """Return a metric at some steps, shape (M,); NaN where the log does not reach.

    Between two points it is a straight line: logs of other intervals are compared by it.
    """
    series = frame.series(key).finite()
    if not len(series):
        return np.full(len(steps), np.nan)
    known = series.steps.astype(np.float64)
    values: Floats = np.interp(steps, known, series.values, left=np.nan, right=np.nan)
    return values


def _evaluated(frame: Frame, indexes: list[int]) -> list[int]:
    """Move each index in the middle third to the nearest evaluation, if it is near in scale."""
    evaluations = frame.points("val_loss").steps
    third = len(indexes) // 3
    if not len(evaluations) or third == 0 or len(indexes) == len(frame):
        return indexes
    moved = [_near(frame, index, evaluations) for index in indexes[third : len(indexes) - third]]
    return [*indexes[:third], *moved, *indexes[len(indexes) - third :]]


def _near(frame: Frame, index: int, evaluations: Ints) -> int:
    step = int(frame.steps[index])
    place = min(int(np.searchsorted(evaluations, step)), len(evaluations) - 1)
    around = evaluations[max(0, place - 1) : place + 1]
    nearest = int(around[np.abs(around - step).argmin()])
    is_near = abs(nearest - step) <= _NEAR * step
    return int(np.searchsorted(frame.steps, nearest)) if is_near else index


def _index_of(frame: Frame, step: int) -> int | None:
    index = int(np.searchsorted(frame.steps, step))
    return index if index < len(frame) and int(frame.steps[index]) == step else None


def _row(frame: Frame, index: int, is_best: bool) -> ProgressRow:
    found = {key: frame.columns[key].values[index] for key in ROW_KEYS if key in frame.columns}
    values = {key: float(value) for key, value in found.items() if np.isfinite(value)}
    return ProgressRow(int(frame.steps[index]), values, is_best)
