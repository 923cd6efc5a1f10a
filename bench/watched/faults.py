"""What happens to the files of a watched run: each fault as a real system makes it."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from tests.runs.builder import RunBuilder

_LONG_LINE_BYTES = 100 * 10**6
_SECONDS_FAST = 7200


class Fault(NamedTuple):
    """A fault, what the screen should say of it, and how it ends."""

    name: str
    make: Callable[[RunBuilder], None]
    said: str
    """On the screen while the fault lasts; empty where there is nothing to say but the numbers."""
    mend: Callable[[RunBuilder], None] = lambda _builder: None


def _torn_line(builder: RunBuilder) -> None:
    with builder.run.log.open("ab") as file:
        file.write(b'{"step":31,"train_lo')


def _truncated(builder: RunBuilder) -> None:
    content = builder.run.log.read_bytes()
    builder.run.log.write_bytes(content[: content.index(b"\n", len(content) // 2) + 1])


def _replaced(builder: RunBuilder) -> None:
    other = builder.run.log.with_suffix(".new")
    other.write_bytes(b"".join(builder.run.log.read_bytes().splitlines(keepends=True)[:20]))
    other.replace(builder.run.log)


def _resumed(builder: RunBuilder) -> None:
    builder.event("resume", "from step 1,000")
    builder.step = 1_000
    builder.line()


def _nul_block(builder: RunBuilder) -> None:
    with builder.run.log.open("ab") as file:
        file.write(b"\0" * 4096)


def _broken_lines(builder: RunBuilder) -> None:
    for line in (b"{not json", b'{"step": "many"}', b"\xff\xfe[1m"):
        builder.raw_log(line)


def _without_log(builder: RunBuilder) -> None:
    builder.run.log.unlink()


def _folder_gone(builder: RunBuilder) -> None:
    builder.run.path.rename(_aside(builder))


def _folder_back(builder: RunBuilder) -> None:
    if builder.run.path.exists():
        shutil.rmtree(builder.run.path)
    _aside(builder).rename(builder.run.path)


def _aside(builder: RunBuilder) -> Path:
    return builder.run.path.with_name("aside")


def _forbidden(builder: RunBuilder) -> None:
    builder.run.log.chmod(0)


def may_read_all() -> bool:
    """Say whether nobody can be forbidden to read: this is the superuser."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _allowed(builder: RunBuilder) -> None:
    builder.run.log.chmod(0o644)


def _clock_ahead(builder: RunBuilder) -> None:
    builder.started += _SECONDS_FAST
    builder.heartbeat()


def _clock_right(builder: RunBuilder) -> None:
    builder.started = time.time() - builder.elapsed_s


def _other_schema(builder: RunBuilder) -> None:
    builder.heartbeat(schema_version=99)


def _endless_line(builder: RunBuilder) -> None:
    with builder.run.log.open("ab") as file:
        file.write(b'{"step":1,"note":"' + b"x" * _LONG_LINE_BYTES + b'"}\n')


FORBIDDEN = "no permission to read the log"
FAULTS = (
    Fault("a line torn in the middle", _torn_line, ""),
    Fault("the log cut to its half", _truncated, "cut or replaced"),
    Fault("the log replaced by a shorter one", _replaced, "cut or replaced"),
    Fault("a resume 2,000 steps back", _resumed, "1,100"),
    Fault("4 kB of NUL bytes", _nul_block, ""),
    Fault("three broken lines", _broken_lines, "3 unreadable lines"),
    Fault("the log deleted", _without_log, "the log is gone"),
    Fault("the folder moved away, then back", _folder_gone, "gone", _folder_back),
    Fault(FORBIDDEN, _forbidden, "Permission denied", _allowed),
    Fault("the trainer's clock two hours ahead", _clock_ahead, "clock is", _clock_right),
    Fault("a newer schema", _other_schema, "schema 99"),
    Fault("100 MB on one line", _endless_line, "1 unreadable line"),
)
"""Each begins with a healthy run of 30 lines, at step 3,000."""
