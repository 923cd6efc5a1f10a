"""Moving about in a chart, as its keys ask. Knows no curves but through its scene."""

from dataclasses import replace
from math import copysign

import numpy as np
from textual.reactive import reactive
from textual.widget import Widget

from tokmon.monitor.places import Places, XAxis, between
from tokmon.tui.plot.chart import Line
from tokmon.tui.plot.reading import nearest_point, place_of, point_of_step, step_of
from tokmon.tui.plot.scene import Scene
from tokmon.tui.plot.sheet import Drawing
from tokmon.tui.plot.spec import Smoothing
from tokmon.tui.plot.window import Window
from tokmon.tui.widgets.chart_messages import CrosshairMoved, PickerRequested, WindowChanged

_KEY_ZOOM = 2.0
_PAN_SHARE = 0.25
_LEAD = 0.1
"""Share of the window between its edge and a crosshair that has just come into sight."""


class ChartMoves(Widget):
    """Subclasses say what there is to move about in, and draw."""

    is_log: reactive[bool] = reactive(False, init=False, repaint=False)
    """Whether the y axis is logarithmic."""
    window: reactive[Window] = reactive(Window(), init=False, repaint=False)
    """What of the x axis is in sight."""
    smoothing: reactive[Smoothing] = reactive(Smoothing.DEFAULT, init=False, repaint=False)
    """How much the average remembers."""
    crosshair: reactive[int | None] = reactive(None, init=False, repaint=False)
    """The step that the crosshair points at."""

    @property
    def scene(self) -> Scene | None:
        """What is drawn, and within which bounds; None as long as there is nothing."""
        raise NotImplementedError

    @property
    def drawing(self) -> Drawing:
        """The characters for the present size."""
        raise NotImplementedError

    def axes(self) -> list[XAxis]:
        """Return the x axes that there are values for."""
        raise NotImplementedError

    def places_of(self, window: Window) -> Places | None:
        """Return where the rows of the chart lie on the axis of `window`."""
        raise NotImplementedError

    @property
    def primary(self) -> Line | None:
        """The line whose points the crosshair jumps to."""
        lines = self.scene.chart.lines if self.scene else ()
        return next((line for line in lines if len(line.curve) and len(line.places.x)), None)

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's
    ) -> bool | None:
        """Leave escape to the screen where there is no crosshair."""
        return action != "clear_crosshair" or self.crosshair is not None

    def action_move_crosshair(self, direction: int) -> None:
        line, area = self.primary, self.drawing.area
        if line is None or area is None or self.scene is None:
            return
        low, high = self.scene.chart.span
        at = None if self.crosshair is None else point_of_step(line, self.crosshair)
        if at is None:
            index = nearest_point(line, high)
        else:
            target = place_of(line, at) + direction * (high - low) / area.width
            index = nearest_point(line, target)
            if index is None or (index - at) * direction <= 0:
                index = min(max(at + direction, 0), len(line.curve) - 1)
        if index is not None:
            self.point_at(line, index)

    def action_clear_crosshair(self) -> None:
        self._move_to(None)

    def action_pan(self, direction: int) -> None:
        if self.scene is not None:
            self.look(self.window.panned(direction * _PAN_SHARE, self.scene.whole))

    def action_zoom(self, direction: int) -> None:
        if self.scene is not None:
            low, high = self.scene.chart.span
            at = self._crosshair_place()
            is_in_sight = at is not None and low <= at <= high
            middle = (low + high) / 2
            self.zoom(_KEY_ZOOM**direction, at if at is not None and is_in_sight else middle)

    def action_show_whole(self) -> None:
        self.look(self.window.whole())

    def action_follow(self) -> None:
        if self.scene is not None:
            self.look(self.window.followed(self.scene.whole))

    def action_toggle_log(self) -> None:
        self.is_log = not self.is_log

    def action_next_smoothing(self) -> None:
        self.smoothing = self.smoothing.following

    def action_next_axis(self) -> None:
        axes = self.axes()
        if self.scene is None or self.window.axis not in axes:
            return
        axis = axes[(axes.index(self.window.axis) + 1) % len(axes)]
        self.look(self._on_axis(Window(axis)))

    def action_pick(self) -> None:
        self.post_message(PickerRequested(self))

    def _crosshair_place(self) -> float | None:
        line = self.primary
        if line is None or self.crosshair is None:
            return None
        index = point_of_step(line, self.crosshair)
        return None if index is None else place_of(line, index)

    def point_at(self, line: Line, index: int) -> None:
        """Put the crosshair on a point, and bring the point into sight."""
        self._move_to(step_of(line, index))
        if self.scene is None:
            return
        (low, high), x = self.scene.chart.span, place_of(line, index)
        beyond = (x - high if x > high else min(0.0, x - low)) / (high - low)
        if beyond:
            share = beyond + copysign(_LEAD, beyond)
            self.look(self.window.panned(share, self.scene.whole))

    def _move_to(self, step: int | None) -> None:
        if step != self.crosshair:
            self.crosshair = step
            self.post_message(CrosshairMoved(self, step))

    def zoom(self, factor: float, at: float) -> None:
        """Look `factor` times as close, a place of the x axis staying where it is."""
        if self.scene is not None:
            self.look(self.window.zoomed(factor, at, self.scene.whole, self.scene.least))

    def look(self, window: Window) -> None:
        """Show another part of the x axis, and tell the screen."""
        if window != self.window:
            self.window = window
            self.post_message(WindowChanged(self, window))

    def _on_axis(self, window: Window) -> Window:
        """Return a window over the rows that are in sight, on another axis."""
        before, after = self.places_of(self.window), self.places_of(window)
        if self.window.span is None or self.scene is None or not before or not after:
            return window
        steps = between(before.x, before.steps, np.array(self.scene.chart.span))
        low, high = between(after.steps, after.x, steps).tolist()
        is_usable = low < high and high - low < float("inf")
        following = self.window.is_following
        return replace(window, span=(low, high), is_following=following) if is_usable else window
