"""Curves as SVG path data: every point where they fit, else the extremes of each column.

A spike of one step among a million is drawn by construction (tokmon.monitor.envelope).
"""

import numpy as np

from tokmon.monitor.axis import Axis
from tokmon.monitor.curve import Curve
from tokmon.monitor.envelope import envelope
from tokmon.monitor.places import Places
from tokmon.monitor.series import Floats

_POINTS_PER_COLUMN = 2


def curve_path(curve: Curve, places: Places, axes: tuple[Axis, Axis], size: tuple[int, int]) -> str:
    """Return the `d` of a path within a box whose upper left corner is 0, 0.

    Args:
        curve: NaN values are gaps; a value between two gaps is a dot.
        places: where its rows lie.
        axes: x and y.
        size: width and height of the box.
    """
    if len(curve) > _POINTS_PER_COLUMN * size[0]:
        x, y = _columns(curve, places, axes[0], size[0])
    else:
        rows = curve.row(np.arange(len(curve)))
        x, y = places.x[rows].astype(np.float64), np.asarray(curve.values[:])
    return _path(*to_box(x, y, axes, size))


def to_box(
    x: Floats, y: Floats, axes: tuple[Axis, Axis], size: tuple[int, int]
) -> tuple[Floats, Floats]:
    """Return where points lie in the box, shape (N,) each; NaN where they have no place."""
    return axes[0].unit(x) * size[0], (1 - axes[1].unit(y)) * size[1]


def _columns(curve: Curve, places: Places, axis: Axis, columns: int) -> tuple[Floats, Floats]:
    """Return two points a column, the lower one first in every other: the line goes on shortest."""
    found = envelope(curve, places, axis.low, axis.high, columns)
    middles = axis.low + (np.arange(columns) + 0.5) * (axis.high - axis.low) / columns
    is_odd = np.arange(columns) % 2 == 1
    first = np.where(is_odd, found.high, found.low)
    second = np.where(is_odd, found.low, found.high)
    return np.repeat(middles, 2), np.stack([first, second], axis=1).ravel()


def _path(x: Floats, y: Floats) -> str:
    parts, is_joined = [], False
    for place, value in zip(x.tolist(), y.tolist(), strict=True):
        is_known = bool(np.isfinite(place) and np.isfinite(value))
        if is_known:
            # A stretch of no length is a dot: the ends of lines are round.
            parts.append(f"L{place:.1f} {value:.1f}" if is_joined else _begin(place, value))
        is_joined = is_known
    return "".join(parts)


def _begin(x: float, y: float) -> str:
    return f"M{x:.1f} {y:.1f}h0"
