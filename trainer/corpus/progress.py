"""Progress of long work on stderr: a bar on a terminal, a line a second at most elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO, TypeAlias

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

Report: TypeAlias = Callable[[str, int, int], None]
"""Called with what is being done, how much is done, and the whole; a whole of 0 is unknown."""

_LINE_INTERVAL_S = 1.0


def no_progress(description: str, done: int, total: int) -> None:
    """Show nothing."""


@contextmanager
def showing_progress(
    stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
) -> Iterator[Report]:
    """Yield a function that shows progress on `stream` (stderr) until the context ends."""
    stream = stream or sys.stderr
    if not stream.isatty():
        yield _Lines(stream, clock)
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(file=stream), transient=True) as bar:
        yield _Bar(bar)


class _Bar:
    """One line of rich's; a new description starts it anew."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task = bar.add_task("", total=None, visible=False)
        self._description = ""

    def __call__(self, description: str, done: int, total: int) -> None:
        if description != self._description:
            self._bar.reset(self._task, description=_plain(description), visible=True)
            self._description = description
        self._bar.update(self._task, completed=done, total=total or None)


class _Lines:
    """A line of text, then none for a second."""

    def __init__(self, stream: TextIO, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._clock = clock
        self._last_s = float("-inf")

    def __call__(self, description: str, done: int, total: int) -> None:
        now = self._clock()
        if now - self._last_s < _LINE_INTERVAL_S:
            return
        self._last_s = now
        percent = f" {100 * done // total} %" if total else ""
        self._stream.write(f"{_plain(description)}{percent}\n")
        self._stream.flush()


def _plain(description: str) -> str:
    """Make control characters visible: descriptions hold names from recipes."""
    return "".join(char if char.isprintable() else repr(char)[1:-1] for char in description)
