"""Turns verdicts on points into spans that do not flicker. Must not know what a point is.

A span begins after so many bad points in a row and ends after so many good ones; points that are
neither leave it as it is (a Schmitt trigger). However the points are cut into batches, the spans
are the same.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.alerting.span import NO_POINTS, AlertSpan, Points
from tokmon.monitor.series import Floats, Ints, Mask
from tokmon.monitor.state import Severity

MAX_SPANS = 500
"""Of one rule; older ones are forgotten."""

Say = Callable[[float, float], str]
"""Makes a message of the worst value and of what was usual where it began."""


@dataclass
class _Open:
    """A span that has no end yet."""

    first_step: int
    begun_at: float
    usual: float
    worst: float


class Tracker:
    """Collects the spans of one rule.

    Args:
        rule: its name.
        severity: how much it matters.
        say: what it says.
        begin_after: bad points in a row.
        end_after: good points in a row.
        back: how many points before the one that settled it the trouble began; None: with the
            first of the bad ones in a row.
        worst: picks the value that is told.
        is_stepped: whether the points have steps.
    """

    def __init__(
        self,
        rule: str,
        severity: Severity,
        say: Say,
        *,
        begin_after: int = 1,
        end_after: int = 1,
        back: int | None = None,
        worst: Callable[[Floats], float] = np.max,
        is_stepped: bool = True,
    ) -> None:
        self._rule = rule
        self._severity = severity
        self._say = say
        self._begin_after, self._end_after = begin_after, end_after
        self._back = begin_after - 1 if back is None else back
        self._worst = worst
        self._is_stepped = is_stepped
        self._bad_streak, self._good_streak = Streak(), Streak()
        self._tail: Points = NO_POINTS
        self._open: _Open | None = None
        self._last: tuple[int, float] = (0, np.nan)
        self._closed: deque[AlertSpan] = deque(maxlen=MAX_SPANS)

    def extend(self, points: Points, is_bad: Mask, is_good: Mask) -> None:
        """Take in points with their verdicts, shape (N,) each."""
        if not len(points):
            return
        if self._open is not None or is_bad.any():
            self._follow(points, is_bad, is_good)
        else:
            # Nothing begins and nothing ends, and a bad point to come breaks any good streak.
            self._bad_streak, self._good_streak = Streak(), Streak()
        self._last = int(points.steps[-1]), float(points.times[-1])
        kept = max(self._back, self._end_after)
        self._tail = self._tail.last(kept).joined(points.last(kept)).last(kept)

    def spans(self) -> list[AlertSpan]:
        """Return the newest MAX_SPANS, oldest first."""
        if self._open is None:
            return list(self._closed)
        return [*self._closed, self._span(self._open, self._last[0], None)]

    def _follow(self, points: Points, is_bad: Mask, is_good: Mask) -> None:
        begins = self._bad_streak.extend(is_bad) >= self._begin_after
        ends = self._good_streak.extend(is_good) >= self._end_after
        known, offset = self._tail.joined(points), len(self._tail)
        seen = offset
        for place, is_begin in self._turns(begins, ends):
            index = place + offset
            if is_begin:
                seen = max(0, index - self._back)
                self._begin(known, seen)
            else:
                self._worsen(known.values[seen : index - self._end_after + 1])
                self._end(known, index - self._end_after)
        self._worsen(known.values[seen:])

    def _turns(self, begins: Mask, ends: Mask) -> Iterator[tuple[int, bool]]:
        """Yield the places where trouble begins and where it ends, in turn."""
        settled = np.flatnonzero(begins | ends)
        is_trouble = begins[settled]
        before = np.concatenate([[self._open is not None], is_trouble[:-1]])
        turns = np.flatnonzero(is_trouble != before)
        return zip(settled[turns].tolist(), is_trouble[turns].tolist(), strict=True)

    def _begin(self, known: Points, index: int) -> None:
        values = (known.times[index], known.usual[index], known.values[index])
        self._open = _Open(int(known.steps[index]), *map(float, values))

    def _worsen(self, values: Floats) -> None:
        if self._open is not None and len(values):
            both = np.array([self._open.worst, self._worst(values)])
            self._open.worst = float(self._worst(both))

    def _end(self, known: Points, last: int) -> None:
        if self._open is not None:
            ended_at = float(known.times[last + 1])
            step = max(self._open.first_step, int(known.steps[max(0, last)]))
            self._closed.append(self._span(self._open, step, ended_at))
            self._open = None

    def _span(self, of: _Open, last_step: int, ended_at: float | None) -> AlertSpan:
        return AlertSpan(
            rule=self._rule,
            severity=self._severity,
            message=self._say(of.worst, of.usual),
            first_step=of.first_step if self._is_stepped else None,
            last_step=last_step if self._is_stepped else None,
            begun_at=_known(of.begun_at),
            ended_at=None if ended_at is None else _known(ended_at),
            is_open=ended_at is None,
        )


class Streak:
    """Counts how often in a row something was so, over batches."""

    def __init__(self) -> None:
        self._length = 0

    def extend(self, mask: Mask) -> Ints:
        """Return for each point how many in a row it is the last of, shape (N,); 0 where not so."""
        places = np.arange(len(mask))
        last_not = np.maximum.accumulate(np.where(mask, -1 - self._length, places))
        counts = places - last_not
        if len(counts):
            self._length = int(counts[-1])
        return counts


def _known(time: float) -> float | None:
    return time if np.isfinite(time) else None
