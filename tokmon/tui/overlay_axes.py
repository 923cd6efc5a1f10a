"""The area within the axes of curves over each other, and the axes themselves. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.alignment import AlignedCurve, Along
from tokmon.monitor.axis import Axis, tick_label
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.overlay_sheet import Sheet

_MARGIN = 0.05
_ROWS_A_TICK, _COLUMNS_A_TICK = 3, 12
_TIME_UNITS = ((7200.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))


@dataclass(frozen=True, slots=True, eq=False)
class Plot:
    """The area within the axes."""

    curves: Sequence[AlignedCurve]
    x_axis: Axis
    y_axis: Axis
    gutter: int
    width: int
    height: int


def plot_of(
    curves: Sequence[AlignedCurve], size: tuple[int, int], *, is_log: bool, has_zero: bool
) -> tuple[Plot, dict[int, str]]:
    """Return the area for some curves within `size`, and the labels of y by their row."""
    width, height = size[0], size[1] - 2
    x = np.concatenate([curve.x for curve in curves])
    y = np.concatenate([*(curve.y for curve in curves), np.zeros(int(has_zero))])
    y_axis = Axis.over(y, is_log=is_log, margin=_MARGIN)
    low = float(x.min()) if x.min() > x.max() / 2 else 0.0
    x_axis = Axis(low, max(float(x.max()), low + 1))
    ticks = np.array(y_axis.ticks(max(2, height // _ROWS_A_TICK)))
    rows = np.rint((1 - y_axis.unit(ticks)) * (height - 1)).astype(int)
    labels = {int(row): tick_label(tick) for row, tick in zip(rows, ticks.tolist(), strict=True)}
    gutter = max((len(label) for label in labels.values()), default=0) + 1
    return Plot(curves, x_axis, y_axis, gutter, width - gutter, height), labels


def row_of(plot: Plot, value: float) -> int:
    """Return the row that a value is nearest to."""
    unit = float(plot.y_axis.unit(np.array([value]))[0])
    if not np.isfinite(unit):  # what a logarithmic axis has no place for
        return plot.height - 1
    return int(np.clip(np.rint((1 - unit) * (plot.height - 1)), 0, plot.height - 1))


def draw_y_axis(sheet: Sheet, plot: Plot, labels: dict[int, str], glyphs: Glyphs) -> None:
    """Draw the left edge and the bottom line."""
    for row in range(plot.height):
        line = glyphs.tick_y if row in labels else glyphs.line_y
        sheet.write(row, 0, f"{labels.get(row, ''):>{plot.gutter - 1}}{line}")
    bottom = " " * (plot.gutter - 1) + glyphs.corner + glyphs.line_x * plot.width
    sheet.write(plot.height, 0, bottom)


def draw_x_axis(sheet: Sheet, plot: Plot, along: Along, glyphs: Glyphs) -> None:
    """Draw ticks, their labels, and the unit."""
    scale, unit = _x_unit(plot.x_axis.high, along)
    axis = Axis(plot.x_axis.low / scale, plot.x_axis.high / scale)
    free_from, end = 0, plot.gutter + plot.width
    unit_at = end - len(unit)
    sheet.write(plot.height + 1, unit_at, unit)
    for tick in axis.ticks(max(2, plot.width // _COLUMNS_A_TICK)):
        share = float(axis.unit(np.array([tick]))[0])
        column = plot.gutter + min(plot.width - 1, int(share * plot.width))
        sheet.write(plot.height, column, glyphs.tick_x)
        label = tick_label(tick)
        start = max(0, column - len(label) // 2)
        if free_from <= start < unit_at - len(label):
            sheet.write(plot.height + 1, start, label)
            free_from = start + len(label) + 1


def _x_unit(high: float, along: Along) -> tuple[float, str]:
    if along is not Along.TIME:
        return 1.0, {Along.STEP: "steps", Along.TOKENS: "tokens"}[along]
    _, seconds, unit = next(found for found in _TIME_UNITS if high >= found[0])
    return seconds, unit
