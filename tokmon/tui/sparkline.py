"""A curve on one line of characters. Pure."""

import math

from tokmon.monitor.state import Phase
from tokmon.tui.glyphs import Glyphs


def sparkline(values: tuple[float, ...], points: int, glyphs: Glyphs) -> str:
    """Return a curve of at most `points` characters, by the logarithm where all are above zero.

    Each character is the highest of its values; where none is finite it is the sign of a crash.
    """
    groups = min(points, len(values))
    parts = [
        values[len(values) * i // groups : len(values) * (i + 1) // groups] for i in range(groups)
    ]
    highest = [max(filter(math.isfinite, part), default=None) for part in parts]
    known = [value for value in highest if value is not None]
    if not known:
        return glyphs.phases[Phase.CRASHED] * groups
    is_log = min(known) > 0
    low, high = min(known), max(known)
    return "".join(
        glyphs.phases[Phase.CRASHED]
        if value is None
        else glyphs.spark[_height(value, low, high, is_log=is_log)]
        for value in highest
    )


def _height(value: float, low: float, high: float, *, is_log: bool) -> int:
    if is_log:
        value, low, high = math.log(value), math.log(low), math.log(high)
    return round(7 * (value - low) / (high - low)) if high > low else 0
