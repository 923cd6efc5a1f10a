"""One generated text with a cursor that goes from token to token. Draws nothing itself."""

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message

from tokmon.rundir.sampling import Token
from tokmon.tui.widgets.painted_text import PaintedText


class GeneratedText(PaintedText):
    """Left and right go along the tokens, up and down along the rows, and out at the top."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Token before", show=False),
        Binding("right", "move(1)", "Token after", show=False),
        Binding("up", "move_row(-1)", "Row above", show=False),
        Binding("down", "move_row(1)", "Row below", show=False),
        Binding("home", "move_to(0)", "First token", show=False),
        Binding("end", "move_to(-1)", "Last token", show=False),
    ]

    @dataclass
    class CursorMoved(Message):
        """Another token is pointed at, or none."""

        text: "GeneratedText"

    @dataclass
    class LeftUpwards(Message):
        """The cursor was moved up from the first row."""

    @property
    def token(self) -> Token | None:
        """The token pointed at."""
        tokens = self.continuation.tokens
        return None if self.cursor is None or self.cursor >= len(tokens) else tokens[self.cursor]

    def on_focus(self) -> None:
        self.post_message(self.CursorMoved(self))

    def on_blur(self) -> None:
        self.post_message(self.CursorMoved(self))

    def action_move(self, by: int) -> None:
        if self.cursor is None:
            self._point(-1 if by < 0 else 0)
        else:
            self._point(min(max(0, self.cursor + by), len(self.shown.starts) - 1))

    def action_move_to(self, token: int) -> None:
        self._point(token)

    def action_move_row(self, by: int) -> None:
        """Point at the token above or below, as far along the row as now."""
        if self.cursor is None:
            row = self.scroll_offset.y + (self.scrollable_content_region.height if by < 0 else -1)
            offset, along = 0, 0
        else:
            offset = self.shown.span(self.cursor)[0]
            row = self.rows.at(offset)
            along = offset - self.rows[row][0]
        row = min(row + by, len(self.rows) - 1)
        if row < 0:
            self.post_message(self.LeftUpwards())
            return
        start, end = self.rows[row]
        token = self.shown.token_at(min(start + along, max(start, end - 1)))
        if token == self.cursor and by < 0:
            self.post_message(self.LeftUpwards())
        elif token is not None:
            self._point(token)

    def _point(self, token: int) -> None:
        if not self.shown.starts:
            return
        self.cursor = token % len(self.shown.starts)
        row = self.rows.at(self.shown.span(self.cursor)[0])
        self.scroll_to_region(Region(0, row, 1, 1), animate=False)
        self.refresh()
        self.post_message(self.CursorMoved(self))
