"""Runs the `tokmon` command as a user would: a process of its own."""

import os
import subprocess
import sys
from pathlib import Path


def command(*arguments: str) -> list[str]:
    """Return the command line of `tokmon ARGUMENTS`."""
    return [sys.executable, "-P", "-m", "tokmon", *arguments]


def tokmon(
    *arguments: str, timeout_s: float = 120, cwd: Path | None = None, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
        cwd=cwd,
        env=os.environ | environment,
    )


def is_one_line(answer: subprocess.CompletedProcess[str]) -> bool:
    """Say whether a command failed with one line on stderr and nothing on stdout."""
    return (
        answer.returncode in (1, 2)
        and answer.stdout == ""
        and len(answer.stderr.strip().splitlines()) == 1
        and answer.stderr.startswith("Error: ")
    )
