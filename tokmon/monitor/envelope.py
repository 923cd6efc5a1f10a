"""A curve in as many columns as the screen has dots, without losing any extreme.

For each column: the lowest and highest value that the curve takes in it, drawn as straight lines
between its points. One step's spike among a million points is in the result by construction, and
the pyramid makes it cost the same at any length.
"""

from dataclasses import dataclass

import numpy as np

from tokmon.monitor.curve import Curve
from tokmon.monitor.places import Places, Xs
from tokmon.monitor.series import Floats, Ints


@dataclass(frozen=True, slots=True)
class Envelope:
    """The span of a curve in each column; NaN where it has no value."""

    low: Floats
    """Shape (columns,)."""
    high: Floats
    """Shape (columns,)."""


def envelope(curve: Curve, places: Places, x_low: float, x_high: float, columns: int) -> Envelope:
    """Return the span of `curve` in each of `columns` equal parts of [x_low, x_high].

    Args:
        curve: NaN values are gaps, over which no line is drawn.
        places: where its rows lie. Where they go back, the stretches are drawn over each other.
        x_low: left edge of the first column.
        x_high: right edge of the last column, x_high > x_low.
        columns: at least 1.
    """
    edges = np.linspace(x_low, x_high, columns + 1)
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)
    for start, end in places.stretches():
        if places.x[start] <= x_high and places.x[end - 1] >= x_low:
            part_low, part_high = _stretch(curve, places, (start, end), edges)
            low, high = np.fmin(low, part_low), np.fmax(high, part_high)
    return Envelope(low, high)


def first_at(x: Xs, edges: Floats) -> Ints:
    """Return the index of the first of ascending `x` at or above each edge, shape (M,).

    The edges are rounded up where x is whole: as floats they would have a million steps converted.
    """
    return np.searchsorted(x, np.ceil(edges).astype(np.int64) if x.dtype == np.int64 else edges)


def _first_above(x: Xs, edge: float) -> int:
    return int(np.searchsorted(x, int(edge // 1) if x.dtype == np.int64 else edge, side="right"))


def _stretch(
    curve: Curve, places: Places, rows: tuple[int, int], edges: Floats
) -> tuple[Floats, Floats]:
    start, end = rows
    x = places.x[start:end]
    first, last = curve.index(np.array([start, end]))
    bounds = np.minimum(curve.index(start + first_at(x, edges)), last)
    at_edges = _on_lines(curve, places, (int(first), int(last)), bounds, edges)
    # A point on the last edge belongs to the last column.
    behind = curve.index(np.array([start + _first_above(x, float(edges[-1]))]))
    ends = np.append(bounds[1:-1], np.minimum(behind, last))
    low, high = curve.pyramid.spans(bounds[:-1], ends)
    low = np.fmin(np.fmin(at_edges[:-1], at_edges[1:]), low)
    high = np.fmax(np.fmax(at_edges[:-1], at_edges[1:]), high)
    return low, high


def _on_lines(
    curve: Curve, places: Places, part: tuple[int, int], right: Ints, edges: Floats
) -> Floats:
    """Return the curve at the edges, shape (M,); NaN outside it and where a neighbour is NaN.

    Args:
        curve: what is drawn.
        places: where its rows lie.
        part: first index and end of the points that may be joined.
        right: the first point at or behind each edge.
        edges: ascending.
    """
    first, last = part
    if first == last:
        return np.full(len(edges), np.nan)
    right_point = np.clip(right, first, last - 1)
    right_x = places.x[curve.row(right_point)].astype(np.float64)
    left_point = np.clip(right_point - (right_x > edges), first, None)
    left_x = places.x[curve.row(left_point)].astype(np.float64)
    left, right_value = curve.values[left_point], curve.values[right_point]
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        share = np.where(right_x > left_x, (edges - left_x) / (right_x - left_x), 0.0)
        # Weighted, not left plus a difference: that overflows between -1e308 and 1e308.
        lines = np.where(share > 0, left * (1 - share) + right_value * share, left)
    is_inside = (right < last) & ((right > first) | (right_x == edges))
    return np.where(is_inside, lines, np.nan)
