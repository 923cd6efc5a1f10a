"""The loop's only way out: what happens in a run becomes records in its directory. No torch."""

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from tokmon.rundir.atomic import is_full_disk, write_atomic
from tokmon.rundir.jsonl import append_line
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import (
    BadLineError,
    Event,
    RunInfo,
    Sample,
    Step,
    Summary,
    System,
    decode,
    encode,
    iso,
)


class RunLog:
    """Writes one run's files. May be called from the loop and from the telemetry thread.

    Args:
        run: the directory.
        info: run.json as it begins.
        put: takes the writing of lines and of the summary off the loop's hands, in order.
        say: shows a line to people.
    """

    def __init__(
        self,
        run: RunDir,
        info: RunInfo,
        put: Callable[[Callable[[], None]], None],
        say: Callable[[str], None],
    ) -> None:
        self.run = run
        self.say = say
        """Shows a line to people."""
        self._info = info
        self._put = put
        self._reached = info.step, info.step_time
        self._lock = threading.Lock()

    @property
    def info(self) -> RunInfo:
        """What run.json says."""
        return self._info

    def enter(self, phase: str, **fields: Any) -> None:
        """Announce a phase, with further fields of RunInfo, before its work begins."""
        self._update_if_there_is_room(phase=phase, **fields)

    def end(self, phase: str) -> None:
        """Announce the last phase, after all that was told before."""
        self._put(partial(self._update, phase=phase))

    def heartbeat(self) -> None:
        """Say that the process lives; the step it reached is what `at_step` said last."""
        self._update_if_there_is_room()

    def at_step(self, step: int) -> None:
        """Note the step reached. Only remembered: the next heartbeat writes it."""
        self._reached = step, _now()

    def step(self, record: Step) -> None:
        """Append a line to the step log, after all that was told before."""
        self._put(partial(append_line, self.run.log, encode(record)))

    def samples(self, records: Iterable[Sample]) -> None:
        """Append a round of samples in one write, after all that was told before."""
        self._put(partial(append_line, self.run.samples, b"\n".join(map(encode, records))))

    def event(self, event: str, step: int, message: str, **details: Any) -> None:
        """Append an event, after all that was told before; the details become keys of their own."""
        self._put(partial(self._append_event, event, step, message, _now(), details))

    def event_now(self, event: str, step: int, message: str, **details: Any) -> None:
        """Append an event before what still waits to be written."""
        self._append_event(event, step, message, _now(), details)

    def system(self, record: System) -> None:
        """Append a sample of GPUs and host, at once."""
        append_line(self.run.system, encode(record))

    def summary(self, record: Summary) -> None:
        """Replace the summary, after all that was told before."""
        self._put(partial(write_atomic, self.run.summary, _pretty(encode(record))))

    def _append_event(
        self, event: str, step: int, message: str, time: str, details: dict[str, Any]
    ) -> None:
        record = Event(event=event, step=step, time=time, message=message, extra=details)
        append_line(self.run.events, encode(record))

    def _update_if_there_is_room(self, **fields: Any) -> None:
        """On a full disk only remember: the next heartbeat that finds room tells it."""
        try:
            self._update(**fields)
        except OSError as error:
            if not is_full_disk(error):
                raise

    def _update(self, **fields: Any) -> None:
        with self._lock:
            step, step_time = self._reached
            now = {"heartbeat": _now(), "step": step, "step_time": step_time}
            self._info = msgspec.structs.replace(self._info, **{**now, **fields})
            if "step" in fields:
                self._reached = self._info.step, self._info.step_time
            write_atomic(self.run.run_info, _pretty(encode(self._info)))


class MuteRunLog(RunLog):
    """That of a process whose run another one records."""

    def __init__(self, run: RunDir, info: RunInfo) -> None:
        super().__init__(run, info, put=lambda _: None, say=lambda _: None)

    def event_now(self, event: str, step: int, message: str, **details: Any) -> None:
        """Record nothing."""

    def system(self, record: System) -> None:
        """Record nothing."""

    def _update(self, **fields: Any) -> None:
        self._info = msgspec.structs.replace(self._info, **fields)


def read_info(run: RunDir) -> RunInfo | None:
    """Return what run.json says, or None where there is none that can be read."""
    try:
        return decode(run.run_info.read_bytes(), RunInfo)
    except (OSError, BadLineError):
        return None


def _pretty(line: bytes) -> bytes:
    return msgspec.json.format(line, indent=2) + b"\n"


def _now() -> str:
    return iso(time.time())
