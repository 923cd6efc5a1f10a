"""The run states from their witnesses."""

import pytest

from tokmon.monitor.health import Witnesses, judge
from tokmon.monitor.state import Phase
from tokmon.rundir.records import RunInfo


def info(phase: str = "training", **fields: object) -> RunInfo:
    return RunInfo(experiment="v1", phase=phase, pid=42, host="box", **fields)  # type: ignore[arg-type]


def live(phase: str = "training", **fields: object) -> Witnesses:
    """A trainer on this host that beat a second ago and stepped just before."""
    known = {"is_alive": True, "heartbeat_age_s": 1.0, "step_age_s": 0.5, "step_s": 0.05}
    return Witnesses(info=info(phase), **(known | fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("witnesses", "phase", "ground"),
    [
        (Witnesses(), Phase.STARTING, "no log line"),
        (live("starting"), Phase.STARTING, "setting up"),
        (live(), Phase.RUNNING, "heartbeat"),
        (live("evaluating"), Phase.EVALUATING, "evaluation"),
        (live("saving"), Phase.SAVING, "checkpoint"),
        (live("paused", step_age_s=9e5), Phase.PAUSED, "pause"),
        (live("evaluating", step_age_s=9e5), Phase.EVALUATING, "evaluation"),
        (live("warming"), Phase.RUNNING, "warming"),
        (Witnesses(info=info("finished"), is_alive=False), Phase.FINISHED, "all its steps"),
        (Witnesses(info=info("stopped"), is_alive=False), Phase.STOPPED, "stopped"),
        (Witnesses(info=info("crashed", error="OOM"), is_alive=False), Phase.CRASHED, "OOM"),
        (live(is_alive=False), Phase.KILLED, "process 42 is gone"),
        (live(is_alive=False, crash="ValueError: x"), Phase.CRASHED, "ValueError: x"),
        (Witnesses(summary_state="finished", line_age_s=9e9), Phase.FINISHED, "all its steps"),
        (Witnesses(is_folder_gone=True), Phase.STALLED, "gone"),
    ],
)
def test_each_state_has_its_ground(witnesses: Witnesses, phase: Phase, ground: str) -> None:
    health = judge(witnesses)

    assert health.phase is phase
    assert ground in health.reason


@pytest.mark.parametrize(
    ("step_s", "step_age_s", "phase"),
    [
        (0.05, 59, Phase.RUNNING),
        (0.05, 61, Phase.STALLED),
        (20.0, 199, Phase.RUNNING),
        (20.0, 201, Phase.STALLED),
        (None, 299, Phase.RUNNING),
        (None, 301, Phase.STALLED),
    ],
)
def test_a_fresh_heartbeat_without_steps_is_a_stall_by_the_runs_own_pace(
    step_s: float | None, step_age_s: float, phase: Phase
) -> None:
    assert judge(live(step_s=step_s, step_age_s=step_age_s)).phase is phase


def test_a_silent_remote_host_is_a_stall_and_named() -> None:
    fresh = judge(live(is_alive=None, heartbeat_age_s=59))
    silent = judge(live(is_alive=None, heartbeat_age_s=61))

    assert fresh.phase is Phase.RUNNING
    assert (silent.phase, silent.reason) == (Phase.STALLED, "no heartbeat from box for 1 min 01 s")


def test_a_frozen_process_on_this_host_is_a_stall() -> None:
    health = judge(live(heartbeat_age_s=90))

    assert (health.phase, "process 42 lives" in health.reason) == (Phase.STALLED, True)


@pytest.mark.parametrize(
    ("interval_s", "age_s", "phase"),
    [
        (1.0, 179, Phase.RUNNING),
        (1.0, 181, Phase.STALLED),
        (600.0, 1859, Phase.RUNNING),
        (600.0, 1861, Phase.STALLED),
        (None, 181, Phase.STALLED),
    ],
)
def test_a_log_alone_is_judged_by_its_own_interval(
    interval_s: float | None, age_s: float, phase: Phase
) -> None:
    assert judge(Witnesses(line_age_s=age_s, line_interval_s=interval_s)).phase is phase


def test_a_hostile_error_is_made_visible() -> None:
    health = judge(Witnesses(info=info("crashed", error="\x1b[2J[/x]"), is_alive=False))

    assert "^[[2J[/x]" in health.reason
