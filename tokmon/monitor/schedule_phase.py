"""Where a run stands in its learning-rate schedule. Pure; another trainer's config may lack any."""

from dataclasses import dataclass
from typing import Any

from tokmon.monitor.run_milestones import run_milestones
from tokmon.monitor.state import RunState

_MOST = 1e300


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePhase:
    """A phase of the schedule and how much of it is past."""

    is_warmup: bool
    """Whether the learning rate still rises."""
    share: float | None
    """Of the phase's steps that are taken, 0 to 1; None where its length is not known."""
    warmup_steps: int | None
    """Where the warm-up ends."""
    lr: float
    """Of the newest line."""
    peak_lr: float
    """The highest in the log, or by the config."""
    decay: str
    """How it falls after the warm-up, foreign text; empty where the config does not say."""


def schedule_phase(state: RunState) -> SchedulePhase | None:
    """Return where the run stands; None without a step or a learning rate in the log."""
    rates = state.frame.series("lr").finite().values
    if state.step is None or not len(rates):
        return None
    ends = [one.step for one in run_milestones(state) if one.name == "warm-up"]
    warmup_steps = ends[0] if ends else None
    is_warmup = warmup_steps is not None and state.step < warmup_steps
    decay = config_value(state, "schedule", "decay")
    return SchedulePhase(
        is_warmup=is_warmup,
        share=_share(state.step, 0, warmup_steps)
        if is_warmup
        else _share(state.step, warmup_steps or 0, state.max_steps),
        warmup_steps=warmup_steps,
        lr=float(rates[-1]),
        peak_lr=_peak(rates.max(), config_value(state, "optim", "lr")),
        decay=decay if isinstance(decay, str) else "",
    )


def config_value(state: RunState, *keys: str) -> Any:
    """Return what stands in the config under nested keys; None where there is nothing."""
    value: Any = state.info.config if state.info else None
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _share(step: int, start: int, end: int | None) -> float | None:
    if end is None or end <= start:
        return None
    return float(min(1.0, max(0.0, (step - start) / (end - start))))


def _peak(logged: float, configured: Any) -> float:
    is_number = isinstance(configured, int | float) and not isinstance(configured, bool)
    # An integer of JSON may be longer than any float; NaN and infinity fail this too.
    is_usable = is_number and 0 < configured < _MOST
    return max(float(logged), float(configured)) if is_usable else float(logged)
