"""A chart as characters: curves, axes, ticks and marks. Pure; the widget adds colour."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tokmon.monitor.axis import Axis
from tokmon.monitor.curve import Curve
from tokmon.monitor.envelope import Envelope, envelope
from tokmon.monitor.places import Places, XAxis
from tokmon.monitor.series import Floats
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.canvas import ASCII, BRAILLE, Resolution, dots, picture
from tokmon.tui.plot.marks import Marked
from tokmon.tui.plot.scales import column_of, draw_marks, draw_scales, draw_x_ticks, x_ticks
from tokmon.tui.plot.scales import y_labels as labels_by_row
from tokmon.tui.plot.sheet import NOTHING, Area, Drawing, Layer, Sheet
from tokmon.tui.plot.window import Span

_MARGIN = 0.04
_MIN_WIDTH, _MIN_HEIGHT = 12, 4
_MIN_PLOT_WIDTH = 4
_DASH_SLACK = 0.02
"""Share of the height by which a line may leave its dashes unseen."""


@dataclass(frozen=True, slots=True)
class Line:
    """One curve of a chart."""

    layer: Layer
    """RAW, SMOOTH or VALIDATION; the last is dashed."""
    curve: Curve
    places: Places
    """Of the curve's rows."""


@dataclass(frozen=True, slots=True)
class Chart:
    """What is drawn."""

    lines: tuple[Line, ...] = ()
    """The lowest first."""
    span: Span = (0.0, 1.0)
    """Left and right edge."""
    axis: XAxis = XAxis.STEP
    is_log: bool = False
    best: tuple[float, float] | None = None
    """Place and value of the best."""
    marks: Sequence[Marked] = ()
    empty: str = "no value logged yet"
    """Said where there is no line."""


def draw(chart: Chart, width: int, height: int, glyphs: Glyphs) -> Drawing:
    """Return the chart, exactly `width` x `height` characters."""
    sheet = Sheet(width, height)
    if width < _MIN_WIDTH or height < _MIN_HEIGHT:
        return sheet.drawing()
    resolution = ASCII if glyphs.is_ascii else BRAILLE
    # The labels decide how many columns are left, and they depend on what is in them. A logarithmic
    # axis begins above zero, which one column over all would hide.
    y_axis = _y_axis(chart, _spans(chart, width * resolution.across if chart.is_log else 1))
    labels = labels_by_row(y_axis, height - 2)
    left = max((len(label) for label in labels.values()), default=0) + 1
    area = Area(left, width - left, height - 2)
    if area.width < _MIN_PLOT_WIDTH:
        return sheet.drawing()
    spans = _spans(chart, area.width * resolution.across)
    x_axis = Axis(*chart.span, is_whole=chart.axis is XAxis.STEP)
    draw_scales(sheet, labels, area, glyphs)
    draw_x_ticks(sheet, x_ticks(x_axis, chart.axis, area.width), x_axis, area, glyphs)
    draw_marks(sheet, list(chart.marks), x_axis, area, glyphs)
    _draw_lines(sheet, chart, spans, y_axis, area, resolution, glyphs)
    _draw_best(sheet, chart, (x_axis, y_axis), area, glyphs)
    if note := _note(chart, spans):
        _write_note(sheet, area, note)
    is_cut = chart.is_log and any((span.low <= 0).any() for span in spans)
    return sheet.drawing(area, is_cut=is_cut)


def _spans(chart: Chart, columns: int) -> list[Envelope]:
    return [envelope(line.curve, line.places, *chart.span, columns) for line in chart.lines]


def _y_axis(chart: Chart, spans: list[Envelope]) -> Axis:
    """Return an axis over what is in sight."""
    values = [bound for span in spans for bound in (span.low, span.high)]
    return Axis.over(np.concatenate([*values, []]), is_log=chart.is_log, margin=_MARGIN)


def _draw_lines(
    sheet: Sheet,
    chart: Chart,
    spans: list[Envelope],
    axis: Axis,
    area: Area,
    resolution: Resolution,
    glyphs: Glyphs,
) -> None:
    if not chart.lines:
        return
    layers = []
    for line, span in zip(chart.lines, spans, strict=True):
        drawn = _dashed(span, axis, resolution) if line.layer is Layer.VALIDATION else span
        layers.append(dots(drawn, axis, area.height * resolution.down))
    order = np.array([*(line.layer for line in chart.lines), NOTHING])
    signs = "".join(glyphs.chart_marks[line.layer : line.layer + 1] for line in chart.lines)
    characters, topmost = picture(layers, resolution, signs)
    is_drawn = topmost != NOTHING
    sheet.characters[: area.height, area.left :][is_drawn] = characters[is_drawn]
    sheet.layers[: area.height, area.left :][is_drawn] = order[topmost][is_drawn]


def _dashed(span: Envelope, axis: Axis, resolution: Resolution) -> Envelope:
    """Leave out every second cell's worth, so that the line differs without colour.

    A lone point is kept: it has no line to be told by. So is what rises or falls in a gap further
    than the dashes beside it: a spike of one evaluation is drawn wherever it falls.
    """
    across, has_value = resolution.across, np.isfinite(span.low)
    is_lone = has_value & ~np.roll(has_value, 1) & ~np.roll(has_value, -1)
    low, high = axis.unit(span.low), axis.unit(span.high)
    top = np.fmax(np.roll(high, across), np.roll(high, -across)) + _DASH_SLACK
    bottom = np.fmin(np.roll(low, across), np.roll(low, -across)) - _DASH_SLACK
    is_dash = np.arange(len(low)) % (2 * across) < across
    is_kept = is_dash | is_lone | (high > top) | (low < bottom)
    nan: Floats = np.full(len(span.low), np.nan)
    return Envelope(np.where(is_kept, span.low, nan), np.where(is_kept, span.high, nan))


def _draw_best(
    sheet: Sheet, chart: Chart, axes: tuple[Axis, Axis], area: Area, glyphs: Glyphs
) -> None:
    if chart.best is None:
        return
    x, y = (float(axis.unit(np.array([at]))[0]) for axis, at in zip(axes, chart.best, strict=True))
    if 0 <= x <= 1 and 0 <= y <= 1:
        row = round((1 - y) * (area.height - 1))
        sheet.write(row, column_of(chart.best[0], axes[0], area), glyphs.best, Layer.BEST)


def _note(chart: Chart, spans: list[Envelope]) -> str:
    """Return why there is nothing to see, if there is nothing."""
    if not any(len(line.curve) for line in chart.lines):
        return chart.empty
    if not any(len(line.places.x) for line in chart.lines):
        return f"the log has no {chart.axis}: x takes another axis"
    highest = np.concatenate([span.high for span in spans])
    if np.isnan(highest).all():
        is_null = all(np.isnan(line.curve.pyramid.whole()[1]) for line in chart.lines)
        return "every value is null" if is_null else "no value here"
    return "no value above zero: y shows them" if chart.is_log and not (highest > 0).any() else ""


def _write_note(sheet: Sheet, area: Area, note: str) -> None:
    if len(note) < area.width:
        start = area.left + (area.width - len(note)) // 2
        sheet.write(area.height // 2, start, note, Layer.AXIS)
