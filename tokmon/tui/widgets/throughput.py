"""How fast the run goes, now and over its life, as a sparkline and in numbers."""

import numpy as np
from textual.content import Content
from textual.geometry import Size

from tokmon.monitor.series import Floats
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.tui.text import MUTED, STRONG, Part, fit, words
from tokmon.tui.widgets.pane import Pane

# A sparkline between its own extremes turns noise into mountains: it spans 10 % about the mean
# at least, so that a steady speed is a level line.
_MIN_SPAN = 0.1


class Throughput(Pane):
    """A sparkline of steps per second above its numbers."""

    BORDER_TITLE = "Throughput"

    def inputs(self, state: RunState) -> tuple[object, ...]:
        return (state.frame,)

    def draw(self, state: RunState, size: Size) -> Content:
        width, height = size
        values = state.frame.series("steps_per_sec").finite().values
        if not len(values):
            return words(("no speed logged yet", MUTED))
        numbers = fit(self._numbers(state, values), width, gap="  ")
        if height == 1:
            return numbers
        line = sparkline(values, width, self.glyphs.spark)
        return words((line, "$primary"), "\n") + numbers

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
