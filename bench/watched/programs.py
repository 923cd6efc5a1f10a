"""What can show a long log in a terminal, and how one sees that it does."""

import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import psutil

from tokmon.rundir.layout import RunDir

_TOKMON = "from tokmon.cli import main; main()"
_READING = re.compile(r"reading log \d+%")


class Program(NamedTuple):
    """A program with a log to show."""

    name: str
    command: Sequence[str]
    newest: str
    """What is on the screen when the newest step is."""
    has_keys: bool = False
    """Whether it is tokmon, whose keys are tried while it loads."""

    def shows_newest(self, screen: str) -> bool:
        return self.newest in screen

    def shows_all(self, screen: str) -> bool:
        """Say whether the whole curve is there; only tokmon shows the newest before it."""
        is_drawn = not self.has_keys or "Best checkpoint" in screen
        return self.newest in screen and is_drawn and not _READING.search(screen)


def tokmon(run: RunDir, lines: int) -> Program:
    command = [sys.executable, "-c", _TOKMON, "watch", str(run.path)]
    return Program("tokmon watch", command, f"{lines:,}", has_keys=True)


def tail(run: RunDir, lines: int) -> Program:
    return Program("tail -f", ["tail", "-n", "40", "-f", str(run.log)], f'{{"step":{lines},')


def leet(python: Path, run: Path, lines: int) -> Program:
    command = [str(python.parent / "wandb"), "leet", str(run)]
    return Program("wandb leet", command, f" {lines - 1} ")


def until_tensorboard_has_all(
    python: Path, folder: Path, lines: int, patience_s: float
) -> tuple[float | None, float]:
    """Start a TensorBoard server and ask it for the newest step.

    Returns:
        Seconds until it served that, None if it did not in time; and its resident memory, bytes.
    """
    port = _free_port()
    command = [python.parent / "tensorboard", "--logdir", folder, "--port", str(port)]
    address = f"http://127.0.0.1:{port}/data/plugin/scalars/scalars?run=.&tag=train_loss"
    begin = time.monotonic()
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        took_s = None
        while took_s is None and time.monotonic() - begin < patience_s:
            if f",{lines - 1}," in _fetched(address).replace(" ", "").replace(".0,", ","):
                took_s = time.monotonic() - begin
            time.sleep(0.1)
        process = psutil.Process(server.pid)
        family = [process, *process.children(recursive=True)]
        return took_s, sum(each.memory_info().rss for each in family)
    finally:
        server.kill()
        server.wait()


def _fetched(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return answer.read().decode()
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return ""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
