"""Curves of several runs over each other, each in its colour with its letter at the end."""

from collections.abc import Sequence

from textual.content import Content
from textual.geometry import Size
from textual.widget import Widget

from tokmon.monitor.alignment import Along
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.overlay import Line, draw
from tokmon.tui.overlay_sheet import AXIS_LAYER, BLANK_LAYER, Drawing
from tokmon.tui.text import MUTED, words


class ComparisonChart(Widget):
    """Shows what it is given; knows nothing of runs.

    Args:
        glyphs: to draw with.
        has_zero: draw a line at y = 0 (for differences).
        id: of the widget.
    """

    DEFAULT_CSS = """
    ComparisonChart {
        height: 1fr;
        border-top: solid $border;
        border-title-color: $text-muted;
        padding: 0 1 0 0;
    }
    """

    def __init__(self, glyphs: Glyphs, *, has_zero: bool = False, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id)
        self._glyphs = glyphs
        self._has_zero = has_zero
        self._lines: Sequence[Line] = ()
        self._colours: Sequence[str] = ()
        self._along = Along.STEP
        self._is_log = False
        self._note = ""

    def put(
        self,
        lines: Sequence[Line],
        colours: Sequence[str],
        along: Along,
        *,
        is_log: bool = False,
        note: str = "",
    ) -> None:
        """Show other curves, one colour each."""
        self._lines, self._colours, self._along = lines, colours, along
        self._is_log, self._note = is_log, note
        self.refresh()

    def render(self) -> Content:
        drawing = self._draw(self.content_size)
        rows = (self._row(drawing, y) for y in range(len(drawing.rows)))
        return Content("\n").join(rows)

    def _draw(self, size: Size) -> Drawing:
        return draw(
            self._lines,
            self._along,
            (size.width, size.height),
            self._glyphs,
            is_log=self._is_log,
            has_zero=self._has_zero,
            note=self._note,
        )

    def _row(self, drawing: Drawing, y: int) -> Content:
        styles = {AXIS_LAYER: MUTED, BLANK_LAYER: ""}
        pieces = [
            (text, styles[layer] if layer < 0 else f"bold {self._colours[layer]}")
            for text, layer in drawing.runs(y)
        ]
        return words(*pieces)
