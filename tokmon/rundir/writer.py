"""Is the process that writes a run still there? Asked before starting a run, and by the monitor."""

import os
import platform

import psutil

from tokmon.rundir.records import FINAL_PHASES, RunInfo

# The clock resolution of process start times differs between systems.
_SAME_START_S = 2.0


def this_process() -> tuple[str, int, float]:
    """Return host, process number and start of this process, as RunInfo records them."""
    return platform.node(), os.getpid(), psutil.Process().create_time()


def is_alive(info: RunInfo) -> bool | None:
    """Say whether the writer of `info` runs; None where this host cannot know."""
    if info.phase in FINAL_PHASES:
        return False
    if info.pid is None or info.pid < 0 or info.host != platform.node():
        return None
    try:
        process = psutil.Process(info.pid)
        is_dead = process.status() == psutil.STATUS_ZOMBIE
        created = process.create_time()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:
        return None
    if is_dead:
        return False
    return info.process_created is None or abs(created - info.process_created) < _SAME_START_S
