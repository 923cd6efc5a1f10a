"""An alert with a beginning and an end, and points in time. Must not hold rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from tokmon.monitor.series import Floats, Frame, Ints, Mask

if TYPE_CHECKING:
    from tokmon.monitor.state import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertSpan:
    """Something that was wrong from one moment to another, or still is."""

    rule: str
    """Which rule says so."""
    severity: Severity
    """How much it matters."""
    message: str
    """Short; control characters are visible."""
    first_step: int | None = None
    """Where it began; None where the files do not tell."""
    last_step: int | None = None
    """The last step that it is true of, so far."""
    begun_at: float | None = None
    """When, seconds since 1970; None where the files name no time."""
    ended_at: float | None = None
    """When it was over; None while it is not, or where the files name no time."""
    is_open: bool = False
    """Whether it is true of the newest that the files say."""

    @property
    def key(self) -> tuple[str, Severity, float | int | None]:
        """What names it at every look: its beginning does not move."""
        begun = self.first_step if self.begun_at is None else self.begun_at
        return self.rule, self.severity, begun


@dataclass(frozen=True, slots=True)
class Points:
    """Consecutive values that a rule judges, with what is usual there."""

    steps: Ints
    """Shape (N,)."""
    times: Floats
    """Shape (N,), seconds since 1970; NaN where unknown."""
    values: Floats
    """Shape (N,), in the metric's own unit."""
    usual: Floats
    """Shape (N,), what the values are held against; NaN where there is nothing yet."""

    def __len__(self) -> int:
        return len(self.steps)

    def last(self, count: int) -> Points:
        """Return the last `count`, copied: a view would keep all of them."""
        of = slice(max(0, len(self) - count), None)
        return Points(
            self.steps[of].copy(),
            self.times[of].copy(),
            self.values[of].copy(),
            self.usual[of].copy(),
        )

    def joined(self, after: Points) -> Points:
        """Return these and those after them."""
        if not len(self):
            return after
        return Points(
            np.concatenate([self.steps, after.steps]),
            np.concatenate([self.times, after.times]),
            np.concatenate([self.values, after.values]),
            np.concatenate([self.usual, after.usual]),
        )


NO_POINTS = Points(np.empty(0, np.int64), np.empty(0), np.empty(0), np.empty(0))


Rows: TypeAlias = slice | Ints
"""Some lines of a frame: a slice, which copies nothing, where they are consecutive."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The log lines from `start` to `end`, which a rule has not seen yet."""

    frame: Frame
    start: int
    end: int

    def rows(self, key: str) -> Rows:
        """Return the lines on which a metric stands."""
        column = self.frame.columns.get(key)
        return self._where(None if column is None else column.present[self.start : self.end])

    def finite_rows(self, key: str) -> Rows:
        """Return the lines on which a metric has a value; a column is NaN where it is absent."""
        column = self.frame.columns.get(key)
        if column is None:
            return self._where(None)
        return self._where(np.isfinite(column.values[self.start : self.end]))

    def values(self, key: str, rows: Rows) -> Floats:
        """Return a metric on some lines; NaN where it does not stand."""
        column = self.frame.columns.get(key)
        if column is None:
            return np.full(len(self.frame.steps[rows]), np.nan)
        return column.values[rows]

    def points(self, rows: Rows, values: Floats, usual: Floats | None = None) -> Points:
        """Return values on some lines as points."""
        against = np.full(len(values), np.nan) if usual is None else usual
        return Points(self.frame.steps[rows], self.values("time", rows), values, against)

    def _where(self, mask: Mask | None) -> Rows:
        if mask is None:
            return slice(self.start, self.start)
        if mask.all():
            return slice(self.start, self.end)
        return np.flatnonzero(mask) + self.start
