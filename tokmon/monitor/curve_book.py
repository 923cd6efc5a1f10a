"""All curves of one run that anyone draws, kept up to date from state to state.

What was looked at once is continued, not computed again. Not for several threads: a state may come
from anywhere, but one thread follows and looks. Must not know screens.
"""

from collections.abc import Mapping

import numpy as np

from tokmon.monitor.curve import AverageCurve, Curve
from tokmon.monitor.host_traces import host_traces
from tokmon.monitor.places import GrowingPlaces, Places, XAxis, between
from tokmon.monitor.row_values import RowFloats
from tokmon.monitor.series import EMPTY_SERIES, Column, Floats, Frame
from tokmon.monitor.smoothing import DEFAULT_BETA
from tokmon.monitor.state import RunState
from tokmon.rundir.records import System

_NOT_METRICS = frozenset({"tokens", "time", "elapsed_s"})
"""They are x axes."""


class CurveBook:
    """Curves and places by name, made at first use."""

    def __init__(self) -> None:
        self._frame = Frame()
        self._curves: dict[str, Curve] = {}
        self._averages: dict[tuple[str, float], tuple[Curve, AverageCurve]] = {}
        self._smoothed: dict[str, Curve] = {}
        self._places: dict[XAxis, GrowingPlaces] = {}
        self._systems: tuple[System, ...] = ()
        self._host_times: Floats = EMPTY_SERIES.values
        self._host: Mapping[str, Curve] = {}

    @property
    def frame(self) -> Frame:
        """The log that is followed."""
        return self._frame

    def follow(self, state: RunState) -> None:
        """Take in a newer state; nothing is computed before it is asked for."""
        self._frame = state.frame
        if state.systems != self._systems:
            self._systems = state.systems
            self._host_times, traces = host_traces(state.systems)
            self._host = {name: _whole(values) for name, values in traces.items()}

    def names(self) -> list[str]:
        """Return what can be drawn: keys of the log, then what the host measured."""
        keys = [key for key in self._frame.columns if key not in _NOT_METRICS]
        return [*keys, *(name for name in self._host if name not in keys)]

    def axes(self) -> list[XAxis]:
        """Return the x axes that the log has values for."""
        known = {XAxis.STEP}
        if self._has_value("tokens"):
            known.add(XAxis.TOKENS)
        if self._has_value("time"):
            known |= {XAxis.WALL, XAxis.RELATIVE}
        if self._has_value("elapsed_s"):
            known.add(XAxis.RELATIVE)
        if len(self._host_times):
            known.add(XAxis.WALL)
        return [axis for axis in XAxis if axis in known]

    def is_of_host(self, name: str) -> bool:
        """Whether this was sampled beside the log, not in it."""
        return name not in self._frame.columns and name in self._host

    def curve(self, name: str) -> Curve:
        """Return a metric's values; empty if it is unknown."""
        if self.is_of_host(name):
            return self._host[name]
        curve = self._curves.setdefault(name, Curve())
        column = self._frame.columns.get(name)
        _follow(curve, column)
        return curve

    def average(self, name: str, beta: float) -> Curve:
        """Return the debiased average of a metric, as far as it is computed yet.

        It is shorter than the metric's curve until it was asked for a few times.
        """
        column, smoothed = self._frame.columns.get(name), self._frame.smoothed.get(name)
        if column is not None and smoothed is not None and beta == DEFAULT_BETA:
            curve = self._smoothed.setdefault(name, Curve())
            _follow(curve, Column(smoothed, column.present))
            return curve
        base = self.curve(name)
        known, average = self._averages.get((name, beta), (None, None))
        if average is None or known is not base:
            average = AverageCurve(beta)
            self._averages[name, beta] = base, average
        average.follow_curve(base)
        return average

    def places(self, axis: XAxis) -> Places:
        """Return where the lines of the log lie."""
        if axis is XAxis.STEP:
            return Places(self._frame.steps, self._frame.steps)
        x = self._axis_column(axis)
        if x is None:
            return Places(EMPTY_SERIES.values, EMPTY_SERIES.steps)
        return self._places.setdefault(axis, GrowingPlaces()).follow(x, self._frame.steps)

    def host_places(self, axis: XAxis) -> Places:
        """Return where the host's samples lie: infinitely far where the log does not reach."""
        log, clock = self.places(axis), self.places(XAxis.WALL)
        times = self._host_times
        if not len(clock.x):
            x = times if axis is XAxis.WALL else np.full(len(times), np.inf)
            return GrowingPlaces().follow(x, np.zeros(len(times), np.int64))
        clock_x = np.maximum.accumulate(clock.x) if clock.cuts else clock.x
        steps = np.rint(between(clock_x, clock.steps, times)).astype(np.int64)
        if axis is XAxis.WALL:
            return GrowingPlaces().follow(times, steps)
        x = between(clock_x, log.x, times) if len(log.x) else np.full(len(times), np.inf)
        x = np.where(times < clock_x[0], -np.inf, np.where(times > clock_x[-1], np.inf, x))
        return GrowingPlaces().follow(x, steps)

    def _axis_column(self, axis: XAxis) -> Floats | RowFloats | None:
        key = {XAxis.TOKENS: "tokens", XAxis.WALL: "time"}.get(axis, "elapsed_s")
        if self._has_value(key):
            return self._frame.columns[key].values
        if key == "elapsed_s" and self._has_value("time"):
            wall = np.asarray(self._frame.columns["time"].values)
            since_first: Floats = wall - wall[np.flatnonzero(~np.isnan(wall))[0]]
            return since_first
        return None

    def _has_value(self, key: str) -> bool:
        column = self._frame.columns.get(key)
        return column is not None and not column.known.is_empty


def _follow(curve: Curve, column: Column | None) -> None:
    if column is None:
        curve.follow(EMPTY_SERIES.values, np.empty(0, np.bool_))
    else:
        curve.follow(column.values, column.present)


def _whole(values: Floats) -> Curve:
    curve = Curve()
    curve.follow(values, np.ones(len(values), np.bool_))
    return curve
