"""Between charts and what is remembered of them. What a run does not have any more is passed over.

Reads and writes no file.
"""

import math
from collections.abc import Collection, Sequence

from tokmon.monitor.places import XAxis
from tokmon.tui.plot.spec import ChartSpec, Smoothing, usual_smoothing
from tokmon.tui.plot.window import Window
from tokmon.tui.view_state import ChartsView, DrawnView, WindowView
from tokmon.tui.widgets.metric_chart import MetricChart


def window_of(left: WindowView, axes: Collection[XAxis]) -> Window:
    """Return what was in sight; the whole by step where the run has not that axis.

    Args:
        left: how it was left.
        axes: that there are values for.
    """
    axis = XAxis.STEP if left.x_axis is None else _axis(left.x_axis)
    if axis is None or axis not in axes:
        return Window()
    span = left.chart_range
    if span is None or not all(map(math.isfinite, span)) or span[0] >= span[1]:
        return Window(axis)
    return Window(axis, span, left.is_following)


def window_left(window: Window) -> WindowView:
    """Return what to remember of a window."""
    axis = None if window.axis is XAxis.STEP else window.axis.value
    return WindowView(x_axis=axis, chart_range=window.span, is_following=window.is_following)


def draw_as(chart: MetricChart, left: DrawnView) -> None:
    """Draw a chart's curve as it was drawn."""
    chart.is_log = left.is_log
    chart.smoothing = _smoothing(left.smoothing, chart.spec)


def drawn_left(chart: MetricChart) -> DrawnView:
    """Return what to remember of how a curve is drawn."""
    is_usual = chart.smoothing is usual_smoothing(chart.spec)
    smoothing = None if is_usual else chart.smoothing.value
    return DrawnView(is_log=chart.is_log, smoothing=smoothing)


def charts_left(
    charts: Sequence[MetricChart], current: MetricChart | None, *, is_alone: bool
) -> ChartsView:
    """Return what to remember of the screen of charts."""
    drawn = {chart.spec.key: drawn_left(chart) for chart in charts}
    seen = window_left(charts[0].window if charts else Window())
    return ChartsView(
        x_axis=seen.x_axis,
        chart_range=seen.chart_range,
        is_following=seen.is_following,
        keys=tuple(drawn),
        current=current.spec.key if current else None,
        is_alone=is_alone,
        drawn={key: view for key, view in drawn.items() if view != DrawnView()},
    )


def _axis(name: str) -> XAxis | None:
    return next((axis for axis in XAxis if axis == name), None)


def _smoothing(weight: float | None, spec: ChartSpec) -> Smoothing:
    known = (one for one in Smoothing if one.value == weight)
    return next(known, usual_smoothing(spec))
