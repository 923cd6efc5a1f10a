"""One writer a run: a second trainer on the same run directory is refused. No torch."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import FINAL_PHASES, RunInfo, moment
from tokmon.rundir.writer import is_alive
from trainer.runlog import read_info

# A trainer beats every 2 s; network folders show a change up to a minute late.
_FRESH_HEARTBEAT_S = 60.0


def refuse_taken(run: RunDir) -> None:
    """Look whether a living trainer writes this run, here or, by its heartbeat, on another host.

    Raises:
        TokmonError: naming the process.
    """
    info = read_info(run)
    if info is not None and (is_alive(info) or _beats_elsewhere(info, time.time())):
        raise _taken(run, info)


@contextmanager
def claimed(run: RunDir) -> Iterator[None]:
    """Hold the run until the end of the context; the system lets go of it in a crash.

    Where a folder cannot be locked (some network file systems) run.json's process alone decides.

    Raises:
        TokmonError: another trainer holds it.
    """
    refuse_taken(run)
    lock = FileLock(run.lock)
    try:
        run.lock.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise _taken(run, read_info(run)) from error
    except NotImplementedError:
        yield
        return
    except OSError as error:
        raise TokmonError(
            f"{run.lock.parent}: cannot be written ({error.strerror or error})",
            "choose another --logs",
        ) from error
    try:
        yield
    finally:
        lock.release()


def _beats_elsewhere(info: RunInfo, now: float) -> bool:
    heartbeat = moment(info.heartbeat)
    return (
        is_alive(info) is None
        and info.phase not in FINAL_PHASES
        and heartbeat is not None
        and now - heartbeat < _FRESH_HEARTBEAT_S
    )


def _taken(run: RunDir, info: RunInfo | None) -> TokmonError:
    is_known = info is not None and info.phase not in FINAL_PHASES
    who = f"process {info.pid} on {info.host}" if info and is_known else "just starting"
    return TokmonError(
        f"{run.path}: a trainer writes this run already, {who}",
        f"watch it with `tokmon watch {run.path}`, or choose another experiment name",
    )
