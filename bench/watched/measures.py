"""What is measured of a program in a pane: how soon it shows, how it answers, what it costs."""

import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.watched.logs import line
from bench.watched.pane import NotSeenError, Pane, pane
from bench.watched.programs import Program

_PATIENCE_S = 20.0
_REST_S = 12.0
"""Until a program is idle: tokmon counts the seconds since the last line up to ten."""
_IDLE_S = 20.0
_BUSY_S = 10.0
_BUSY_LINES_PER_SEC = 20
_FRAME_S = 0.02
_BETWEEN_KEYS_S = 0.3
_LEGEND = "log y"


class Opening(NamedTuple):
    """From the start of the program; None where it was not in time."""

    newest_s: float | None
    """Until the newest step is on the screen."""
    all_s: float | None
    """Until the whole curve is."""
    longest_key_s: float | None
    """A key pressed while it loads, until the screen has obeyed: the slowest of all."""
    memory_bytes: int
    """Resident, when all is there."""


class Following(NamedTuple):
    """While the log grows, and while it does not."""

    seconds: list[float]
    """From each appended line to its step on the screen, ascending."""
    idle_cpu_pct: float
    """Of one core, while nothing is appended."""
    idle_bytes_per_sec: float
    """Sent to the terminal meanwhile."""
    repaints_per_sec: float
    """Bursts of output while many lines come every second."""

    @property
    def median_s(self) -> float:
        return statistics.median(self.seconds)

    @property
    def p95_s(self) -> float:
        return self.seconds[int(0.95 * (len(self.seconds) - 1))]


def opening(program: Program, folder: Path, patience_s: float) -> Opening:
    """Start a program and watch it load."""
    with pane(program.command, folder) as shown:
        newest_s = _seconds(shown, program.shows_newest, patience_s)
        keys = _keys_while_loading(shown, program) if program.has_keys else []
        left_s = patience_s - (time.monotonic() - shown.started_at)
        all_s = _seconds(shown, program.shows_all, left_s) if newest_s is not None else None
        return Opening(newest_s, all_s, max(keys, default=None), shown.memory_bytes())


def _seconds(shown: Pane, is_there: Callable[[str], bool], patience_s: float) -> float | None:
    try:
        return shown.wait(is_there, patience_s) - shown.started_at
    except NotSeenError:
        return None


def _keys_while_loading(shown: Pane, program: Program) -> list[float]:
    """Turn the logarithmic axis on and off until all is loaded; return how long each took."""
    found = []
    shown.wait(lambda screen: "Loss" in screen, _PATIENCE_S)
    is_log = False
    while True:
        is_log, pressed_at = not is_log, time.monotonic()
        shown.press("y")
        seen_at = shown.wait(lambda screen, asked=is_log: (_LEGEND in screen) is asked, _PATIENCE_S)
        found.append(seen_at - pressed_at)
        if program.shows_all(shown.text()):
            return found
        time.sleep(_BETWEEN_KEYS_S)


def following(program: Program, log: Path, lines: int, appends: int, folder: Path) -> Following:
    """Start a program on a log, let the log grow, and let it rest."""
    chance = random.Random(2)
    with pane(program.command, folder) as shown:
        shown.wait(program.shows_all, _PATIENCE_S)
        time.sleep(2)
        seconds = []
        for step in range(lines + 1, lines + appends + 1):
            time.sleep(chance.uniform(0.3, 1.3))
            appended_at = _append(log, step, lines, chance)
            wanted = program.newest.replace(_figures(program, lines), _figures(program, step))
            is_there = lambda screen, text=wanted: text in screen  # noqa: E731
            seconds.append(shown.wait(is_there, _PATIENCE_S) - appended_at)
        repaints_per_sec = _repaints(shown, log, lines + appends + 1, lines)
        idle = _idle(shown)
    return Following(sorted(seconds), *idle, repaints_per_sec)


def _figures(program: Program, step: int) -> str:
    return f"{step:,}" if program.has_keys else str(step)


def _append(log: Path, step: int, lines: int, chance: random.Random) -> float:
    with log.open("a", encoding="utf-8", newline="\n") as file:
        file.write(line(step, lines, chance))
    return time.monotonic()


def _idle(shown: Pane) -> tuple[float, float]:
    time.sleep(_REST_S)
    cpu_s, sent, begin = shown.cpu_s(), shown.sent_bytes(), time.monotonic()
    time.sleep(_IDLE_S)
    took_s = time.monotonic() - begin
    return 100 * (shown.cpu_s() - cpu_s) / took_s, (shown.sent_bytes() - sent) / took_s


def _repaints(shown: Pane, log: Path, step: int, lines: int) -> float:
    """Append lines faster than anyone reads; return how often a second something was sent."""
    chance, bursts, begin = random.Random(3), 0, time.monotonic()
    sent, was_quiet, due_s = shown.sent_bytes(), True, 0.0
    while (elapsed_s := time.monotonic() - begin) < _BUSY_S:
        if elapsed_s >= due_s:
            _append(log, step, lines, chance)
            step, due_s = step + 1, due_s + 1 / _BUSY_LINES_PER_SEC
        time.sleep(_FRAME_S)
        now_sent = shown.sent_bytes()
        is_quiet = now_sent == sent
        bursts += was_quiet and not is_quiet
        sent, was_quiet = now_sent, is_quiet
    return bursts / _BUSY_S
