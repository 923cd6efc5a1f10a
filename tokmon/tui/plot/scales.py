"""The lines, ticks and labels around the curves. Knows nothing of what the curves are."""

import numpy as np

from tokmon.monitor.axis import Axis, tick_labels
from tokmon.monitor.places import XAxis
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.marks import Marked, sign
from tokmon.tui.plot.sheet import Area, Layer, Sheet
from tokmon.tui.plot.time_ticks import Tick, clock_ticks, duration_ticks

_ROWS_A_TICK = 3
_COLUMNS_A_TICK = 12


def y_labels(axis: Axis, height: int) -> dict[int, str]:
    """Return the tick labels by row."""
    ticks = axis.ticks(max(2, height // _ROWS_A_TICK))
    rows = np.rint((1 - axis.unit(np.array(ticks))) * (height - 1)).astype(int)
    return dict(zip(rows.tolist(), tick_labels(ticks), strict=True))


def draw_scales(sheet: Sheet, labels: dict[int, str], area: Area, glyphs: Glyphs) -> None:
    """Draw both lines, and the y ticks with their labels."""
    for row in range(area.height):
        label = labels.get(row, "")
        line = glyphs.tick_y if row in labels else glyphs.line_y
        sheet.write(row, 0, f"{label:>{area.left - 1}}{line}", Layer.AXIS)
    bottom = " " * (area.left - 1) + glyphs.corner + glyphs.line_x * area.width
    sheet.write(area.height, 0, bottom, Layer.AXIS)


def draw_x_ticks(sheet: Sheet, ticks: list[Tick], axis: Axis, area: Area, glyphs: Glyphs) -> None:
    """Draw ticks on the x line, and below it the labels that there is room for."""
    free_from = 0
    for place, label in ticks:
        column = column_of(place, axis, area)
        sheet.write(area.height, column, glyphs.tick_x, Layer.AXIS)
        start = min(max(0, column - len(label) // 2), sheet.width - len(label))
        if start >= free_from:
            sheet.write(area.height + 1, start, label, Layer.AXIS)
            free_from = start + len(label) + 1


def x_ticks(axis: Axis, kind: XAxis, width: int) -> list[Tick]:
    """Return ticks as fit `width` columns, in the form of their axis."""
    most = max(2, width // _COLUMNS_A_TICK)
    timed = {XAxis.WALL: clock_ticks, XAxis.RELATIVE: duration_ticks}.get(kind)
    if timed is not None and (ticks := timed(axis.low, axis.high, most)):
        return ticks
    places = axis.ticks(most)
    return list(zip(places, tick_labels(places), strict=True))


def draw_marks(sheet: Sheet, marks: list[Marked], axis: Axis, area: Area, glyphs: Glyphs) -> None:
    """Put the signs of what happened on the x line."""
    for marked in sorted(marks, key=lambda marked: marked.mark):
        if axis.low <= marked.x <= axis.high:
            layer = Layer.ALERT if marked.mark.is_alert else Layer.MARK
            text = sign(marked.mark, is_ascii=glyphs.is_ascii)
            sheet.write(area.height, column_of(marked.x, axis, area), text, layer)


def column_of(x: float, axis: Axis, area: Area) -> int:
    """Return the column of a place that lies on the axis."""
    unit = float(axis.unit(np.array([x]))[0])
    return area.left + min(area.width - 1, int(unit * area.width))
