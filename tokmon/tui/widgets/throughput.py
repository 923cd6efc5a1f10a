"""How fast the run goes, now and over its life, and where its time goes if its log tells that."""

import numpy as np
from textual.content import Content
from textual.geometry import Size

from tokmon.monitor.series import Floats
from tokmon.monitor.state import RunState
from tokmon.monitor.time_spent import TimeSpent
from tokmon.report import figures
from tokmon.tui.text import MUTED, STRONG, Part, fit, words
from tokmon.tui.widgets.pane import Pane
from tokmon.tui.widgets.time_bar import time_bar, time_labels

# A sparkline between its own extremes turns noise into mountains: it spans 10 % about the mean
# at least, so that a steady speed is a level line.
_MIN_SPAN = 0.1
# Sparkline, numbers, bar and its legend; on fewer rows the shares stand in words alone.
_BAR_ROWS = 4
_BORDER = 6


class Throughput(Pane):
    """Steps per second as a sparkline and in numbers, then the time by what it went into.

    On one row the numbers stand alone; a second is the shares' where there are any, a third the
    sparkline's. The title says how well the device is used.
    """

    BORDER_TITLE = "Throughput"
    _titled = TimeSpent()

    def inputs(self, state: RunState) -> tuple[object, ...]:
        return (state.frame, state.time_spent)

    def watch_state(self, state: RunState) -> None:
        # Not at every state: to set a title is to repaint.
        if state.time_spent != self._titled:
            self._titled = state.time_spent
            self._entitle()
        super().watch_state(state)

    def on_resize(self) -> None:
        self._entitle()

    def draw(self, state: RunState, size: Size) -> Content:
        width, height = size
        times = self._times(state, width, height)
        values = state.frame.series("steps_per_sec").finite().values
        if not len(values):
            return Content("\n").join([words(("no speed logged yet", MUTED)), *times])
        lines = [fit(self._numbers(state, values), width, gap="  "), *times]
        if len(lines) < height:
            lines.insert(0, words((sparkline(values, width, self.glyphs.spark), "$primary")))
        return Content("\n").join(lines)

    def _times(self, state: RunState, width: int, height: int) -> list[Content]:
        shares = state.time_spent.shares
        if not shares or height == 1:
            return []
        has_bar = height >= _BAR_ROWS
        labels = time_labels(shares, width, self.glyphs, is_legend=has_bar)
        lines = [time_bar(shares, width, self.glyphs), labels] if has_bar else [labels]
        return [line for line in lines if line]

    def _entitle(self) -> None:
        spent, parts = self._titled, []
        if spent.mfu is not None:
            parts.append(Part(words("MFU ", (figures.utilisation(spent.mfu), STRONG))))
        if spent.floor_share is not None:
            share = figures.utilisation(spent.floor_share)
            parts.append(Part(words((share, STRONG), " of floor"), 1))
        name = f"{self.BORDER_TITLE}   "
        facts = fit(parts, self.outer_size.width - _BORDER - len(name))
        self.border_title = words(name, facts) if facts else self.BORDER_TITLE

    def _numbers(self, state: RunState, values: Floats) -> list[Part]:
        mean = figures.rate(float(values.mean()))
        now = figures.rate(float(values[-1]))
        parts = [
            Part(words((now, STRONG), " steps/s")),
            Part(words(("mean ", MUTED), mean), 2),
        ]
        if state.tokens_per_sec is not None:
            tokens = figures.compact(state.tokens_per_sec)
            parts.append(Part(words((tokens, STRONG), " tokens/s"), 1))
        low, high = figures.rate(float(values.min())), figures.rate(float(values.max()))
        parts.append(Part(words(("min ", MUTED), low, (" max ", MUTED), high), 3))
        return parts


def sparkline(values: Floats, width: int, signs: str) -> str:
    """Return `width` signs at most; each is the mean of an equal share of the values."""
    shares = np.array_split(values, min(width, len(values)))
    means = np.array([share.mean() for share in shares])
    mean = float(means.mean())
    low = min(float(means.min()), mean * (1 - _MIN_SPAN))
    high = max(float(means.max()), mean * (1 + _MIN_SPAN))
    if high <= low:
        return signs[0] * len(means)
    levels = np.clip((means - low) / (high - low) * len(signs), 0, len(signs) - 1)
    return "".join(signs[int(level)] for level in levels)
