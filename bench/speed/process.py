"""Runs one program to its end or to a limit, and never leaves anything of it behind."""

import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

import psutil

_GONE_S = 10.0


class Ended(NamedTuple):
    """What became of a program."""

    exit_code: int | None
    """Negative for a signal; None where it ran over its limit."""
    stdout: str
    stderr: str

    @property
    def fault(self) -> str:
        """Why it failed, in a line; empty for a success."""
        if self.exit_code == 0:
            return ""
        if self.exit_code is None:
            return "ran over its time"
        if self.exit_code < 0:
            return f"killed by signal {-self.exit_code}"
        return _last_words(self.stderr)


def run_to_end(
    command: Sequence[str], limit_s: float, cwd: Path, environment: Mapping[str, str]
) -> Ended:
    """Wait for `command`; what it started is ended with it, at the limit and on any exception."""
    # Files, not pipes: a grandchild that lives on would keep a pipe open, and this waiting for it.
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        try:
            exit_code = _waited_for(process, limit_s)
        finally:
            if process.poll() is None:
                _end(process)
        return Ended(exit_code, _text(out), _text(err))


def _waited_for(process: "subprocess.Popen[bytes]", limit_s: float) -> int | None:
    try:
        return process.wait(limit_s)
    except subprocess.TimeoutExpired:
        return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Kill the whole tree: torchrun gives each of its workers a session of its own."""
    try:
        tree = psutil.Process(process.pid).children(recursive=True)
    except psutil.NoSuchProcess:
        tree = []
    process.kill()
    for child in tree:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(tree, timeout=_GONE_S)
    process.wait()


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode(errors="replace")


def _last_words(text: str) -> str:
    """Return the last line with a letter in it: some close with a rule."""
    lines = (line.strip() for line in reversed(text.splitlines()))
    return next((line for line in lines if any(map(str.isalpha, line))), "it said nothing")
