"""The stations of a run with clock times: warm-up, 20 %, 50 %, 100 %; passed or expected. Pure."""

from dataclasses import dataclass

import numpy as np

from tokmon.monitor.state import RunState
from tokmon.rundir.records import moment

SHARES = (0.2, 0.5, 1.0)
"""Of all steps, as the reference reports them."""


@dataclass(frozen=True, slots=True)
class Milestone:
    """A step that matters."""

    name: str
    """warm-up, or a share of the run."""
    step: int
    """Where it is."""
    is_done: bool
    """Whether that many steps are taken."""
    time: float | None
    """When it was passed, else when it is expected, seconds since 1970; None where unknown."""


def run_milestones(state: RunState) -> tuple[Milestone, ...]:
    """Return the milestones of a run in the order of their steps; none without its length."""
    if state.max_steps is None:
        return ()
    named = [(f"{share:.0%}", round(share * state.max_steps)) for share in SHARES]
    warmup = _warmup_steps(state)
    if warmup is not None and 0 < warmup < state.max_steps:
        named.append(("warm-up", warmup))
    return tuple(_milestone(state, name, step) for name, step in sorted(named, key=_by_step))


def _by_step(named: tuple[str, int]) -> int:
    return named[1]


def _milestone(state: RunState, name: str, step: int) -> Milestone:
    is_done = state.step is not None and state.step >= step
    time = _passed_at(state, step) if is_done else _expected_at(state, step)
    return Milestone(name, step, is_done, time)


def _warmup_steps(state: RunState) -> int | None:
    """Return where the warm-up ends, by the config or by what the trainer told."""
    schedule = state.info.config.get("schedule") if state.info else None
    warmup = schedule.get("warmup") if isinstance(schedule, dict) else None
    if isinstance(warmup, int):
        return warmup
    ends = [event.step for event in state.events if event.event == "warmup_end"]
    return ends[-1] if ends else None


def _passed_at(state: RunState, step: int) -> float | None:
    """Return the time of the first log line at or after `step`, or of an event of that step."""
    told = [event.time for event in state.events if event.step == step]
    if told and (time := moment(told[0])) is not None:
        return time
    times = state.frame.points("time")
    place = int(np.searchsorted(times.steps, step))
    time = times.values[place] if place < len(times) else np.nan
    return time if np.isfinite(time) else None


def _expected_at(state: RunState, step: int) -> float | None:
    """Return the share of the foretold time that the steps up to `step` take."""
    if state.eta is None or state.step is None or state.max_steps is None:
        return None
    left = state.max_steps - state.step
    return state.now + state.eta.remaining_s * (step - state.step) / left if left > 0 else None
