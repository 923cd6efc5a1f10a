"""Where a run's time goes, as its log lines tell it. Pure; must not guess what no line says.

A value that cannot be a share is as good as absent: another trainer may mean percent by `mfu`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tokmon.monitor.series import Floats, Frame
from tokmon.rundir.records import END_OF_TIME_S

SHARE_KEYS = (
    "head_share",
    "trunk_share",
    "optimizer_share",
    "input_share",
    "eval_share",
    "save_share",
    "gap_share",
)
"""What the time between two lines is divided into."""
OPTIONAL_KEYS = frozenset({*SHARE_KEYS, "mfu", "floor_share"})
"""Keys that spoil no line: other trainers had their own use for them before this one."""

MIN_LINES = 10
"""Averaged over at least: one line's interval can be a second, whose shares jump."""
_REACH_LINES = 2000
"""Where evaluations are looked for: a log of every step has hundreds of lines between them."""
_STALE_LINES = 100
"""After as many lines without a share, what was told before is told no more."""
_MAX_SUM = 1.01
"""Shares are rounded when they are written."""

_EVAL = SHARE_KEYS.index("eval_share")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeSpent:
    """Recent wall clock by what it went into, and how well the device was used."""

    shares: Mapping[str, float] = field(default_factory=dict)
    """By key, in the order of SHARE_KEYS, only those that are known; 0 to 1, together at most 1."""
    mfu: float | None = None
    """Model FLOPs utilisation on the newest line that has it, 0 to 1."""
    floor_share: float | None = None
    """The time that a step has to take, of the time it takes, on the newest line that has it."""


def time_spent(frame: Frame) -> TimeSpent:
    """Return where the time went lately, by the newest lines that tell it.

    The shares are means over the fewest whole periods from one evaluation to the next that make
    up ten lines or more, each line weighted by the seconds since the line before. An evaluation
    stands on every fifth line or so: over any other number of lines its share would rise and fall
    as it enters and leaves the window, while the run does the same all along.
    """
    mfu, floor_share = _newest_of_one_line(frame, "mfu", "floor_share")
    return TimeSpent(shares=_shares(frame), mfu=mfu, floor_share=floor_share)


def _shares(frame: Frame) -> dict[str, float]:
    if frame.columns.keys().isdisjoint(SHARE_KEYS):
        return {}
    table = np.array([_recent(frame, key, _REACH_LINES) for key in SHARE_KEYS])
    sums = np.nansum(table, axis=0)
    told = np.flatnonzero((sums > 0) & (sums <= _MAX_SUM))
    if not len(told) or told[-1] < table.shape[1] - _STALE_LINES:
        return {}
    window = told[-_window_lines(table[_EVAL, told]) :]
    weights = _weights(frame)[window]
    table = table[:, window]
    # A share that a line does not give is nothing there: the others of the line add up to 1.
    means = np.nan_to_num(table) @ (weights / weights.sum())
    means /= max(1.0, float(means.sum()))
    is_known = np.isfinite(table).any(axis=1)
    return {key: float(means[row]) for row, key in enumerate(SHARE_KEYS) if is_known[row]}


def _newest_of_one_line(frame: Frame, *keys: str) -> list[float | None]:
    """Return the keys' values on the newest line that has one; two lines might not agree."""
    table = np.array([_recent(frame, key, _STALE_LINES) for key in keys])
    told = np.flatnonzero(np.isfinite(table).any(axis=0))
    if not len(told):
        return [None] * len(keys)
    return [float(value) if np.isfinite(value) else None for value in table[:, told[-1]]]


def _recent(frame: Frame, key: str, lines: int) -> Floats:
    """Return a key's values on the last lines, shape (N,); NaN where it is no share."""
    count = min(lines, len(frame))
    column = frame.columns.get(key)
    if column is None:
        return np.full(count, np.nan)
    values = column.values[len(frame) - count :]
    return np.where((values >= 0) & (values <= 1), values, np.nan)


def _window_lines(evaluations: Floats) -> int:
    """Return how many of the newest lines to average, by the share of evaluation on each."""
    periods = np.diff(np.flatnonzero(evaluations > 0))
    period = int(np.median(periods)) if len(periods) else 1
    return period * -(-MIN_LINES // period)


def _weights(frame: Frame) -> Floats:
    """Return the seconds before each of the last lines, shape (N,); the usual where unknown."""
    count = min(_REACH_LINES, len(frame))
    for key in ("elapsed_s", "time"):
        column = frame.columns.get(key)
        if column is None:
            continue
        seconds = np.diff(_times(column.values[-count - 1 :]))
        # The first line of a log has none before it.
        seconds = np.concatenate([np.full(count - len(seconds), np.nan), seconds])
        is_usable = np.isfinite(seconds) & (seconds > 0)
        if is_usable.any():
            return np.where(is_usable, seconds, np.median(seconds[is_usable]))
    return np.ones(count)


def _times(values: Floats) -> Floats:
    """Return what can be a time, else NaN: differences of larger numbers overflow."""
    return np.where(np.abs(values) < END_OF_TIME_S, values, np.nan)
