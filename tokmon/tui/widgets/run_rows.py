"""The rows of the list of runs: a cursor, marks. Draws only the rows that are on the screen."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from tokmon.tui.glyphs import Glyphs
from tokmon.tui.run_cells import Row
from tokmon.tui.run_columns import row_line, titles
from tokmon.tui.text import words

_SIGN_WIDTH = 2
_TITLES = 1


class RunRows(ScrollView, can_focus=True):
    """The first line holds the titles and stays; the row pointed at has a sign in front."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"run-rows--cursor"}
    DEFAULT_CSS = """
    RunRows {
        height: 1fr;
        background: $background;
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-color: $border;
        scrollbar-background: $background;
        scrollbar-gutter: stable;
    }
    RunRows.-ascii { scrollbar-size-vertical: 0; }
    .run-rows--cursor { background: $primary 20%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Run above", id="runs.up", show=False),
        Binding("down,j", "move(1)", "Run below", id="runs.down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", id="runs.page_up", show=False),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", id="runs.page_down", show=False),
        Binding("home,g", "go(0)", "First run", id="runs.first", show=False),
        Binding("end,G", "go(-1)", "Last run", id="runs.last", show=False),
    ]

    @dataclass
    class Moved(Message):
        """Another run is pointed at, or what is known of it has changed."""

        row: Row | None

    @dataclass
    class Chosen(Message):
        """The run pointed at was clicked."""

        row: Row

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id)
        self._glyphs = glyphs
        # A scroll bar is drawn with half blocks.
        self.set_class(glyphs.is_ascii, "-ascii")
        self._rows: Sequence[Row] = ()
        self._now = 0.0
        self._cursor = 0
        self._drawn: dict[int, tuple[Content, bool]] = {}

    @property
    def pointed(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self._cursor] if self._rows else None

    def put(self, rows: Sequence[Row], now: float) -> None:
        """Show other rows; the cursor stays with its run, and what looks as before is not redrawn.

        At the top it stays there: whoever looks at the newest wants to see a newer one come.
        """
        before = self.pointed
        path = before.run.run.path if before and self._cursor else None
        self._rows, self._now = rows, now
        self._cursor = self._index_of(path, rows)
        self.virtual_size = Size(self.size.width, len(rows) + _TITLES)
        self._redraw_changed()
        self.post_message(self.Moved(self.pointed))

    def _index_of(self, path: Path | None, rows: Sequence[Row]) -> int:
        if path is None:
            return 0
        found = (index for index, row in enumerate(rows) if row.run.run.path == path)
        return next(found, min(self._cursor, max(0, len(rows) - 1)))

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        content, is_pointed = self._drawn[y] = self._content(y, width)
        style = self.visual_style
        if is_pointed:
            style = self.get_visual_style("run-rows--cursor")
        strips = Visual.to_strips(self, content, width, 1, style, apply_selection=False, pad=True)
        return strips[0] if strips else Strip.blank(width, self.rich_style)

    def _content(self, y: int, width: int) -> tuple[Content, bool]:
        if y == 0:
            return words(" " * _SIGN_WIDTH, titles(width - _SIGN_WIDTH, self._glyphs)), False
        index = self.scroll_offset.y + y - _TITLES
        if index >= len(self._rows):
            return Content(), False
        is_pointed = index == self._cursor
        sign = f"{self._glyphs.latest if is_pointed else ' '} "
        line = row_line(self._rows[index], self._now, width - _SIGN_WIDTH, self._glyphs)
        return words((sign, "bold $primary"), line), is_pointed

    def _redraw_changed(self) -> None:
        """Repaint the lines whose text or style differ from what was last drawn there."""
        size = self.scrollable_content_region.size
        for y in range(size.height):
            content, is_pointed = self._content(y, size.width)
            before = self._drawn.get(y)
            if before is None or before[1] != is_pointed or not before[0].is_same(content):
                self.refresh(Region(0, y, size.width, 1))

    def on_resize(self) -> None:
        self._drawn.clear()
        self.virtual_size = Size(self.size.width, len(self._rows) + _TITLES)
        self._show_cursor()

    def action_move(self, by: int) -> None:
        self._point(self._cursor + by)

    def action_page(self, by: int) -> None:
        self._point(self._cursor + by * max(1, self.scrollable_content_region.height - _TITLES - 1))

    def action_go(self, index: int) -> None:
        self._point(index % max(1, len(self._rows)))

    def on_click(self, event: events.Click) -> None:
        index = self.scroll_offset.y + event.y - _TITLES
        if event.y < _TITLES or index >= len(self._rows):
            return
        is_pointed = index == self._cursor
        self._point(index)
        if is_pointed:
            self.post_message(self.Chosen(self._rows[index]))

    def _point(self, index: int) -> None:
        self._cursor = min(max(0, index), max(0, len(self._rows) - 1))
        self._show_cursor()
        self._redraw_changed()
        self.post_message(self.Moved(self.pointed))

    def _show_cursor(self) -> None:
        """Scroll as little as brings the cursor's row below the titles."""
        height = self.scrollable_content_region.height - _TITLES
        top = self.scroll_offset.y
        wanted = min(max(top, self._cursor - height + 1), self._cursor)
        if wanted != top:
            self.scroll_to(0, wanted, animate=False, immediate=True, force=True)
