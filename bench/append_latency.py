"""How long until a line appended to a log is on the screen of `tokmon watch`?

A real tmux pane of 160 x 45 cells, a real file that grows; the screen is read with capture-pane
every few milliseconds. Also what the monitor costs while nothing happens.

    python bench/append_latency.py [--appends 40] [--history 500]
"""

import argparse
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.runs.builder import RunBuilder

COLUMNS, ROWS = 160, 45
READ_S = 0.005
PATIENCE_S = 20.0
IDLE_S = 8.0
PROGRAM = "from tokmon.cli.watch import watch; watch()"


class Pane:
    """One program in a private tmux server."""

    def __init__(self, server: str, command: list[str]) -> None:
        self._tmux = ["tmux", "-u", "-L", server]
        environment = {**os.environ, "LANG": "C.UTF-8", "TERM": "xterm-256color"}
        size = ["-x", str(COLUMNS), "-y", str(ROWS)]
        subprocess.run(
            [*self._tmux, "-f", os.devnull, "new-session", "-d", *size, *command],
            check=True,
            env=environment,
        )

    def wait_for(self, text: str) -> float:
        """Return the moment at which `text` was first seen."""
        give_up_at = time.monotonic() + PATIENCE_S
        while text not in self.text():
            if time.monotonic() > give_up_at:
                raise TimeoutError(f"{text!r} did not show:\n{self.text()}")
            time.sleep(READ_S)
        return time.monotonic()

    def text(self) -> str:
        return self._output("capture-pane", "-p")

    def process(self) -> psutil.Process:
        return psutil.Process(int(self._output("display-message", "-p", "#{pane_pid}")))

    def close(self) -> None:
        subprocess.run([*self._tmux, "kill-server"], check=False)

    def _output(self, *command: str) -> str:
        done = subprocess.run([*self._tmux, *command], capture_output=True, check=True)
        return done.stdout.decode(errors="replace")


@contextmanager
def pane(command: list[str]) -> Iterator[Pane]:
    opened = Pane(f"tokmon-bench-{os.getpid()}", command)
    try:
        yield opened
    finally:
        opened.close()


def latencies(shown: Pane, builder: RunBuilder, appends: int) -> list[float]:
    """Append lines at irregular moments; return the seconds until each is seen."""
    chance = random.Random(1)
    found = []
    for _ in range(appends):
        time.sleep(chance.uniform(0.3, 1.3))
        record = builder.line()
        appended_at = time.monotonic()
        found.append(shown.wait_for(f"{record.step:,}") - appended_at)
    return found


def idle_cost(process: psutil.Process) -> tuple[float, float]:
    """Return CPU percent of one core and resident MiB while nothing happens."""
    before = process.cpu_times()
    time.sleep(IDLE_S)
    after = process.cpu_times()
    used_s = (after.user + after.system) - (before.user + before.system)
    return 100 * used_s / IDLE_S, process.memory_info().rss / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--appends", type=int, default=40)
    parser.add_argument("--history", type=int, default=500, help="lines there from the start")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        builder = RunBuilder(logs=Path(folder), max_steps=10**6, is_this_process=True)
        builder.write(options.history)
        command = [sys.executable, "-c", PROGRAM, str(builder.run.path)]
        started_at = time.monotonic()
        with pane(command) as shown:
            first_s = shown.wait_for(f"{builder.step:,}") - started_at
            seconds = latencies(shown, builder, options.appends)
            cpu_percent, memory_mib = idle_cost(shown.process())
    seconds.sort()
    print(f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    rows = {
        "appends": f"{len(seconds)}",
        "median": f"{1000 * statistics.median(seconds):.0f} ms",
        "p95": f"{1000 * seconds[int(0.95 * (len(seconds) - 1))]:.0f} ms",
        "longest": f"{1000 * seconds[-1]:.0f} ms",
        "first screen": f"{1000 * first_s:.0f} ms",
        "idle CPU": f"{cpu_percent:.2f} % of a core",
        "memory": f"{memory_mib:.0f} MiB resident",
    }
    for name, value in rows.items():
        print(f"| {name:<12} | {value:>20} |")


if __name__ == "__main__":
    main()
