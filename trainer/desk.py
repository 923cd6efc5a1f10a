"""What records a run around its loop: output log, outbox, telemetry; and what a crash leaves."""

import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import NamedTuple

from tokmon.rundir.errors import TokmonError
from trainer.distributed import Group
from trainer.materials import Materials
from trainer.opening import run_info
from trainer.outbox import Outbox
from trainer.output import NoOutput, OutputLog
from trainer.progress import say
from trainer.resume import Start, newest_step
from trainer.runlog import MuteRunLog, RunLog
from trainer.signals import StopRequest
from trainer.telemetry import Telemetry


class Desk(NamedTuple):
    """Where a run's records go."""

    runlog: RunLog
    outbox: Outbox | None
    output: OutputLog | NoOutput

    def telemetry(self) -> AbstractContextManager[object]:
        """Return the context in which heartbeats are written."""
        return nullcontext() if self.outbox is None else Telemetry(self.runlog)

    @contextmanager
    def recording_crashes(self) -> Iterator[None]:
        """Write everything at the end, and where what is inside fails, why.

        Raises:
            SystemExit: with the exit code, once the failure was told.
        """
        try:
            with self.outbox or nullcontext():
                yield
        except BaseException as error:
            raise SystemExit(_record_crash(self.runlog, _told(error, self.runlog))) from error


class _FullDisk:
    """Tells people of a full disk by every way that still works."""

    def __init__(self, runlog: RunLog, output: OutputLog) -> None:
        self._runlog = runlog
        self._output = output

    def full(self, error: OSError) -> None:
        """Tell that writing waits."""
        line = f"{error.filename}: {error.strerror}; writing waits until there is room"
        self._tell("disk_full", line)
        # The terminal shows what the output log gains, and that may be on the same disk.
        self._output.show(line)

    def room(self) -> None:
        """Tell that writing goes on."""
        self._tell("disk_room", "there is room again, and nothing was lost")

    def _tell(self, event: str, line: str) -> None:
        self._runlog.say(f"{event}: {line}")
        try:
            self._runlog.event_now(event, self._runlog.info.step or 0, line)
        except OSError:
            self._output.show("(not even that could be recorded)")


@contextmanager
def recording(
    materials: Materials, start: Start, group: Group, stop: StopRequest, *, is_quiet: bool
) -> Iterator[Desk]:
    """Yield the desk of the process that writes the run."""
    with OutputLog(materials.run.output_log, is_quiet=is_quiet) as output:
        for notice in start.notices:
            say(notice)
        outbox = Outbox(is_giving_up=lambda: stop.signal is not None)
        runlog = RunLog(materials.run, run_info(materials, start, group.size), outbox.put, say)
        outbox.disk = _FullDisk(runlog, output)
        yield Desk(runlog, outbox, output)


@contextmanager
def following(
    materials: Materials, start: Start, group: Group, _stop: StopRequest, *, is_quiet: bool
) -> Iterator[Desk]:
    """Yield the desk of a process whose run another one writes; its faults go to its stderr."""
    del is_quiet
    yield Desk(MuteRunLog(materials.run, run_info(materials, start, group.size)), None, NoOutput())


def _told(error: BaseException, runlog: RunLog) -> BaseException:
    """Put a disk's fault as what the user can mend."""
    if not isinstance(error, OSError) or error.errno is None:
        return error
    step = newest_step(runlog.run)
    where = f"it goes on from step {step}" if step else "there is no checkpoint yet to go on from"
    told = TokmonError(
        f"{error.filename or runlog.run.path}: {error.strerror}",
        f"mend that and start the same command again: {where}",
    )
    told.__cause__ = error
    return told


def _record_crash(runlog: RunLog, error: BaseException) -> int:
    """Tell of `error` while the output log still listens; return the exit code."""
    if isinstance(error, TokmonError):
        line = str(error)
        say(f"Error: {line}")
    else:
        line = " ".join(traceback.format_exception_only(error)[-1].split())
        traceback.print_exception(error)
    try:
        trace = "".join(traceback.format_exception(error))
        runlog.event_now("crash", runlog.info.step or 0, line, traceback=trace)
        runlog.enter("crashed", error=line)
    except OSError as fault:
        # The crash itself is still told on stderr.
        say(f"the crash could not be recorded: {fault}")
    return 130 if isinstance(error, KeyboardInterrupt) else 1
