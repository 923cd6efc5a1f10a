"""Curves of several runs over each other as characters, with axes. Pure; the widget adds colour."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from tokmon.monitor.alignment import AlignedCurve, Along, thinned
from tokmon.monitor.curve import Curve
from tokmon.monitor.places import Places
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.axis import Axis, tick_label
from tokmon.tui.plot.canvas import ASCII, BRAILLE, dots, picture
from tokmon.tui.plot.envelope import Envelope, envelope

AXIS_LAYER = -1
BLANK_LAYER = -2
MAX_POINTS = 8192
"""Of a curve that is drawn: sixteen for each dot of a wide terminal."""
_MARGIN = 0.05
_MIN_WIDTH, _MIN_HEIGHT = 16, 4
_ROWS_A_TICK, _COLUMNS_A_TICK = 3, 12
_TIME_UNITS = ((7200.0, 3600.0, "h"), (120.0, 60.0, "min"), (0.0, 1.0, "s"))


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """One run's curve."""

    label: str
    """One letter; it stands at the end of the curve, and in ASCII the curve is made of it."""
    curve: AlignedCurve


@dataclass(frozen=True, slots=True)
class Drawing:
    """Characters, and what each belongs to."""

    rows: tuple[str, ...]
    layers: tuple[tuple[int, ...], ...]
    """Index of the line, AXIS_LAYER or BLANK_LAYER, a character."""

    def runs(self, y: int) -> Iterator[tuple[str, int]]:
        """Yield the stretches of row `y` that look the same."""
        cells = zip(self.rows[y], self.layers[y], strict=True)
        for layer, stretch in groupby(cells, key=lambda cell: cell[1]):
            yield "".join(character for character, _ in stretch), layer


class _Sheet:
    def __init__(self, width: int, height: int) -> None:
        self.characters = np.full((height, width), " ", dtype="<U1")
        self.layers = np.full((height, width), BLANK_LAYER, dtype=np.int64)

    def write(self, row: int, column: int, text: str, layer: int = AXIS_LAYER) -> None:
        room = self.characters.shape[1] - column
        self.characters[row, column : column + len(text)] = list(text[:room])
        self.layers[row, column : column + len(text)] = layer

    def drawing(self) -> Drawing:
        rows = tuple("".join(row) for row in self.characters.tolist())
        return Drawing(rows, tuple(tuple(row) for row in self.layers.tolist()))


@dataclass(frozen=True, slots=True, eq=False)
class _Plot:
    """The area within the axes."""

    curves: list[AlignedCurve]
    x_axis: Axis
    y_axis: Axis
    gutter: int
    width: int
    height: int


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
    sheet = _Sheet(max(0, width), max(0, height))
    if width < _MIN_WIDTH or height < _MIN_HEIGHT:
        return sheet.drawing()
    if not any(len(line.curve) for line in lines):
        sheet.write(height // 2, max(0, (width - len(note)) // 2), note)
        return sheet.drawing()
    plot, labels = _plot(lines, size, is_log=is_log, has_zero=has_zero)
    _draw_y_axis(sheet, plot, labels, glyphs)
    _draw_x_axis(sheet, plot, along, glyphs)
    if has_zero:
        sheet.write(_row_of(plot, 0.0), plot.gutter, glyphs.line_x * plot.width)
    _draw_lines(sheet, plot, [line.label for line in lines], glyphs)
    return sheet.drawing()


def _plot(
    lines: Sequence[Line], size: tuple[int, int], *, is_log: bool, has_zero: bool
) -> tuple[_Plot, dict[int, str]]:
    width, height = size[0], size[1] - 2
    curves = [line.curve for line in lines]
    x = np.concatenate([line.curve.x for line in lines])
    y = np.concatenate([*(line.curve.y for line in lines), np.zeros(int(has_zero))])
    y_axis = Axis.over(y, is_log=is_log, margin=_MARGIN)
    low = float(x.min()) if x.min() > x.max() / 2 else 0.0
    x_axis = Axis(low, max(float(x.max()), low + 1))
    ticks = np.array(y_axis.ticks(max(2, height // _ROWS_A_TICK)))
    rows = np.rint((1 - y_axis.unit(ticks)) * (height - 1)).astype(int)
    labels = {int(row): tick_label(tick) for row, tick in zip(rows, ticks.tolist(), strict=True)}
    gutter = max((len(label) for label in labels.values()), default=0) + 1
    return _Plot(curves, x_axis, y_axis, gutter, width - gutter, height), labels


def _row_of(plot: _Plot, value: float) -> int:
    unit = float(plot.y_axis.unit(np.array([value]))[0])
    if not np.isfinite(unit):  # what a logarithmic axis has no place for
        return plot.height - 1
    return int(np.clip(np.rint((1 - unit) * (plot.height - 1)), 0, plot.height - 1))


def _draw_y_axis(sheet: _Sheet, plot: _Plot, labels: dict[int, str], glyphs: Glyphs) -> None:
    for row in range(plot.height):
        line = glyphs.tick_y if row in labels else glyphs.line_y
        sheet.write(row, 0, f"{labels.get(row, ''):>{plot.gutter - 1}}{line}")
    bottom = " " * (plot.gutter - 1) + glyphs.corner + glyphs.line_x * plot.width
    sheet.write(plot.height, 0, bottom)


def _draw_x_axis(sheet: _Sheet, plot: _Plot, along: Along, glyphs: Glyphs) -> None:
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


def _draw_lines(sheet: _Sheet, plot: _Plot, labels: list[str], glyphs: Glyphs) -> None:
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
    sheet: _Sheet,
    plot: _Plot,
    of: AlignedCurve,
    named: tuple[int, str],
    taken: set[tuple[int, int]],
) -> None:
    """Write a curve's letter at its last point; beside it where another letter stands there."""
    index, label = named
    share = float(plot.x_axis.unit(of.x[-1:])[0])
    column = plot.gutter + min(plot.width - 1, int(share * plot.width))
    row = _row_of(plot, float(of.y[-1]))
    while (row, column) in taken and column > plot.gutter:
        column -= 1
    taken.add((row, column))
    sheet.write(row, column, label, index)
