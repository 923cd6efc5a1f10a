"""Curves of several runs over one axis: steps, tokens or training time. Pure arrays."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from tokmon.monitor.series import Column, Floats, Frame, Mask, Series

_NOTHING = np.empty(0, np.float64)


class Along(StrEnum):
    """What runs are aligned by."""

    STEP = "step"
    TOKENS = "tokens"
    TIME = "time"

    @property
    def following(self) -> "Along":
        """The axis that comes after this one."""
        every = list(Along)
        return every[(every.index(self) + 1) % len(every)]


class Measure(StrEnum):
    """What is compared; all are the better the lower they are."""

    TRAIN = "train_loss"
    """The debiased average over log lines: single lines are too noisy to say who is ahead."""
    VALIDATION = "val_loss"
    BPB = "val_bpb"

    @property
    def in_words(self) -> str:
        """As it stands in a sentence."""
        return _WORDS[self]


_WORDS = {
    Measure.TRAIN: "train loss (averaged)",
    Measure.VALIDATION: "validation loss",
    Measure.BPB: "validation bits per byte",
}


@dataclass(frozen=True, slots=True, eq=False)
class AlignedCurve:
    """A measure over an axis; finite throughout."""

    x: Floats = field(default_factory=lambda: _NOTHING)
    """Shape (N,), strictly ascending: steps, tokens or seconds."""
    y: Floats = field(default_factory=lambda: _NOTHING)
    """Shape (N,)."""

    def __len__(self) -> int:
        return len(self.x)


def curve(frame: Frame, measure: Measure, along: Along) -> AlignedCurve:
    """Return a run's curve; empty where the log lacks the measure or the axis."""
    is_train = measure is Measure.TRAIN
    series = (frame.smooth(measure) if is_train else frame.series(measure)).finite()
    if not len(series):
        return AlignedCurve()
    x = _places(frame, series, along)
    is_kept = np.isfinite(x)
    is_kept[is_kept] = _ascends(x[is_kept])
    return AlignedCurve(x[is_kept], series.values[is_kept])


def delta(of: AlignedCurve, reference: AlignedCurve) -> AlignedCurve:
    """Return how far a curve lies above another, at its own points within their common range.

    Between its points the reference is a straight line.
    """
    if not len(of) or not len(reference):
        return AlignedCurve()
    is_common = (of.x >= reference.x[0]) & (of.x <= reference.x[-1])
    x = of.x[is_common]
    return AlignedCurve(x, of.y[is_common] - np.interp(x, reference.x, reference.y))


def reached(of: AlignedCurve, level: float) -> float | None:
    """Return where a curve first is at `level` or below; None if it never is.

    Between two points it is a straight line: a run that is measured seldom would otherwise
    seem to be late.
    """
    found = np.flatnonzero(of.y <= level)
    if not len(found):
        return None
    index = int(found[0])
    if index == 0:
        return float(of.x[0])
    (x0, x1), (y0, y1) = of.x[index - 1 : index + 1], of.y[index - 1 : index + 1]
    return float(x0 + (x1 - x0) * (y0 - level) / (y0 - y1))


def thinned(of: AlignedCurve, points: int) -> AlignedCurve:
    """Return at most `points` points of a curve, its highest and lowest among them.

    For drawing: no spike is lost. Each stretch of equally many points gives two.
    """
    size = -(-2 * len(of) // points)
    if len(of) <= points or size < 2:
        return of
    whole = len(of) - len(of) % size
    stretches = of.y[:whole].reshape(-1, size)
    starts = np.arange(0, whole, size)
    ends = np.arange(whole, len(of))
    extremes = [starts + stretches.argmin(axis=1), starts + stretches.argmax(axis=1)]
    rest = [whole + int(pick(of.y[whole:])) for pick in (np.argmin, np.argmax)] if len(ends) else []
    kept = np.unique(np.concatenate([*extremes, np.array(rest, dtype=np.int64)]))
    return AlignedCurve(of.x[kept], of.y[kept])


def _places(frame: Frame, series: Series, along: Along) -> Floats:
    """Return where on the axis the points of a series lie, shape (N,); NaN where unknown."""
    if along is Along.STEP:
        return series.steps.astype(np.float64)
    column = _axis_column(frame, along)
    if column is None:
        return np.full(len(series), np.nan)
    return column.values[np.searchsorted(frame.steps, series.steps)]


def _axis_column(frame: Frame, along: Along) -> Column | None:
    if along is Along.TOKENS:
        return frame.columns.get("tokens")
    if "elapsed_s" in frame.columns:
        return frame.columns["elapsed_s"]
    clock = frame.columns.get("time")
    if clock is None:
        return None
    # Wall time since the first line: pauses count, as the log does not tell them apart.
    known = clock.values[np.isfinite(clock.values)]
    return Column(clock.values - known[0], clock.present) if len(known) else None


def _ascends(x: Floats) -> Mask:
    """Return which values are higher than all before them."""
    is_higher: Mask = np.ones(len(x), np.bool_)
    is_higher[1:] = x[1:] > np.maximum.accumulate(x)[:-1]
    return is_higher
