"""A widget that draws a RunState as text, and repaints only when the text has changed."""

from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

from tokmon.monitor.state import RunState
from tokmon.tui.glyphs import Glyphs


class Pane(Widget):
    """Subclasses say in `draw` what stands in their area."""

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """What to draw."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id)
        self.glyphs = glyphs
        self._drawn = Content()
        self._drawn_for: Size | None = None
        self._drawn_inputs: tuple[object, ...] | None = None

    def inputs(self, state: RunState) -> tuple[object, ...] | None:  # noqa: ARG002  for subclasses
        """Return what of the state is drawn; None to draw every time."""
        return None

    def draw(self, state: RunState, size: Size) -> Content:
        """Return the text for an area of `size`."""
        raise NotImplementedError

    def watch_state(self, state: RunState) -> None:
        size = self.content_size
        if not size:
            self._drawn_for = None
            return
        inputs = self.inputs(state)
        if inputs is not None and (size, inputs) == (self._drawn_for, self._drawn_inputs):
            return
        self._drawn_inputs = inputs
        drawn = self.draw(state, size)
        if not drawn.is_same(self._drawn) or self._drawn_for != size:
            self._drawn, self._drawn_for = drawn, size
            self.refresh()

    def render(self) -> Content:
        size = self.content_size
        if self.state is not None and self._drawn_for != size:
            self._drawn, self._drawn_for = self.draw(self.state, size), size
        return self._drawn
