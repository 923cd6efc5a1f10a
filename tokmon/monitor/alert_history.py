"""Every alert that the files of a run tell of, from the first line on. Pure but for its memory.

What stands in the files decides alone: monitors that were opened at different times show the same
history. New lines and records are judged as they come; nothing that was judged is looked at again.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from tokmon.monitor.alerting.evaluations import TooGood, ValidationRising
from tokmon.monitor.alerting.finite import NotFinite
from tokmon.monitor.alerting.idle import GpuIdle
from tokmon.monitor.alerting.levels import GradientNorm, LossSpike, Slowdown
from tokmon.monitor.alerting.machine import levels, times_of
from tokmon.monitor.alerting.plateau import NoProgress
from tokmon.monitor.alerting.span import AlertSpan, Lines
from tokmon.monitor.alerting.told import ToldAlerts
from tokmon.monitor.digest import WATCHED_KEYS
from tokmon.monitor.series import Floats, Frame
from tokmon.rundir.records import Event, System

MAX_SPANS = 1000
"""Given out at most; the newest."""
_CHUNK_LINES = 16_384
"""Judged at a time: what a rule works on stays in the processor's cache."""
_JUDGED_KEYS = ("train_loss", "time", "val_loss", "grad_norm")
"""That two frames begin with the same lines is told by these."""


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

    def add_events(self, events: Sequence[Event]) -> None:
        """Take in new events, in the order of their file."""
        self._told.read(events)
        self._idle.read_events(events)

    def add_systems(self, systems: Sequence[System]) -> None:
        """Take in new samples of GPUs and host."""
        if systems:
            times = times_of(systems)
            self._idle.read_systems(systems, times)
            for level in self._levels:
                level.read(systems, times)

    def look(self, frame: Frame) -> tuple[AlertSpan, ...]:
        """Take in the log and return all spans, oldest first; equal spans are the same object."""
        self._lines.look(frame)
        line_times = _times(frame)
        found = [
            *self._lines.spans(),
            *self._told.spans(),
            *(_placed(span, frame, line_times) for span in self._machine_spans(line_times)),
        ]
        spans = tuple(sorted(found, key=_age)[-MAX_SPANS:])
        if spans != self._spans:
            self._spans = spans
        return self._spans

    def _machine_spans(self, line_times: Floats) -> list[AlertSpan]:
        by_level = [span for level in self._levels for span in level.spans()]
        return [*by_level, *self._idle.spans(line_times)]


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
            lines = Lines(frame, start, min(start + _CHUNK_LINES, len(frame)))
            for rule in self._rules:
                rule.read(lines)
        self._read = frame

    def spans(self) -> list[AlertSpan]:
        return [span for rule in self._rules for span in rule.spans()]


def _line_rules() -> list[LineRule]:
    others: list[LineRule] = [LossSpike(), GradientNorm(), Slowdown(), ValidationRising()]
    return [*others, TooGood(), NoProgress(), *(NotFinite(key) for key in WATCHED_KEYS)]


def _goes_on(before: Frame, after: Frame) -> bool:
    """Say whether `after` begins with the lines of `before`.

    A log that went back goes on in another array (Buffer.detach); one that outgrew its array does
    too, and only then the lines are compared.
    """
    count = len(before)
    if count > len(after):
        return False
    if count == 0 or before.steps.base is after.steps.base is not None:
        return True
    if not np.array_equal(before.steps, after.steps[:count]):
        return False
    return all(
        np.array_equal(_values(before, key, count), _values(after, key, count), equal_nan=True)
        for key in _JUDGED_KEYS
    )


def _values(frame: Frame, key: str, count: int) -> Floats:
    column = frame.columns.get(key)
    return np.full(count, np.nan) if column is None else column.values[:count]


def _times(frame: Frame) -> Floats:
    column = frame.columns.get("time")
    return np.empty(0) if column is None else column.values


def _placed(span: AlertSpan, frame: Frame, line_times: Floats) -> AlertSpan:
    """Give a span that has only times the steps that were taken then."""
    if span.begun_at is None or not len(line_times):
        return span
    until = np.inf if span.ended_at is None else span.ended_at
    first, last = np.searchsorted(line_times, [span.begun_at, until], "right") - 1
    if first < 0:
        return span
    return replace(
        span, first_step=int(frame.steps[first]), last_step=int(frame.steps[max(first, last)])
    )


def _age(span: AlertSpan) -> tuple[float, int]:
    begun_at = np.inf if span.begun_at is None else span.begun_at
    return begun_at, span.first_step or 0
