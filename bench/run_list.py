"""How long does a list of 2,000 runs take? Real files, logs from one line to 1 MB, every state.

    python bench/run_list.py [--runs 2000] [--repeat 5] [--folder DIR]

The reader alone: until a screenful is known, until all are, and a look at all without changes. The
screen (Textual without a terminal, 160 x 45), from before its start: until rows stand on it, until
all are listed; then what a key and a filter cost. Times are medians (lowest to highest).
"""

import argparse
import asyncio
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.monitor.many_runs import write_many
from tests.tui.listing import ListingApp
from tests.tui.screens import until
from tokmon.monitor.run_list import RunList
from tokmon.tui.glyphs import UNICODE
from tokmon.tui.screens.runs import RunsScreen
from tokmon.tui.widgets.run_rows import RunRows

SCREENFUL = 40
LOOKS = 10

Times = dict[str, list[float]]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=2000)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="made once and kept; else a temporary one")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        logs = options.folder or Path(scratch)
        if not (logs / "train_run_0000").is_dir():
            write_many(logs, options.runs)
        times: Times = {}
        for _ in range(options.repeat):
            read(logs, times)
            asyncio.run(show(logs, times))
        report(logs, times)


def read(logs: Path, times: Times) -> None:
    """Time the reader alone."""
    began = time.perf_counter()
    runs = RunList([logs])
    state = runs.poll(time.time())
    add(times, "reader: first rows", time.perf_counter() - began)
    while state.is_reading:
        state = runs.poll(time.time())
    add(times, "reader: all rows", time.perf_counter() - began)
    for _ in range(LOOKS):
        began = time.perf_counter()
        runs.poll(time.time())
        add(times, "reader: a look without changes", time.perf_counter() - began)


async def show(logs: Path, times: Times) -> None:
    """Time the screen, its thread and all."""
    began = time.perf_counter()
    screen = RunsScreen(RunList([logs]), str(logs), UNICODE)
    async with ListingApp(screen).run_test(size=(160, 45)) as pilot:
        await until(pilot, lambda: len(screen.state.runs) >= SCREENFUL)
        add(times, "screen: first rows", time.perf_counter() - began)
        await until(pilot, lambda: not screen.state.is_reading)
        add(times, "screen: all rows", time.perf_counter() - began)
        rows = screen.query_one(RunRows)
        for _ in range(LOOKS):
            add(times, "screen: cursor down, drawn", timed(rows, rows.action_move, 1))
            add(times, "screen: last row, drawn", timed(rows, rows.action_go, -1))
            rows.action_go(0)
            add(times, "screen: sorted and drawn anew", timed(rows, screen.action_order))


def timed(rows: RunRows, action: Any, *arguments: int) -> float:
    """Return what an action takes with all lines on the screen drawn once more."""
    began = time.perf_counter()
    action(*arguments)
    for y in range(rows.size.height):
        rows.render_line(y)
    return time.perf_counter() - began


def add(times: Times, name: str, seconds: float) -> None:
    times.setdefault(name, []).append(seconds)


def report(logs: Path, times: Times) -> None:
    sizes = [path.stat().st_size for path in logs.glob("*/*_log.jsonl")]
    print(f"{len(sizes):,} logs, {sum(sizes) / 2**20:,.0f} MiB, the largest {max(sizes):,} bytes")
    print(f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of all repeats together {peak:,.0f} MiB\n")
    print("| what | median ms | lowest | highest |\n| --- | --- | --- | --- |")
    for name, found in times.items():
        figures = (statistics.median(found), min(found), max(found))
        print(f"| {name} | " + " | ".join(f"{1000 * seconds:,.1f}" for seconds in figures) + " |")


if __name__ == "__main__":
    main()
