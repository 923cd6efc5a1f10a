"""The loss chart as characters: curves, axes, ticks and marks. Pure; the widget adds colour."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from itertools import groupby

import numpy as np

from tokmon.monitor.series import EMPTY_SERIES, Floats, Ints, Series
from tokmon.monitor.state import RunState
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.axis import Axis, tick_label
from tokmon.tui.plot.canvas import ASCII, BRAILLE, Resolution, dots, picture
from tokmon.tui.plot.envelope import Envelope, envelope

_MARGIN = 0.04
_ROWS_A_TICK = 3
_COLUMNS_A_TICK = 12
_MIN_WIDTH, _MIN_HEIGHT = 12, 4


class Layer(IntEnum):
    """What a cell shows; the higher is drawn over the lower."""

    RAW = 0
    SMOOTH = 1
    VALIDATION = 2
    BEST = 3
    AXIS = 4


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn."""

    raw: Series = EMPTY_SERIES
    smooth: Series = EMPTY_SERIES
    validation: Series = EMPTY_SERIES
    best: tuple[int, float] | None = None
    """Step and validation loss."""

    @classmethod
    def of(cls, state: RunState) -> "Curves":
        """Return the loss curves of a run."""
        frame = state.frame
        return cls(
            raw=frame.series("train_loss"),
            smooth=frame.smooth("train_loss"),
            # A line without a value is not a gap here: it was an evaluation that failed.
            validation=frame.series("val_loss"),
            best=(state.best.step, state.best.val_loss) if state.best else None,
        )

    def every(self) -> tuple[Series, Series, Series]:
        """Return the curves, lowest layer first."""
        return self.raw, self.smooth, self.validation


@dataclass(frozen=True, slots=True)
class Drawing:
    """Characters and the layer that each belongs to."""

    rows: tuple[str, ...]
    layers: tuple[tuple[int, ...], ...]
    """A Layer a character, -1 for none."""

    def runs(self, y: int) -> Iterator[tuple[str, Layer | None]]:
        """Yield the stretches of row `y` that look the same."""
        cells = zip(self.rows[y], self.layers[y], strict=True)
        for layer, stretch in groupby(cells, key=lambda cell: cell[1]):
            text = "".join(character for character, _ in stretch)
            yield text, Layer(layer) if layer >= 0 else None


class _Sheet:
    """A grid of characters to write on."""

    def __init__(self, width: int, height: int) -> None:
        self.characters = np.full((height, width), " ", dtype="<U1")
        self.layers: Ints = np.full((height, width), -1, dtype=np.int64)

    def write(self, row: int, column: int, text: str, layer: Layer) -> None:
        end = column + len(text)
        self.characters[row, column:end] = list(text)
        self.layers[row, column:end] = layer

    def drawing(self) -> Drawing:
        rows = tuple("".join(row) for row in self.characters.tolist())
        return Drawing(rows, tuple(tuple(row) for row in self.layers.tolist()))


def draw(curves: Curves, width: int, height: int, glyphs: Glyphs, *, is_log: bool) -> Drawing:
    """Return the chart, exactly `width` x `height` characters."""
    sheet = _Sheet(width, height)
    if width < _MIN_WIDTH or height < _MIN_HEIGHT:
        return sheet.drawing()
    x_axis, y_axis = _x_axis(curves), _y_axis(curves, is_log=is_log)
    plot_height = height - 2
    labels = _y_labels(y_axis, plot_height)
    gutter = max((len(label) for label in labels.values()), default=0) + 1
    plot_width = width - gutter
    _draw_axes(sheet, labels, gutter, plot_height, glyphs)
    _draw_x_ticks(sheet, x_axis, gutter, plot_height, glyphs)
    if not any(len(curve) for curve in curves.every()):
        return _with_note(sheet, gutter, plot_height, "no loss logged yet")
    _draw_curves(sheet, curves, (x_axis, y_axis), (gutter, plot_width, plot_height), glyphs)
    return sheet.drawing()


def _x_axis(curves: Curves) -> Axis:
    """Return from zero (or the first step of a cut log) to the last step."""
    steps = [curve.steps for curve in curves.every() if len(curve)]
    if not steps:
        return Axis(0, 1)
    first, last = min(int(s[0]) for s in steps), max(int(s[-1]) for s in steps)
    low = 0 if first < last / 2 or first == last else first
    return Axis(low, max(last, low + 1))


def _y_axis(curves: Curves, *, is_log: bool) -> Axis:
    values = [curve.values for curve in curves.every()]
    return Axis.over(np.concatenate(values), is_log=is_log, margin=_MARGIN)


def _y_labels(axis: Axis, height: int) -> dict[int, str]:
    """Return the tick labels by row."""
    ticks = axis.ticks(max(2, height // _ROWS_A_TICK))
    rows = np.rint((1 - axis.unit(np.array(ticks))) * (height - 1)).astype(int)
    return {int(row): tick_label(tick) for row, tick in zip(rows, ticks, strict=True)}


def _draw_axes(
    sheet: _Sheet, labels: dict[int, str], gutter: int, height: int, glyphs: Glyphs
) -> None:
    for row in range(height):
        label = labels.get(row, "")
        line = glyphs.tick_y if row in labels else glyphs.line_y
        sheet.write(row, 0, f"{label:>{gutter - 1}}{line}", Layer.AXIS)
    width = sheet.characters.shape[1]
    bottom = " " * (gutter - 1) + glyphs.corner + glyphs.line_x * (width - gutter)
    sheet.write(height, 0, bottom, Layer.AXIS)


def _draw_x_ticks(sheet: _Sheet, axis: Axis, gutter: int, height: int, glyphs: Glyphs) -> None:
    width = sheet.characters.shape[1]
    plot_width = width - gutter
    free_from = 0
    for tick in axis.ticks(max(2, plot_width // _COLUMNS_A_TICK)):
        unit = float(axis.unit(np.array([tick]))[0])
        column = gutter + min(plot_width - 1, int(unit * plot_width))
        sheet.write(height, column, glyphs.tick_x, Layer.AXIS)
        label = tick_label(tick)
        start = min(max(0, column - len(label) // 2), width - len(label))
        if start >= free_from:
            sheet.write(height + 1, start, label, Layer.AXIS)
            free_from = start + len(label) + 1


def _draw_curves(
    sheet: _Sheet,
    curves: Curves,
    axes: tuple[Axis, Axis],
    area: tuple[int, int, int],
    glyphs: Glyphs,
) -> None:
    x_axis, y_axis = axes
    gutter, width, height = area
    resolution = ASCII if glyphs.is_ascii else BRAILLE
    columns, rows = width * resolution.across, height * resolution.down
    spans = [envelope(curve, x_axis.low, x_axis.high, columns) for curve in curves.every()]
    spans[Layer.VALIDATION] = _dashed(spans[Layer.VALIDATION], resolution)
    layers = [dots(span, y_axis, rows) for span in spans]
    drawn = picture(layers, resolution, glyphs.chart_marks)
    for row, text in enumerate(drawn.rows):
        is_drawn = drawn.layers[row] >= 0
        sheet.characters[row, gutter:][is_drawn] = np.array(list(text))[is_drawn]
        sheet.layers[row, gutter:][is_drawn] = drawn.layers[row][is_drawn]
    _mark_best(sheet, curves, axes, area, glyphs)


def _dashed(span: Envelope, resolution: Resolution) -> Envelope:
    """Leave out every second cell's worth, so that the line differs without colour.

    A lone point is kept: it has no line to be told by.
    """
    has_value = np.isfinite(span.low)
    is_lone = has_value & ~np.roll(has_value, 1) & ~np.roll(has_value, -1)
    across = resolution.across
    is_kept = (np.arange(len(span.low)) % (2 * across) < across) | is_lone
    nan: Floats = np.full(len(span.low), np.nan)
    return Envelope(np.where(is_kept, span.low, nan), np.where(is_kept, span.high, nan))


def _mark_best(
    sheet: _Sheet,
    curves: Curves,
    axes: tuple[Axis, Axis],
    area: tuple[int, int, int],
    glyphs: Glyphs,
) -> None:
    if curves.best is None:
        return
    gutter, width, height = area
    x = float(axes[0].unit(np.array([float(curves.best[0])]))[0])
    y = float(axes[1].unit(np.array([curves.best[1]]))[0])
    if not (0 <= x <= 1 and 0 <= y <= 1):
        return
    row, column = round((1 - y) * (height - 1)), gutter + min(width - 1, int(x * width))
    sheet.write(row, column, glyphs.best, Layer.BEST)


def _with_note(sheet: _Sheet, gutter: int, height: int, note: str) -> Drawing:
    width = sheet.characters.shape[1]
    if len(note) < width - gutter:
        start = gutter + (width - gutter - len(note)) // 2
        sheet.write(height // 2, start, note, Layer.AXIS)
    return sheet.drawing()
