"""The page of results: who shows a long log how soon, and at what cost."""

import time
from typing import Any

from bench.watched.measures import Following, Opening

_MIB = 2**20
_PAGE = """# A long log, until it is on the screen

`{command}`, {date}, tokmon {revision}

Machine: {cpu}, {cores} cores, {memory_gib} GiB, {system}. A real tmux pane of 160x45, read with
capture-pane.

## A log of {lines:,} lines, opened

| program | newest step | whole curve | slowest key meanwhile | memory |
| --- | --- | --- | --- | --- |
{openings}

Asked of tokmon: 0.6 s, 4 s, keys live throughout, 150 MB. It keeps 14 numbers a line, the others
4; `tail` keeps none and draws no curve. TensorBoard is a server: its time is until it serves the
newest step, without the browser. While tokmon loads, a key that redraws the chart is pressed three
times a second, which is in its times.

## The same log, while it grows

| program | new line shown, median | p95 | idle CPU | idle output | repaints at 20 lines/s |
| --- | --- | --- | --- | --- | --- |
{followings}

Asked of tokmon: p95 under 300 ms, idle CPU under 0.5 %, at most 4 repaints a second.
"""


def page(
    facts: dict[str, Any],
    openings: dict[str, Opening],
    followings: dict[str, Following],
) -> str:
    """Return the page."""
    limit_s = facts["patience_s"]
    return _PAGE.format(
        **facts | facts["machine"],
        date=time.strftime("%Y-%m-%d"),
        openings="\n".join(_opening(name, found, limit_s) for name, found in openings.items()),
        followings="\n".join(_following(name, found) for name, found in followings.items()),
    )


def _opening(name: str, found: Opening, limit_s: float) -> str:
    late = f"not within {limit_s:.0f} s"
    key = "" if found.longest_key_s is None else f"{1e3 * found.longest_key_s:.0f} ms"
    cells = [
        name,
        late if found.newest_s is None else f"{found.newest_s:.2f} s",
        late if found.all_s is None else f"{found.all_s:.2f} s",
        key,
        f"{found.memory_bytes / _MIB:.0f} MiB",
    ]
    return f"| {' | '.join(cells)} |"


def _following(name: str, found: Following) -> str:
    cells = [
        name,
        f"{1e3 * found.median_s:.0f} ms",
        f"{1e3 * found.p95_s:.0f} ms",
        f"{found.idle_cpu_pct:.2f} %",
        f"{found.idle_bytes_per_sec:.0f} B/s",
        f"{found.repaints_per_sec:.1f} /s",
    ]
    return f"| {' | '.join(cells)} |"
