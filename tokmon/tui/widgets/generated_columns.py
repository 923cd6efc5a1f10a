"""The texts of one request side by side, as many as there is room for; the others by Tab."""

from collections.abc import Sequence

from textual.containers import HorizontalScroll

from tokmon.tui.continuation import Continuation
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.widgets.generated_column import GeneratedColumn
from tokmon.tui.widgets.generated_text import GeneratedText

_LEAST_COLUMNS = 36
"""Of the terminal, for one text."""


class GeneratedColumns(HorizontalScroll, can_focus=False):
    """Columns of one width, so that a page of them always begins at the left edge."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id)
        self._glyphs = glyphs
        self._columns: list[GeneratedColumn] = []
        self._is_shaded = False
        self._last_used = 0

    @property
    def continuations(self) -> list[Continuation]:
        """The texts, from the left."""
        return [column.continuation for column in self._columns]

    @property
    def current(self) -> GeneratedColumn | None:
        """The column that keys are about: the focused one, or the one that was."""
        for index, column in enumerate(self._columns):
            if column.text.has_focus:
                self._last_used = index
        return self._columns[self._last_used] if self._columns else None

    @property
    def page(self) -> tuple[int, int]:
        """The numbers of the first and the last column in sight, from 1; 0, 0 without any."""
        if not self._columns:
            return 0, 0
        first = self.scroll_offset.x // max(1, self._column_width())
        return first + 1, min(len(self._columns), first + self._on_a_page())

    async def show(self, continuations: Sequence[Continuation], *, names_source: bool) -> None:
        """Take away what is shown, and show these; the focus stays in its place."""
        focused = [index for index, column in enumerate(self._columns) if column.text.has_focus]
        await self.remove_children()
        self._last_used = 0
        self._columns = [
            GeneratedColumn(known, self._glyphs, names_source=names_source)
            for known in continuations
        ]
        for column in self._columns:
            column.text.is_shaded = self._is_shaded
        self._set_widths()
        await self.mount_all(self._columns)
        self.scroll_to(0, animate=False)
        if focused:
            self.focus_text(min(focused[0], len(self._columns) - 1))

    def paint(self) -> None:
        """Show what has come."""
        for column in self._columns:
            column.paint()

    def toggle_shading(self) -> bool:
        """Show likelihood instead of syntax, or the other way; return which it is now."""
        self._is_shaded = not self._is_shaded
        for column in self._columns:
            column.text.is_shaded = self._is_shaded
        return self._is_shaded

    def focus_text(self, index: int | None = None) -> None:
        """Focus a text, the one last used if none is named."""
        if self._columns:
            self._columns[self._last_used if index is None else index].text.focus()

    def on_generated_text_cursor_moved(self, event: GeneratedText.CursorMoved) -> None:
        if event.text.has_focus:
            self._last_used = [column.text for column in self._columns].index(event.text)

    def on_resize(self) -> None:
        self._set_widths()

    def _set_widths(self) -> None:
        for column in self._columns:
            column.styles.width = self._column_width()

    def _on_a_page(self) -> int:
        return max(1, min(self.size.width // _LEAST_COLUMNS, len(self._columns)))

    def _column_width(self) -> int:
        return max(1, self.size.width // self._on_a_page())
