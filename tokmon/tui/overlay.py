"""Curves of several runs over each other as characters, with axes. Pure; the widget adds colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.alignment import AlignedCurve, Along, thinned
from tokmon.monitor.axis import Axis
from tokmon.monitor.curve import Curve
from tokmon.monitor.envelope import Envelope, envelope
from tokmon.monitor.places import Places
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.overlay_axes import Plot, draw_x_axis, draw_y_axis, plot_of, row_of
from tokmon.tui.overlay_sheet import Drawing, Sheet
from tokmon.tui.plot.canvas import ASCII, BRAILLE, dots, picture

MAX_POINTS = 8192
"""Of a curve that is drawn: sixteen for each dot of a wide terminal."""
_MIN_WIDTH, _MIN_HEIGHT = 16, 4


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One run's curve."""

    label: str
    """One letter; it stands at the end of the curve, and in ASCII the curve is made of it."""
    curve: AlignedCurve


def drawable(curve: AlignedCurve) -> AlignedCurve:
    """Return a curve with no more points than can be drawn; no extreme is lost."""
    return thinned(curve, MAX_POINTS)


def draw(
    lines: Sequence[Line],
    along: Along,
    size: tuple[int, int],
    glyphs: Glyphs,
    *,
    is_log: bool = False,
    has_zero: bool = False,
    note: str = "",
) -> Drawing:
    """Return the chart, exactly of `size`, width and height.

    Args:
        lines: `drawable` curves, the last on top.
        along: what x counts.
        size: in characters.
        glyphs: to draw with.
        is_log: whether y is logarithmic.
        has_zero: show y = 0 and draw a line there.
        note: what to say if there is no point.
    """
    width, height = size
    sheet = Sheet(max(0, width), max(0, height))
    if width < _MIN_WIDTH or height < _MIN_HEIGHT:
        return sheet.drawing()
    if not any(len(line.curve) for line in lines):
        sheet.write(height // 2, max(0, (width - len(note)) // 2), note)
        return sheet.drawing()
    plot, labels = plot_of([line.curve for line in lines], size, is_log=is_log, has_zero=has_zero)
    draw_y_axis(sheet, plot, labels, glyphs)
    draw_x_axis(sheet, plot, along, glyphs)
    if has_zero:
        sheet.write(row_of(plot, 0.0), plot.gutter, glyphs.line_x * plot.width)
    _draw_lines(sheet, plot, [line.label for line in lines], glyphs)
    return sheet.drawing()


def _draw_lines(sheet: Sheet, plot: Plot, labels: list[str], glyphs: Glyphs) -> None:
    resolution = ASCII if glyphs.is_ascii else BRAILLE
    columns, rows = plot.width * resolution.across, plot.height * resolution.down
    spans = [_span(of, plot.x_axis, columns) for of in plot.curves]
    layers = [dots(span, plot.y_axis, rows) for span in spans]
    characters, topmost = picture(layers, resolution, "".join(labels).lower())
    is_drawn = topmost >= 0
    area = np.s_[: plot.height, plot.gutter :]
    sheet.characters[area][is_drawn] = characters[is_drawn]
    sheet.layers[area][is_drawn] = topmost[is_drawn]
    taken: set[tuple[int, int]] = set()
    for index, (of, label) in enumerate(zip(plot.curves, labels, strict=True)):
        if len(of):
            _label_end(sheet, plot, of, (index, label), taken)


def _span(of: AlignedCurve, x_axis: Axis, columns: int) -> Envelope:
    drawn = Curve()
    drawn.follow(of.y, np.ones(len(of), dtype=np.bool_))
    places = Places(of.x, np.arange(len(of)))
    return envelope(drawn, places, x_axis.low, x_axis.high, columns)


def _label_end(
    sheet: Sheet,
    plot: Plot,
    of: AlignedCurve,
    named: tuple[int, str],
    taken: set[tuple[int, int]],
) -> None:
    """Write a curve's letter at its last point; beside it where another letter stands there."""
    index, label = named
    share = float(plot.x_axis.unit(of.x[-1:])[0])
    column = plot.gutter + min(plot.width - 1, int(share * plot.width))
    row = row_of(plot, float(of.y[-1]))
    while (row, column) in taken and column > plot.gutter:
        column -= 1
    taken.add((row, column))
    sheet.write(row, column, label, index)
