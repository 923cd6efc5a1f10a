"""What happened between two visits, in sentences. Pure; foreign text in them is made visible."""

from collections.abc import Iterator

import numpy as np

from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.durations import age
from tokmon.monitor.state import RunState, Severity
from tokmon.monitor.visible import visible
from tokmon.rundir.records import Event, moment

LEAST_AWAY_S = 300.0
"""A shorter absence needs no summary."""
_NAMED_ALERTS = 3
_ORDER = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_CHANGES = {
    "start": "it was started",
    "resume": "it was resumed",
    "rollback": "it went back to a checkpoint",
    "finish": "it finished",
    "stop": "it was stopped",
    "crash": "it crashed",
}


def while_away(state: RunState, spans: tuple[AlertSpan, ...], since: float) -> tuple[str, ...]:
    """Return what happened in a run since `since` (seconds since 1970), the gravest first.

    Nothing where the absence was short, or the log is not read yet.
    """
    if state.is_loading or state.now - since < LEAST_AWAY_S:
        return ()
    events = [event for event in state.events if (moment(event.time) or 0.0) > since]
    parts = (_changes(events), _alerts(spans, since), _best(state, since), _saved(events))
    return tuple(sentence for part in (*parts, _progress(state, since)) for sentence in part)


def heading(state: RunState, since: float) -> str:
    """Return how long the absence was: "while you were away (3 h)"."""
    return f"while you were away ({age(state.now - since)})"


def _changes(events: list[Event]) -> Iterator[str]:
    for event in events:
        if said := _CHANGES.get(event.event):
            step = "" if event.step is None else f" at step {event.step:,}"
            why = f": {visible(event.message)}" if event.event == "crash" and event.message else ""
            yield f"{said}{step}{why}"


def _alerts(spans: tuple[AlertSpan, ...], since: float) -> Iterator[str]:
    new = [span for span in spans if span.begun_at is not None and span.begun_at > since]
    if not new:
        return
    worst = sorted(new, key=lambda span: (_ORDER.index(span.severity), not span.is_open))
    count = "1 alert" if len(new) == 1 else f"{len(new):,} alerts"
    named = "; ".join(_named(span) for span in worst[:_NAMED_ALERTS])
    more = len(new) - _NAMED_ALERTS
    yield f"{count}: {named}" + (f"; and {more:,} more" if more > 0 else "")


def _named(span: AlertSpan) -> str:
    step = "" if span.first_step is None else f" at step {span.first_step:,}"
    return f"{span.message}{step}" + ("" if span.is_open else ", over")


def _best(state: RunState, since: float) -> Iterator[str]:
    if state.best is None:
        return
    losses, times = state.frame.series("val_loss").finite(), state.frame.series("time")
    place = int(np.searchsorted(times.steps, state.best.step))
    if place == len(times) or not times.values[place] > since:
        return
    first_new = times.steps[np.searchsorted(times.values, since, "right")]
    before = losses.values[losses.steps < first_new]
    was = f", before {before.min():.4f}" if len(before) else ""
    yield f"best val loss {state.best.val_loss:.4f} at step {state.best.step:,}{was}"


def _saved(events: list[Event]) -> Iterator[str]:
    saved = [event for event in events if event.event == "checkpoint"]
    if saved:
        count = "1 checkpoint" if len(saved) == 1 else f"{len(saved):,} checkpoints"
        step = "" if saved[-1].step is None else f", the last at step {saved[-1].step:,}"
        yield f"{count} saved{step}"


def _progress(state: RunState, since: float) -> Iterator[str]:
    times = state.frame.series("time")
    place = int(np.searchsorted(times.values, since, "right")) - 1
    if state.step is not None and place >= 0 and state.step > times.steps[place]:
        yield f"from step {int(times.steps[place]):,} to {state.step:,}"
