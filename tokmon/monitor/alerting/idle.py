"""The rule about a GPU that does nothing while the run trains. Pure.

Whether it trains at a moment is told by two files that are read one after the other: log lines and
events. So all samples are judged anew when one of the three has changed, in one numpy pass: a week
of samples takes 3 ms.
"""

from collections.abc import Sequence

import numpy as np

from tokmon.monitor.alerting.clock import Clock
from tokmon.monitor.alerting.machine import busiest_pct
from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.alerting.tracker import MAX_SPANS
from tokmon.monitor.buffer import Buffer
from tokmon.monitor.series import Floats, Mask
from tokmon.monitor.state import Severity
from tokmon.rundir.records import Event, System, moment

IDLE_PCT = 10.0
BUSY_PCT = 20.0
IDLE_S = 60.0
MAX_GAP_S = 60.0
"""Samples farther apart tell nothing of the time between them."""

_CHANGES = {"start": True, "resume": True, "finish": False, "stop": False, "crash": False}
"""Whether training goes on after an event, from the next log line."""


class GpuIdle:
    """The busiest GPU stays below 10 % for a minute while the run trains; ends above 20 %.

    A run trains from the first log line after a start or a resume to its end or a pause.
    """

    def __init__(self) -> None:
        self._times: Buffer[np.float64] = Buffer(np.float64, np.nan)
        self._pcts: Buffer[np.float64] = Buffer(np.float64, np.nan)
        self._count = 0
        self._changes: list[tuple[float, bool]] = []
        self._spans: list[AlertSpan] = []
        self._judged: tuple[object, ...] = ()

    def read_systems(self, systems: Sequence[System], times: Floats) -> None:
        """Take in new samples, and when they were taken (shape (N,))."""
        pcts = np.array([busiest_pct(system) for system in systems], np.float64)
        is_known = np.isfinite(pcts) & np.isfinite(times)
        pcts, times = pcts[is_known], times[is_known]
        for buffer, values in ((self._times, times), (self._pcts, pcts)):
            buffer.reserve(self._count + len(values))
            buffer.put(self._count, values)
        self._count += len(pcts)

    def read_events(self, events: Sequence[Event]) -> None:
        """Take in new events."""
        for event in events:
            time, change = moment(event.time), _change(event)
            if time is not None and change is not None:
                self._changes.append((time, change))

    def spans(self, clock: Clock) -> list[AlertSpan]:
        """Return what was found by now; `clock` is that of the log lines."""
        begins = self._begins(clock)
        judged = (self._count, tuple(begins))
        if judged != self._judged:
            self._judged, self._spans = judged, self._found(begins)
        return self._spans

    def _begins(self, clock: Clock) -> list[tuple[float, bool]]:
        """Return the moments at which training begins and ceases."""
        turns: list[tuple[float, bool]] = []
        for time, is_begin in self._changes or [(-np.inf, True)]:
            turns.append((time, False))
            if is_begin and (begun := clock.first_after(time)) is not None:
                turns.append((begun, True))
        return sorted(turns)

    def _found(self, turns: list[tuple[float, bool]]) -> list[AlertSpan]:
        times, pcts = self._times.view(self._count), self._pcts.view(self._count)
        if not len(times):
            return []
        is_training = _states_at(times, turns)
        is_after_gap = np.diff(times, prepend=times[0]) > MAX_GAP_S
        is_idle = is_training & (pcts < IDLE_PCT)
        is_over = ~is_training | (pcts >= BUSY_PCT)
        return _idle_spans(times, is_idle, is_over, is_after_gap)


def _change(event: Event) -> bool | None:
    """Return whether training goes on after an event; None where it changes nothing."""
    if event.event != "control" or event.extra.get("outcome") == "refused":
        return _CHANGES.get(event.event)
    return {"pause": False, "resume": True}.get(str(event.extra.get("action")))


def _states_at(times: Floats, turns: list[tuple[float, bool]]) -> Mask:
    states = np.array([False, *(is_begin for _, is_begin in turns)])
    return states[np.searchsorted([time for time, _ in turns], times, "right")]


def _idle_spans(times: Floats, is_idle: Mask, is_over: Mask, is_after_gap: Mask) -> list[AlertSpan]:
    """Return the groups of idle samples with no break between them that last long enough."""
    is_break = is_over | is_after_gap
    idle, breaks = np.flatnonzero(is_idle), np.flatnonzero(is_break)
    if not len(idle):
        return []
    is_first = np.diff(np.cumsum(is_break)[idle], prepend=-1) > 0
    firsts = idle[is_first]
    lasts = idle[np.append(np.flatnonzero(is_first)[1:] - 1, len(idle) - 1)]
    is_long = times[lasts] - times[firsts] >= IDLE_S
    spans = []
    for first, last in zip(firsts[is_long].tolist(), lasts[is_long].tolist(), strict=True):
        after = int(np.searchsorted(breaks, last, "right"))
        ended_at = float(times[breaks[after]]) if after < len(breaks) else None
        spans.append(_span(float(times[first]), ended_at))
    return spans[-MAX_SPANS:]


def _span(begun_at: float, ended_at: float | None) -> AlertSpan:
    return AlertSpan(
        rule="gpu_idle",
        severity=Severity.WARNING,
        message="the GPU was idle while the run was training",
        begun_at=begun_at,
        ended_at=ended_at,
        is_open=ended_at is None,
    )
