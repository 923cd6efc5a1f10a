"""From a run to a chart of it: which lines, over which part of which axis. Pure."""

from dataclasses import dataclass

import numpy as np

from tokmon.monitor.curve_book import CurveBook
from tokmon.monitor.places import Places, XAxis
from tokmon.monitor.state import RunState
from tokmon.tui.plot.chart import Chart, Line
from tokmon.tui.plot.marks import marks, resumes
from tokmon.tui.plot.sheet import Layer
from tokmon.tui.plot.spec import ChartSpec, Smoothing
from tokmon.tui.plot.window import Span, Window

_WINDOWS_A_ROW = 8
"""The narrowest window is this fraction of the mean distance of two lines of the log."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A chart, and what moving about in it needs to know."""

    chart: Chart
    whole: Span
    """All that could be shown."""
    least: float
    """The narrowest window that makes sense."""
    is_complete: bool
    """Whether the average is computed to its end; it goes on with the next scene."""


def scene(
    book: CurveBook,
    spec: ChartSpec,
    state: RunState,
    window: Window,
    smoothing: Smoothing,
    *,
    is_log: bool,
) -> Scene:
    """Return the chart of one metric. `book` follows `state` already."""
    log = _cut(book.places(window.axis), state, window.axis)
    own = log
    if book.is_of_host(spec.key):
        own = _cut(book.host_places(window.axis), state, window.axis)
    whole = _whole([log, own], window.axis)
    chart = Chart(
        lines=_lines(book, spec, smoothing, own),
        span=window.over(whole),
        axis=window.axis,
        is_log=is_log,
        best=_best(spec, state, log),
        marks=marks(state.events, log, window.axis),
        empty=f"no {spec.noun} logged yet",
    )
    least = (whole[1] - whole[0]) / max(1, len(own.x)) / _WINDOWS_A_ROW
    averaged = [line for line in chart.lines if line.layer is Layer.SMOOTH]
    is_complete = all(len(line.curve) == len(chart.lines[0].curve) for line in averaged)
    return Scene(chart, whole, least, is_complete)


def _cut(places: Places, state: RunState, axis: XAxis) -> Places:
    """Draw no line over the time in which nothing ran."""
    return places.cut_at(resumes(state.events, places)) if axis is XAxis.WALL else places


def _lines(
    book: CurveBook, spec: ChartSpec, smoothing: Smoothing, places: Places
) -> tuple[Line, ...]:
    curve = book.curve(spec.key)
    lines = [Line(Layer.SMOOTH if smoothing is Smoothing.OFF else Layer.RAW, curve, places)]
    if smoothing is not Smoothing.OFF:
        average = book.average(spec.key, smoothing.value)
        lines.append(Line(Layer.SMOOTH, average, places))
    if spec.validation:
        lines.append(Line(Layer.VALIDATION, book.curve(spec.validation), places))
    return tuple(lines)


def _best(spec: ChartSpec, state: RunState, places: Places) -> tuple[float, float] | None:
    if state.best is None or not spec.best:
        return None
    value = getattr(state.best, spec.best)
    x = float(places.of_steps(np.array([state.best.step]))[0])
    return (x, float(value)) if value is not None and np.isfinite(x) else None


def _whole(every: list[Places], axis: XAxis) -> Span:
    """Return from the first place to the last; from zero unless the log was cut."""
    reaches = [reach for places in every if (reach := places.reach()) is not None]
    if not reaches:
        return 0.0, 1.0
    low, high = min(low for low, _ in reaches), max(high for _, high in reaches)
    if axis is not XAxis.WALL and (0 <= low < high / 2 or low == high >= 0):
        low = 0.0
    return low, max(high, low + 1)
