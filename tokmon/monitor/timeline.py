"""A run's story with clock times: begun, interrupted, its stations, ended; what is still to come.

Pure. Stations come from run_milestones, expected times from the ETA.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tokmon.monitor.run_milestones import run_milestones
from tokmon.monitor.state import Phase, RunState
from tokmon.rundir.records import Event, moment

MAX_TURNS = 12
"""Resumes, rollbacks and crashes that are told; the newest."""

_TURNS = {
    "resume": "resumed",
    "rollback": "went back to a checkpoint",
    "crash": "crashed",
    "stop": "stopped",
}


class Mark(StrEnum):
    """Whether something has happened."""

    DONE = "done"
    EXPECTED = "expected"
    OPEN = "not yet"
    """To come, nobody knows when."""
    MISSED = "not reached"
    """The run ended before."""


@dataclass(frozen=True, slots=True)
class Station:
    """One line of the story."""

    name: str
    """Own words: started, warm-up, 20%."""
    mark: Mark
    step: int | None
    """Where; None where it is not known."""
    time: float | None
    """When, or when to be expected, seconds since 1970; None where unknown."""


def timeline(state: RunState) -> tuple[Station, ...]:
    """Return what happened in the order it did, then what is to come."""
    done = [*_begun(state), *_turns(state), *_best(state), *_saved(state), *_killed(state)]
    stations = list(_milestones(state))
    done += [station for station in stations if station.mark is Mark.DONE]
    is_timed = all(station.time is not None for station in done)
    done.sort(key=_by_time if is_timed else _by_step)
    return (*done, *(station for station in stations if station.mark is not Mark.DONE))


def turns_left_out(state: RunState) -> int:
    """Return how many resumes, rollbacks and crashes are not told."""
    return max(0, len(_told(state)) - MAX_TURNS)


def _by_time(station: Station) -> tuple[float, int]:
    return station.time or 0.0, station.step or 0


def _by_step(station: Station) -> tuple[int, float]:
    return station.step or 0, station.time or 0.0


def _begun(state: RunState) -> Iterator[Station]:
    if state.started is not None:
        yield Station("started", Mark.DONE, 0, state.started)


def _told(state: RunState) -> list[Event]:
    return [event for event in state.events if event.event in _TURNS]


def _turns(state: RunState) -> Iterator[Station]:
    for event in _told(state)[-MAX_TURNS:]:
        yield Station(_TURNS[event.event], Mark.DONE, event.step, moment(event.time))


def _best(state: RunState) -> Iterator[Station]:
    if state.best is None:
        return
    told = [
        moment(event.time)
        for event in state.events
        if event.event == "best" and event.step == state.best.step
    ]
    yield Station(
        "best so far" if state.health.phase.is_live else "best",
        Mark.DONE,
        state.best.step,
        told[-1] if told else state.best.saved_at,
    )


def _saved(state: RunState) -> Iterator[Station]:
    saved = [event for event in state.events if event.event == "checkpoint"]
    if saved:
        yield Station("last checkpoint", Mark.DONE, saved[-1].step, moment(saved[-1].time))


def _killed(state: RunState) -> Iterator[Station]:
    if state.health.phase is Phase.KILLED:
        yield Station("last sign of life", Mark.DONE, state.step, state.updated)


def _milestones(state: RunState) -> Iterator[Station]:
    for one in run_milestones(state):
        if one.is_done:
            mark = Mark.DONE
        elif one.time is not None:
            mark = Mark.EXPECTED
        else:
            mark = Mark.OPEN if state.health.phase.is_live else Mark.MISSED
        yield Station(one.name, mark, one.step, one.time)
