"""Starts the benchmarks as users do."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[2]
PATIENCE_S = 150.0


def command(name: str, *words: str) -> list[str]:
    """Return the command line of `bench/NAME.py`."""
    return [sys.executable, str(ROOT / "bench" / f"{name}.py"), *words]


def bench(name: str, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end."""
    return subprocess.run(
        command(name, *words),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        env=os.environ | environment,
    )


def stopped_after(
    sign: str, number: signal.Signals, folder: Path, name: str, *words: str
) -> tuple[int, str, list[psutil.Process]]:
    """Send a signal when `sign` stands on stderr and a process is at work again.

    Returns:
        Exit code, stderr, and the processes that were at work.
    """
    errors = folder / "stderr.txt"
    with errors.open("w") as file:
        process = subprocess.Popen(command(name, *words), stdout=subprocess.DEVNULL, stderr=file)
    try:
        own = psutil.Process(process.pid)
        end = time.monotonic() + PATIENCE_S
        while sign not in errors.read_text() or not own.children():
            assert process.poll() is None, errors.read_text()
            assert time.monotonic() < end, errors.read_text()
            time.sleep(0.02)
        at_work = own.children(recursive=True)
        process.send_signal(number)
        return process.wait(PATIENCE_S), errors.read_text(), at_work
    finally:
        process.kill()
