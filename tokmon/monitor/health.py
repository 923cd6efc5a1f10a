"""What is the run doing? Judged from several witnesses, each of which can be missing or wrong.

Pure: the witnesses are collected elsewhere. Every verdict carries its ground in one sentence.
"""

from dataclasses import dataclass

from tokmon.monitor.durations import duration
from tokmon.monitor.state import Health, Phase
from tokmon.monitor.visible import visible
from tokmon.rundir.records import RunInfo

HEARTBEAT_LIMIT_S = 60.0
"""The trainer beats every 2 s, from a thread of its own."""
MIN_STEP_LIMIT_S = 60.0
STEP_LIMIT_STEPS = 10
"""A step may take ten times its usual time, but never less than a minute."""
UNKNOWN_STEP_LIMIT_S = 300.0
"""Before the first steps have shown how long they take: they may compile for minutes."""
MIN_LINE_LIMIT_S = 180.0
LINE_LIMIT_INTERVALS = 3
LINE_LIMIT_SLACK_S = 60.0

_ENDINGS = {"finished": Phase.FINISHED, "stopped": Phase.STOPPED, "crashed": Phase.CRASHED}
_PAUSES = {
    "starting": (Phase.STARTING, "the trainer is setting up"),
    "evaluating": (Phase.EVALUATING, "an evaluation is running"),
    "saving": (Phase.SAVING, "a checkpoint is being written"),
    "paused": (Phase.PAUSED, "the run was asked to pause"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Witnesses:
    """What is known of the run besides its metrics."""

    info: RunInfo | None = None
    """run.json."""
    is_alive: bool | None = None
    """Whether the trainer's process runs; None where this host cannot know."""
    heartbeat_age_s: float | None = None
    """Since the last heartbeat."""
    step_age_s: float | None = None
    """From the last progress of the loop to the last heartbeat, by the trainer's own clock."""
    step_s: float | None = None
    """What a step usually takes."""
    line_age_s: float | None = None
    """Since the last log line; None if there is none."""
    line_interval_s: float | None = None
    """What usually lies between log lines."""
    summary_state: str = ""
    """The state in summary.json."""
    crash: str = ""
    """The message of a crash event that nothing followed."""
    is_folder_gone: bool = False
    """The run directory was deleted."""


def judge(witnesses: Witnesses) -> Health:
    """Return the phase that the witnesses support, the most certain one first."""
    for rule in (_folder_gone, _ended, _dead, _silent, _hung, _announced, _by_log):
        if health := rule(witnesses):
            return health
    return Health(Phase.STARTING, "there is no log line yet")


def _folder_gone(witnesses: Witnesses) -> Health | None:
    if not witnesses.is_folder_gone:
        return None
    return Health(Phase.STALLED, "the run directory is gone; what is shown was read before")


def _ended(witnesses: Witnesses) -> Health | None:
    info = witnesses.info
    phase = _ENDINGS.get(info.phase if info else witnesses.summary_state)
    if phase is Phase.CRASHED:
        error = (info.error if info else None) or witnesses.crash or "it gave no error"
        return Health(phase, f"the trainer crashed: {visible(error)}")
    if phase is Phase.STOPPED:
        return Health(phase, "the run was stopped before its last step")
    return Health(phase, "the run took all its steps") if phase else None


def _dead(witnesses: Witnesses) -> Health | None:
    if witnesses.info is None or witnesses.is_alive is not False:
        return None
    if witnesses.crash:
        return Health(Phase.CRASHED, f"the trainer crashed: {visible(witnesses.crash)}")
    pid = witnesses.info.pid
    return Health(Phase.KILLED, f"process {pid} is gone without a word: killed, or out of memory")


def _silent(witnesses: Witnesses) -> Health | None:
    age_s, info = witnesses.heartbeat_age_s, witnesses.info
    if info is None or age_s is None or age_s <= HEARTBEAT_LIMIT_S:
        return None
    if witnesses.is_alive:
        return Health(
            Phase.STALLED, f"process {info.pid} lives but has not stirred for {duration(age_s)}"
        )
    host = visible(info.host or "its host")
    return Health(Phase.STALLED, f"no heartbeat from {host} for {duration(age_s)}")


def _hung(witnesses: Witnesses) -> Health | None:
    age_s, info = witnesses.step_age_s, witnesses.info
    if info is None or info.phase != "training" or age_s is None:
        return None
    if age_s <= step_limit_s(witnesses.step_s):
        return None
    usual = f" (usual: {duration(witnesses.step_s)})" if witnesses.step_s else ""
    return Health(
        Phase.STALLED, f"the process lives, but no step has ended for {duration(age_s)}{usual}"
    )


def _announced(witnesses: Witnesses) -> Health | None:
    info = witnesses.info
    if info is None or witnesses.heartbeat_age_s is None or not info.phase:
        return None
    if info.phase in _PAUSES:
        return Health(*_PAUSES[info.phase])
    beat = f"heartbeat {duration(max(0.0, witnesses.heartbeat_age_s))} ago"
    if info.phase == "training":
        return Health(Phase.RUNNING, f"training; {beat}")
    return Health(Phase.RUNNING, f"in phase {visible(info.phase)}; {beat}")


def _by_log(witnesses: Witnesses) -> Health | None:
    """Judge by the log alone: another trainer's run, or one without heartbeats."""
    age_s = witnesses.line_age_s
    if age_s is None:
        return None
    interval_s = witnesses.line_interval_s
    usual = f" (usual: every {duration(interval_s)})" if interval_s else ""
    if age_s > line_limit_s(interval_s):
        return Health(Phase.STALLED, f"no log line for {duration(age_s)}{usual}")
    return Health(Phase.RUNNING, f"a log line {duration(max(0.0, age_s))} ago{usual}")


def step_limit_s(step_s: float | None) -> float:
    """Return how long a step may take before the run counts as stalled."""
    if step_s is None:
        return UNKNOWN_STEP_LIMIT_S
    return max(MIN_STEP_LIMIT_S, STEP_LIMIT_STEPS * step_s)


def line_limit_s(interval_s: float | None) -> float:
    """Return how long a log may be silent, judged against its own interval.

    The rule of epokio (scan.py, stall_limits): a fixed limit cries wolf on slow runs.
    """
    return max(MIN_LINE_LIMIT_S, LINE_LIMIT_INTERVALS * (interval_s or 0.0) + LINE_LIMIT_SLACK_S)
