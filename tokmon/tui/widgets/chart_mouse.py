"""Moving about in a chart by mouse: the wheel zooms, dragging pans, a click asks for values."""

from textual import events

from tokmon.tui.plot.reading import nearest_point
from tokmon.tui.plot.sheet import Area
from tokmon.tui.plot.window import Window
from tokmon.tui.widgets.chart_moves import ChartMoves

_WHEEL_ZOOM = 1.25


class ChartMouse(ChartMoves):
    """Turns what the mouse does into the moves that keys make as well."""

    _dragged_from: tuple[int, Window] | None = None
    _is_dragging = False

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, 1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, -1)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if event.button == 1 and self.scene is not None:
            self.capture_mouse()
            self._dragged_from, self._is_dragging = (event.x, self.window), False

    def on_mouse_move(self, event: events.MouseMove) -> None:
        area = self.drawing.area if self._dragged_from else None
        if area is None or self._dragged_from is None or self.scene is None:
            return
        start, window = self._dragged_from
        if event.x != start or self._is_dragging:
            self._is_dragging = True
            self.look(window.panned((start - event.x) / area.width, self.scene.whole))

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self._dragged_from is None:
            return
        self.release_mouse()
        self._dragged_from = None
        place, line = self._place_at(event), self.primary
        if not self._is_dragging and place is not None and line is not None:
            index = nearest_point(line, place)
            if index is not None:
                self.point_at(line, index)

    def _wheel(self, event: events.MouseEvent, direction: int) -> None:
        event.stop()
        if (place := self._place_at(event)) is not None:
            self.zoom(_WHEEL_ZOOM**direction, place)

    def _place_at(self, event: events.MouseEvent) -> float | None:
        """Return the place on the x axis under the pointer; None beside the curves."""
        area: Area | None = self.drawing.area
        if area is None or self.scene is None:
            return None
        column = event.x - self.content_offset.x - area.left
        low, high = self.scene.chart.span
        is_on_curves = 0 <= column < area.width
        return low + (column + 0.5) / area.width * (high - low) if is_on_curves else None
