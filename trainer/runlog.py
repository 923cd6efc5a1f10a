"""The loop's only way out: what happens in a run becomes records in its directory. No torch."""

import threading
import time
from typing import Any

import msgspec

from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.jsonl import append_line
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import (
    BadLineError,
    Event,
    RunInfo,
    Step,
    Summary,
    System,
    decode,
    encode,
    iso,
)


class RunLog:
    """Writes one run's files. May be called from the loop and from the telemetry thread."""

    def __init__(self, run: RunDir, info: RunInfo) -> None:
        self.run = run
        self._info = info
        self._lock = threading.Lock()

    @property
    def info(self) -> RunInfo:
        """What run.json says."""
        return self._info

    def enter(self, phase: str, **fields: Any) -> None:
        """Announce a phase, with further fields of RunInfo, before its work begins."""
        self._update(phase=phase, **fields)

    def heartbeat(self) -> None:
        """Say that the process lives; the step it reached is what `at_step` said last."""
        self._update()

    def at_step(self, step: int) -> None:
        """Note the step reached. Only remembered: the next heartbeat writes it."""
        with self._lock:
            self._info = msgspec.structs.replace(self._info, step=step, step_time=_now())

    def step(self, record: Step) -> None:
        """Append a line to the step log."""
        append_line(self.run.log, encode(record))

    def event(self, event: str, step: int, message: str, **details: Any) -> None:
        """Append an event; the details become keys of their own."""
        record = Event(event=event, step=step, time=_now(), message=message, extra=details)
        append_line(self.run.events, encode(record))

    def system(self, record: System) -> None:
        """Append a sample of GPUs and host."""
        append_line(self.run.system, encode(record))

    def summary(self, record: Summary) -> None:
        """Replace the summary."""
        write_atomic(self.run.summary, _pretty(encode(record)))

    def _update(self, **fields: Any) -> None:
        with self._lock:
            self._info = msgspec.structs.replace(self._info, heartbeat=_now(), **fields)
            write_atomic(self.run.run_info, _pretty(encode(self._info)))


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
