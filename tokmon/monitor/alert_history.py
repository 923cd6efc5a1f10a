"""Every alert that the files of a run tell of, from the first line on. Pure but for its memory.

What stands in the files decides alone: monitors that were opened at different times show the same
history. New lines and records are judged as they come; nothing that was judged is looked at again.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from tokmon.monitor.alerting.clock import Clock
from tokmon.monitor.alerting.evaluations import TooGood, ValidationRising
from tokmon.monitor.alerting.finite import NotFinite
from tokmon.monitor.alerting.idle import GpuIdle
from tokmon.monitor.alerting.levels import GradientNorm, LossSpike, Slowdown
from tokmon.monitor.alerting.machine import levels, times_of
from tokmon.monitor.alerting.plateau import NoProgress
from tokmon.monitor.alerting.span import AlertSpan, Lines
from tokmon.monitor.alerting.told import ToldAlerts
from tokmon.monitor.digest import WATCHED_KEYS
from tokmon.monitor.series import Column, Frame
from tokmon.rundir.records import Event, System

MAX_SPANS = 1000
"""Given out at most; the newest."""
_CHUNK_LINES = 16_384
"""Judged at a time: what a rule works on stays in the processor's cache."""
_READ_KEYS = frozenset(
    {
        *WATCHED_KEYS,
        "time",
        "val_bpb",
        "lr",
        "steps_per_sec",
        "tokens_per_sec",
    }
)
"""What the rules look at."""


class LineRule(Protocol):
    """A rule that reads the log line by line."""

    def read(self, lines: Lines) -> None:
        """Take in new lines."""

    def spans(self) -> list[AlertSpan]:
        """Return what was found, oldest first."""


class AlertHistory:
    """Takes in what is new in the files of one run and keeps the spans."""

    def __init__(self) -> None:
        self._lines = _LineAlerts()
        self._told = ToldAlerts()
        self._levels = levels()
        self._idle = GpuIdle()
        self._spans: tuple[AlertSpan, ...] = ()
        self._looked_at: Frame | None = None
        """The log at the last look; None where events or samples came since."""

    def add_events(self, events: Sequence[Event]) -> None:
        """Take in new events, in the order of their file."""
        if events:
            self._looked_at = None
            self._told.read(events)
            self._idle.read_events(events)

    def add_systems(self, systems: Sequence[System]) -> None:
        """Take in new samples of GPUs and host."""
        if systems:
            self._looked_at = None
            times = times_of(systems)
            self._idle.read_systems(systems, times)
            for level in self._levels:
                level.read(systems, times)

    def look(self, frame: Frame) -> tuple[AlertSpan, ...]:
        """Take in the log and return all spans, oldest first; equal spans are the same object."""
        if frame is self._looked_at:
            return self._spans
        self._looked_at = frame
        self._lines.look(frame)
        clock = Clock(frame)
        found = [
            *self._lines.spans(),
            *self._told.spans(),
            *(clock.placed(span) for span in self._machine_spans(clock)),
        ]
        spans = tuple(sorted(found, key=_age)[-MAX_SPANS:])
        if spans != self._spans:
            self._spans = spans
        return self._spans

    def _machine_spans(self, clock: Clock) -> list[AlertSpan]:
        by_level = [span for level in self._levels for span in level.spans()]
        return [*by_level, *self._idle.spans(clock)]


class _LineAlerts:
    """The rules over the log, and how far they have read."""

    def __init__(self) -> None:
        self._rules = _line_rules()
        self._read = Frame()

    def look(self, frame: Frame) -> None:
        """Judge the lines that are new; all of them where the log went back."""
        if not _goes_on(self._read, frame):
            self._rules, self._read = _line_rules(), Frame()
        for start in range(len(self._read), len(frame), _CHUNK_LINES):
            lines = _unpacked(frame, slice(start, min(start + _CHUNK_LINES, len(frame))))
            for rule in self._rules:
                rule.read(lines)
        self._read = frame

    def spans(self) -> list[AlertSpan]:
        return [span for rule in self._rules for span in rule.spans()]


def _line_rules() -> list[LineRule]:
    others: list[LineRule] = [LossSpike(), GradientNorm(), Slowdown(), ValidationRising()]
    return [*others, TooGood(), NoProgress(), *(NotFinite(key) for key in WATCHED_KEYS)]


def _goes_on(before: Frame, after: Frame) -> bool:
    """Say whether `after` begins with the lines of `before`."""
    count = len(before)
    if count > len(after):
        return False
    return count == before.lineage.shared(after.lineage, count)


def _unpacked(frame: Frame, of: slice) -> Lines:
    """Return some lines with what the rules read; each column is unpacked once for all rules."""
    columns = {
        key: Column(column.values[of], column.present[of])
        for key, column in frame.columns.items()
        if key in _READ_KEYS
    }
    steps = frame.steps[of]
    return Lines(Frame(steps, columns), 0, len(steps))


def _age(span: AlertSpan) -> tuple[float, int]:
    begun_at = np.inf if span.begun_at is None else span.begun_at
    return begun_at, span.first_step or 0
