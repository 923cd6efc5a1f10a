"""Everything the process writes goes to a file first, native libraries included, then is shown.

The file is the pipe: descriptors 1 and 2 point at it, so that what a library says in the moment
of its crash is kept, and a thread shows on the terminal what the file gains.
"""

import io
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from tokmon.rundir.jsonl import Tail

_SHOW_EVERY_S = 0.1


class OutputLog:
    """Redirects stdout and stderr of this process into `path` from `with` to its end.

    `terminal` is the stderr as it was; `show` receives each new line and may be replaced, by one
    that prints above a progress bar, say. Quiet, nothing is shown.
    """

    def __init__(self, path: Path, *, is_quiet: bool = False) -> None:
        self._path = path
        self._is_quiet = is_quiet
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="output", daemon=True)
        self.terminal: TextIO = sys.stderr
        self.show: Callable[[str], None] = self._show_plainly

    def __enter__(self) -> "OutputLog":
        self._path.parent.mkdir(parents=True, exist_ok=True)
        log = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        _flush()
        self._saved = os.dup(1), os.dup(2)
        self.terminal = os.fdopen(os.dup(2), "w", encoding="utf-8", errors="replace")
        self._tail = Tail(self._path)
        self._skip_what_is_there()
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.close(log)
        for stream in (sys.stdout, sys.stderr):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
        if not self._is_quiet:
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        _flush()
        for target, saved in enumerate(self._saved, start=1):
            os.dup2(saved, target)
            os.close(saved)
        _flush()
        self._stop.set()
        if not self._is_quiet:
            self._thread.join()
        # What a vanished terminal did not take is in the file.
        with suppress(OSError):
            self.terminal.close()

    def _skip_what_is_there(self) -> None:
        while not self._tail.read().at_end:
            pass

    def _follow(self) -> None:
        while not self._stop.wait(_SHOW_EVERY_S):
            self._show_new()
        self._show_new()

    def _show_new(self) -> None:
        while True:
            new = self._tail.read()
            for line in new.lines:
                self.show(line.decode("utf-8", errors="replace"))
            if new.at_end:
                return

    def _show_plainly(self, line: str) -> None:
        try:
            self.terminal.write(f"{line}\n")
            self.terminal.flush()
        except OSError:
            # The terminal is gone (a closed SSH session); the file has everything.
            self.show = lambda line: None  # noqa: ARG005


class NoOutput:
    """That of a process whose run another one records: no terminal, and nothing shown."""

    def __init__(self) -> None:
        self.terminal: TextIO = io.StringIO()
        self.show: Callable[[str], None] = lambda _: None


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        # What a full disk did not take stays in the buffer, and goes to the terminal in the end.
        with suppress(OSError):
            stream.flush()
