"""Which step was taken when, by the times on the log lines. Pure."""

from bisect import bisect_right
from dataclasses import replace

import numpy as np

from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.series import Frame


class Clock:
    """The lines that name a time. Looks at a few of them: a million need not be unpacked."""

    def __init__(self, frame: Frame) -> None:
        self._points = frame.points("time")

    def first_after(self, time: float) -> float | None:
        """Return when the first line after `time` was written; None if none was."""
        place = self._count_until(time)
        if place == len(self._points):
            return None
        found = self._points.values[place]
        return found if np.isfinite(found) else None

    def placed(self, span: AlertSpan) -> AlertSpan:
        """Give a span that has only times the steps that were taken then."""
        if span.begun_at is None or not len(self._points):
            return span
        until = np.inf if span.ended_at is None else span.ended_at
        first, last = (self._count_until(time) - 1 for time in (span.begun_at, until))
        if first < 0:
            return span
        steps = self._points.steps
        return replace(span, first_step=int(steps[first]), last_step=int(steps[max(first, last)]))

    def _count_until(self, time: float) -> int:
        # What is no time sorts behind all times, as numpy has it.
        return bisect_right(self._points.values, time, key=_or_infinite)


def _or_infinite(time: float) -> float:
    return np.inf if np.isnan(time) else time
