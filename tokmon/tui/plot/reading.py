"""What stands at a place of a chart: the nearest logged step and the exact values there. Pure."""

from dataclasses import dataclass

import numpy as np

from tokmon.monitor.envelope import first_at
from tokmon.tui.plot.chart import Line
from tokmon.tui.plot.sheet import Layer


@dataclass(frozen=True, slots=True)
class Point:
    """A value of one line."""

    layer: Layer
    value: float
    """NaN where it is null."""
    step: int
    """Where it was logged: at the step that was asked for, or the last one before."""


def nearest_point(line: Line, x: float) -> int | None:
    """Return the index of the point that lies nearest to a place; None without points."""
    candidates: list[int] = []
    for start, end in line.places.stretches():
        first, last = (int(i) for i in line.curve.index(np.array([start, end])))
        row = start + first_at(line.places.x[start:end], np.array([x]))
        at = int(line.curve.index(row)[0])
        candidates += [index for index in (at - 1, at) if first <= index < last]
    return min(candidates, key=lambda index: abs(place_of(line, index) - x), default=None)


def point_of_step(line: Line, step: int) -> int | None:
    """Return the index of the point whose step is nearest; None without points."""
    if not len(line.curve) or not len(line.places.x):
        return None
    at = point_before(line, step)
    near = [index for index in (at, at + 1) if 0 <= index < len(line.curve)]
    return min(near, key=lambda index: abs(step_of(line, index) - step))


def point_before(line: Line, step: int) -> int:
    """Return the index of the last point at or before a step, -1 if there is none."""
    row = line.places.steps.searchsorted(step, side="right")
    return int(line.curve.index(np.array([row]))[0]) - 1


def place_of(line: Line, index: int) -> float:
    """Return where a point lies on the x axis."""
    return float(line.places.x[line.curve.row(np.array([index]))[0]])


def step_of(line: Line, index: int) -> int:
    """Return the step of a point."""
    return int(line.places.steps[line.curve.row(np.array([index]))[0]])


def points_at(lines: tuple[Line, ...], step: int) -> list[Point]:
    """Return what each line says at a step, or last said before it."""
    found = []
    for line in lines:
        index = point_before(line, step) if len(line.places.x) else -1
        if index >= 0:
            value = float(line.curve.values[index])
            found.append(Point(line.layer, value, step_of(line, index)))
    return found
