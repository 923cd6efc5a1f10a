"""Rules over the events: what the trainer itself says is wrong. Pure."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.alerting.tracker import MAX_SPANS
from tokmon.monitor.state import Severity
from tokmon.monitor.visible import visible
from tokmon.rundir.records import Event, moment

_JOINED_S = 60.0
"""Equal events that are less than this apart are one alert."""
_MAX_MESSAGE = 160
_RESTARTS = frozenset({"start", "resume"})


@dataclass(frozen=True)
class _Lasting:
    """An event that holds until another comes."""

    severity: Callable[[Event], Severity]
    ends: frozenset[str]


@dataclass(frozen=True)
class _Momentary:
    """An event that is over as it is told."""

    severity: Severity
    is_wrong: Callable[[Event], bool] = lambda _: True


def _collapse_severity(event: Event) -> Severity:
    # Young models repeat themselves.
    return Severity.INFO if event.extra.get("early") is True else Severity.WARNING


_LASTING = {
    # The trainer's watch begins anew with every attempt, and tells again what lasts.
    "collapse": _Lasting(_collapse_severity, frozenset({"collapse_over"}) | _RESTARTS),
    "crash": _Lasting(lambda _: Severity.ERROR, _RESTARTS),
    "disk_full": _Lasting(lambda _: Severity.ERROR, frozenset({"disk_room"}) | _RESTARTS),
}
_MOMENTARY = {
    "not_finite": _Momentary(Severity.ERROR),
    "spike": _Momentary(Severity.INFO),
    "rollback": _Momentary(Severity.WARNING),
    "samples_failed": _Momentary(Severity.WARNING),
    "gate": _Momentary(Severity.ERROR, lambda event: event.extra.get("passed") is False),
}
RULE_NAMES = {"not_finite": "skipped_not_finite", "spike": "skipped_spike"}
"""Where a rule over the log has the event's name: these steps did not reach the weights."""


class ToldAlerts:
    """Follows the events in their order."""

    def __init__(self) -> None:
        self._closed: deque[AlertSpan] = deque(maxlen=MAX_SPANS)
        self._open: dict[str, AlertSpan] = {}
        self._newest: dict[str, tuple[AlertSpan, int]] = {}

    def read(self, events: Sequence[Event]) -> None:
        """Take in new events."""
        for event in events:
            self._end(event)
            if lasting := _LASTING.get(event.event):
                self._open_or_keep(event, lasting.severity(event))
            momentary = _MOMENTARY.get(event.event)
            if momentary and momentary.is_wrong(event):
                self._note(event, momentary.severity)

    def spans(self) -> list[AlertSpan]:
        """Return what was found; those that are open and those last noted at the end."""
        return [*self._closed, *self._open.values(), *(span for span, _ in self._newest.values())]

    def _end(self, event: Event) -> None:
        for kind in [kind for kind in self._open if event.event in _LASTING[kind].ends]:
            self._close(kind, event)

    def _close(self, kind: str, event: Event) -> None:
        span = self._open.pop(kind)
        last_step = span.first_step if event.step is None else event.step
        ended_at = moment(event.time)
        self._closed.append(replace(span, is_open=False, last_step=last_step, ended_at=ended_at))

    def _open_or_keep(self, event: Event, severity: Severity) -> None:
        if event.event in self._open:
            if self._open[event.event].severity == severity:
                return
            self._close(event.event, event)
        self._open[event.event] = _span(event, severity, _first_clause(event), is_open=True)

    def _note(self, event: Event, severity: Severity) -> None:
        found = _span(event, severity, "", is_open=False)
        before, count = self._newest.get(event.event, (None, 0))
        if before is not None and _is_near(before, found):
            found = replace(
                before,
                last_step=max(before.last_step or 0, found.last_step or 0),
                ended_at=found.ended_at,
            )
        elif before is not None:
            self._closed.append(before)
            count = 0
        count += _step_count(event)
        found = replace(found, message=_counted(event, count))
        self._newest[event.event] = found, count


def _span(event: Event, severity: Severity, message: str, *, is_open: bool) -> AlertSpan:
    time = moment(event.time)
    return AlertSpan(
        rule=RULE_NAMES.get(event.event, event.event),
        severity=severity,
        message=message,
        first_step=event.step,
        last_step=event.step,
        begun_at=time,
        ended_at=None if is_open else time,
        is_open=is_open,
    )


def _is_near(before: AlertSpan, after: AlertSpan) -> bool:
    if before.ended_at is None or after.begun_at is None:
        return False
    return 0 <= after.begun_at - before.ended_at <= _JOINED_S


def _step_count(event: Event) -> int:
    steps = event.extra.get("steps")
    return len(steps) if isinstance(steps, list) and steps else 1


def _counted(event: Event, count: int) -> str:
    steps = "1 step" if count == 1 else f"{count:,} steps"
    if event.event == "not_finite":
        return f"{steps} not finite, left out by the trainer"
    if event.event == "spike":
        return f"{steps} far above the last, left out by the trainer"
    return _first_clause(event)


def _first_clause(event: Event) -> str:
    """Return what the event says up to its first semicolon, or its kind where it says nothing."""
    text = visible(event.message.partition(";")[0].strip() or event.event)
    if event.event == "crash":
        text = f"the trainer crashed: {text}"
    return text if len(text) <= _MAX_MESSAGE else f"{text[: _MAX_MESSAGE - 3]}..."
