"""A curve in as many columns as the screen has dots, without losing any extreme.

For each column: the lowest and highest value that the curve takes in it, drawn as straight lines
between its points. One step's spike among a million points is in the result by construction.
"""

from dataclasses import dataclass

import numpy as np

from tokmon.monitor.series import Floats, Ints, Series


@dataclass(frozen=True, slots=True)
class Envelope:
    """The span of a curve in each column; NaN where it has no value."""

    low: Floats
    """Shape (columns,)."""
    high: Floats
    """Shape (columns,)."""


def envelope(series: Series, x_low: float, x_high: float, columns: int) -> Envelope:
    """Return the span of `series` in each of `columns` equal parts of [x_low, x_high].

    Args:
        series: ascending steps; NaN values are gaps, over which no line is drawn.
        x_low: left edge of the first column, in steps.
        x_high: right edge of the last column, x_high > x_low.
        columns: at least 1.
    """
    edges = np.linspace(x_low, x_high, columns + 1)
    at_edges = _on_lines(series, edges)
    point_low, point_high = _of_points(series, edges)
    low = np.fmin(np.fmin(at_edges[:-1], at_edges[1:]), point_low)
    high = np.fmax(np.fmax(at_edges[:-1], at_edges[1:]), point_high)
    return Envelope(low, high)


def _on_lines(series: Series, x: Floats) -> Floats:
    """Return the curve at `x`, shape (M,); NaN outside it and where a neighbour is NaN."""
    steps, values = series.steps, series.values
    if len(series) == 0:
        return np.full(len(x), np.nan)
    right = np.searchsorted(steps, x, side="left")
    is_inside = (right < len(steps)) & ((right > 0) | (x == steps[0]))
    right = np.clip(right, 0, len(steps) - 1)
    left = np.clip(right - (steps[right] > x), 0, None)
    width = np.maximum(steps[right] - steps[left], 1)
    share = (x - steps[left]) / width
    on_lines = values[left] + np.where(share > 0, share * (values[right] - values[left]), 0.0)
    return np.where(is_inside, on_lines, np.nan)


def _of_points(series: Series, edges: Floats) -> tuple[Floats, Floats]:
    """Return the lowest and highest point in each column, shape (columns,) each."""
    columns = len(edges) - 1
    bounds: Ints = np.searchsorted(series.steps, edges, side="left")
    bounds[-1] = np.searchsorted(series.steps, edges[-1], side="right")
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)
    filled = np.flatnonzero(bounds[:-1] < bounds[1:])
    if len(filled):
        values = series.values[: bounds[-1]]
        low[filled] = np.fmin.reduceat(values, bounds[filled])
        high[filled] = np.fmax.reduceat(values, bounds[filled])
    return low, high
