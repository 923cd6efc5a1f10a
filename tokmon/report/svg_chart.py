"""A chart as one SVG element: axes with ticks at 1-2-5, curves, marks, a legend.

Colours are variables of the page; standing alone it brings its own (`stand_alone`). No script.
"""

from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from tokmon.monitor.axis import Axis, tick_labels
from tokmon.monitor.curve import Curve
from tokmon.monitor.places import Places
from tokmon.monitor.visible import visible
from tokmon.report.svg_path import curve_path, to_box

WIDTH, HEIGHT = 760, 294
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 16, 54, 38
_BOX = (WIDTH - _LEFT - _RIGHT, HEIGHT - _TOP - _BOTTOM)
_X_TICKS, _Y_TICKS = 9, 7
_MARGIN = 0.04
_CHARACTER = 6.6
"""Width of one in the legend; a little more than it is in any of the usual fonts."""
_LABEL_GAP = 12
_COLOURS = Path(__file__).with_name("chart.css")


@dataclass(frozen=True, slots=True)
class Line:
    """A curve and how it looks."""

    name: str
    """In the legend; may hold foreign text."""
    curve: Curve
    look: str
    """raw, smooth, validation or other: a class of chart.css."""


@dataclass(frozen=True, slots=True)
class Spot:
    """One point that matters."""

    name: str
    """In the legend."""
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Station:
    """A step at which something happened: a vertical line."""

    name: str
    x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What is drawn."""

    title: str
    """Said by screen readers."""
    x_name: str
    y_name: str
    places: Places
    lines: tuple[Line, ...]
    spot: Spot | None = None
    stations: tuple[Station, ...] = ()
    is_log: bool = False
    from_zero: bool = False


def draw(chart: Chart) -> str:
    """Return the element <svg>."""
    axes = _axes(chart)
    opening = (
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'xmlns="http://www.w3.org/2000/svg" aria-label="{_said(chart.title)}">'
    )
    parts = [
        opening,
        f"<title>{_said(chart.title)}</title>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
        *_legend(chart),
        f'<g transform="translate({_LEFT} {_TOP})">',
        *_y_axis(axes[1]),
        *_x_axis(axes[0], chart.x_name),
        *_stations(chart, axes),
        *(_line(line, chart.places, axes) for line in chart.lines),
        *_spot(chart.spot, axes),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts)


def stand_alone(svg: str) -> bytes:
    """Return a file of its own: a drawing with the colours that a page would give it."""
    style = f"<style>\n{_COLOURS.read_text(encoding='utf-8')}</style>"
    head, rest = svg.split("\n", 1)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}\n{style}\n{rest}\n'.encode()


def _axes(chart: Chart) -> tuple[Axis, Axis]:
    low, high = chart.places.reach() or (0.0, 1.0)
    x_axis = Axis(low, high, is_whole=True) if high > low else Axis(low - 0.5, low + 0.5)
    extremes = [value for line in chart.lines for value in line.curve.pyramid.whole()]
    if chart.spot is not None:
        extremes.append(chart.spot.y)
    values = np.array(extremes, np.float64)
    is_log = chart.is_log and bool((values[np.isfinite(values)] > 0).all())
    y_axis = Axis.over(values, is_log=is_log, margin=_MARGIN)
    if chart.from_zero and np.nanmin(values, initial=0.0) >= 0:
        y_axis = Axis(0.0, y_axis.high)
    return x_axis, y_axis


def _legend(chart: Chart) -> list[str]:
    """Return what the lines are, side by side; in a second row what does not fit."""
    entries = [(line.name, line.look) for line in chart.lines]
    if len(entries) == 1:
        # What the axis says already.
        entries = []
    if chart.spot is not None:
        entries.append((chart.spot.name, "best"))
    parts = [f'<text class="unit" x="{_LEFT - 48}" y="16">{_said(chart.y_name)}</text>']
    x = _LEFT + max(0.0, (len(chart.y_name) + 2) * _CHARACTER - 48)
    y = 16
    for name, look in entries:
        width = 26 + len(visible(name)) * _CHARACTER + _LABEL_GAP
        if x + width > WIDTH and y == 16:
            x, y = float(_LEFT), 31
        sign = (
            _diamond(x + 10, y - 4)
            if look == "best"
            else f'<path class="{look}" d="M{x:.1f} {y - 4}h20"/>'
        )
        parts.append(f'{sign}<text x="{x + 26:.1f}" y="{y}">{_said(name)}</text>')
        x += width
    return parts


def _y_axis(axis: Axis) -> list[str]:
    ticks = axis.ticks(_Y_TICKS)
    places = (1 - axis.unit(np.array(ticks, np.float64))) * _BOX[1]
    return [
        f'<path class="grid" d="M0 {y:.1f}h{_BOX[0]}"/>'
        f'<text class="tick" text-anchor="end" x="-8" y="{y + 4:.1f}">{label}</text>'
        for y, label in zip(places.tolist(), tick_labels(ticks), strict=True)
    ]


def _x_axis(axis: Axis, name: str) -> list[str]:
    ticks = axis.ticks(_X_TICKS)
    places = axis.unit(np.array(ticks, np.float64)) * _BOX[0]
    marks = [
        f'<path class="axis" d="M{x:.1f} {_BOX[1]}v4"/>'
        f'<text class="tick" text-anchor="middle" x="{x:.1f}" y="{_BOX[1] + 17}">{label}</text>'
        for x, label in zip(places.tolist(), tick_labels(ticks), strict=True)
    ]
    corner = f'text-anchor="end" x="{_BOX[0]}" y="{_BOX[1] + 32}"'
    named = f'<text class="unit" {corner}>{_said(name)}</text>'
    return [f'<path class="axis" d="M0 {_BOX[1]}h{_BOX[0]}"/>', *marks, named]


def _stations(chart: Chart, axes: tuple[Axis, Axis]) -> list[str]:
    parts, free_from = [], 0.0
    for station in sorted(chart.stations, key=lambda one: one.x):
        x = float(axes[0].unit(np.array([station.x]))[0]) * _BOX[0]
        if not 0 <= x <= _BOX[0]:
            continue
        parts.append(f'<path class="station" d="M{x:.1f} 0v{_BOX[1]}"/>')
        width = len(visible(station.name)) * _CHARACTER
        is_left = x + width + 4 > _BOX[0]
        start = x - width - 4 if is_left else x + 4
        # Names that would run into each other are left out: the timeline has them all.
        if start >= free_from:
            anchor = ' text-anchor="end"' if is_left else ""
            place = x - 4 if is_left else x + 4
            parts.append(
                f'<text class="tick"{anchor} x="{place:.1f}" y="-5">{_said(station.name)}</text>'
            )
            free_from = start + width + _LABEL_GAP
    return parts


def _line(line: Line, places: Places, axes: tuple[Axis, Axis]) -> str:
    path = curve_path(line.curve, places, axes, _BOX)
    return f'<path class="{line.look}" d="{path}"/>' if path else ""


def _spot(spot: Spot | None, axes: tuple[Axis, Axis]) -> list[str]:
    if spot is None:
        return []
    x, y = to_box(np.array([spot.x]), np.array([spot.y]), axes, _BOX)
    is_known = np.isfinite(x[0]) and np.isfinite(y[0]) and 0 <= x[0] <= _BOX[0]
    return [_diamond(float(x[0]), float(y[0]))] if is_known else []


def _diamond(x: float, y: float) -> str:
    return f'<path class="best" d="M{x:.1f} {y - 5.5:.1f}l5.5 5.5l-5.5 5.5l-5.5 -5.5z"/>'


def _said(text: str) -> str:
    return escape(visible(text))
