"""What of a state is news that should ring: new alerts and changes of state. Must not ring.

What stood in the files when the monitor was opened is not news; an alert rings once, also when a
resume lets it disappear and come again.
"""

from dataclasses import dataclass

from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.notify_settings import NotifySettings
from tokmon.monitor.state import Phase, RunState, Severity
from tokmon.monitor.visible import visible

_ORDER = (Severity.INFO, Severity.WARNING, Severity.ERROR)
_NAMED_ALERTS = 3
_PHASE_SEVERITIES = {
    Phase.CRASHED: Severity.ERROR,
    Phase.KILLED: Severity.ERROR,
    Phase.STALLED: Severity.WARNING,
    Phase.STOPPED: Severity.WARNING,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something to ring for; control characters in it are visible."""

    experiment: str
    """The run's name."""
    run: str
    """Its directory."""
    severity: Severity
    """Of the gravest of its news."""
    phase: Phase
    """What the run is doing now."""
    step: int | None
    """Steps taken."""
    messages: tuple[str, ...]
    """One sentence each."""

    @property
    def title(self) -> str:
        """The run and how grave it is."""
        return f"tokmon: {self.experiment} ({self.severity})"

    @property
    def message(self) -> str:
        """The sentences in one line."""
        named = "; ".join(self.messages[:_NAMED_ALERTS])
        more = len(self.messages) - _NAMED_ALERTS
        return f"{named}; and {more:,} more" if more > 0 else named

    def joined(self, after: "Notice") -> "Notice":
        """Return this and a later one as one."""
        return Notice(
            experiment=after.experiment,
            run=after.run,
            severity=max(self.severity, after.severity, key=_ORDER.index),
            phase=after.phase,
            step=after.step,
            messages=(*self.messages, *after.messages),
        )


class Notices:
    """Compares each state with the one before.

    Args:
        settings: which news count.
    """

    def __init__(self, settings: NotifySettings) -> None:
        self._settings = settings
        self._phase: Phase | None = None
        self._known: set[object] = set()

    def look(self, state: RunState, spans: tuple[AlertSpan, ...]) -> Notice | None:
        """Return what is new in a state with its alert history; None where nothing is."""
        if state.is_loading:
            return None
        new = [span for span in spans if span.key not in self._known]
        self._known.update(span.key for span in new)
        before, self._phase = self._phase, state.health.phase
        if before is None:
            return None
        return self._notice(state, before, [span for span in new if self._counts(span)])

    def _counts(self, span: AlertSpan) -> bool:
        return _ORDER.index(span.severity) >= _ORDER.index(self._settings.severity)

    def _notice(self, state: RunState, before: Phase, new: list[AlertSpan]) -> Notice | None:
        phase = state.health.phase
        found = [(span.severity, _in_words(span)) for span in new]
        if phase is not before and phase in self._settings.phases:
            severity = _PHASE_SEVERITIES.get(phase, Severity.INFO)
            found.insert(0, (severity, f"{phase}: {visible(state.health.reason)}"))
        if not found:
            return None
        return Notice(
            experiment=visible(state.experiment),
            run=str(state.run.path.absolute()),
            severity=max((severity for severity, _ in found), key=_ORDER.index),
            phase=phase,
            step=state.step,
            messages=tuple(message for _, message in found),
        )


def _in_words(span: AlertSpan) -> str:
    step = "" if span.first_step is None else f" at step {span.first_step:,}"
    return visible(span.message) + step
