"""States out of a few values, for tests of what is made of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.monitor.alert_frames import LINE_S, START, frame_of
from tokmon.monitor.eta import Eta
from tokmon.monitor.state import Health, Phase, RunState
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, RunInfo


def state_of(
    losses: Sequence[float],
    *,
    max_steps: int | None = 10_000,
    warmup: int | None = 2_000,
    phase: Phase = Phase.RUNNING,
    events: tuple[Event, ...] = (),
    **fields: Any,
) -> RunState:
    """Return a state after a line of 100 steps and 4 s for each loss, with an ETA of 100 s."""
    now = START + LINE_S * len(losses)
    config = {"schedule": {"warmup": warmup}} if warmup is not None else {}
    known: dict[str, Any] = {
        "run": RunDir(Path("logs/train_x"), "x"),
        "now": now,
        "health": Health(phase, "it does so"),
        "info": RunInfo(experiment="x", config=config),
        "frame": frame_of(train_loss=list(losses)),
        "step": 100 * len(losses),
        "max_steps": max_steps,
        "eta": Eta(100.0, now + 100.0) if phase is Phase.RUNNING else None,
        "events": events,
    }
    return RunState(**(known | fields))
