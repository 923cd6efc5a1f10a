"""One program in a tmux pane of its own, looked at from outside."""

import os
import shlex
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import psutil

COLUMNS, ROWS = 160, 45
_LOOK_S = 0.005
_numbers = count(1)


class NotSeenError(Exception):
    """Something was not on the screen in time; what was there is the message."""


class Pane:
    """A program in a private tmux server.

    Args:
        server: name of the server.
        command: what runs.
        transcript: file that takes everything that the program sends to the terminal.
    """

    def __init__(self, server: str, command: Sequence[str], transcript: Path) -> None:
        self._tmux = ["tmux", "-u", "-L", server]
        self._transcript = transcript
        environment = {**os.environ, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        self.started_at = time.monotonic()
        self._run("-f", os.devnull, "new-session", "-d", *size, *command, environment=environment)
        self._run("pipe-pane", f"cat >> {shlex.quote(str(transcript))}")

    def text(self) -> str:
        """Return what stands on the screen."""
        return self._run("capture-pane", "-p")

    def wait(self, is_there: Callable[[str], bool], patience_s: float) -> float:
        """Return the moment at which the screen first was as asked, monotonic seconds.

        Raises:
            NotSeenError: it was not within that time.
        """
        give_up_at = time.monotonic() + patience_s
        while not is_there(text := self.text()):
            if time.monotonic() > give_up_at:
                raise NotSeenError(text)
            time.sleep(_LOOK_S)
        return time.monotonic()

    def press(self, key: str) -> None:
        """Send a key."""
        self._run("send-keys", key)

    def cpu_s(self) -> float:
        """Return the seconds of CPU used until now by all its processes."""
        return sum(sum(process.cpu_times()[:2]) for process in self._processes())

    def memory_bytes(self) -> int:
        """Return the resident memory of all its processes."""
        return sum(process.memory_info().rss for process in self._processes())

    def sent_bytes(self) -> int:
        """Return how much it has sent to the terminal."""
        return self._transcript.stat().st_size if self._transcript.exists() else 0

    def close(self) -> None:
        """End it."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)

    def _processes(self) -> list[psutil.Process]:
        first = psutil.Process(int(self._run("display-message", "-p", "#{pane_pid}")))
        return [first, *first.children(recursive=True)]

    def _run(self, *command: str, environment: dict[str, str] | None = None) -> str:
        done = subprocess.run(
            [*self._tmux, *command], capture_output=True, check=True, env=environment
        )
        return done.stdout.decode(errors="replace")


@contextmanager
def pane(command: Sequence[str], folder: Path) -> Iterator[Pane]:
    """Run a program in a pane while the block lasts."""
    number = next(_numbers)  # a server that is going may still hold its name
    opened = Pane(f"tokmon-bench-{os.getpid()}-{number}", command, folder / f"transcript{number}")
    try:
        yield opened
    finally:
        opened.close()
