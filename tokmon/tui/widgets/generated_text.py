"""One text as it is written: prompt and continuation in colours, likelihoods, a token cursor.

Draws only the rows that are on the screen. Everything drawn has gone through `ShownText`.
"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tokmon.rundir.sampling import Token
from tokmon.tui.continuation import Continuation
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.highlighting import Highlighter, Kind
from tokmon.tui.shown_text import Rows, ShownText

_PREFIX = "generated-text--"
_GUTTER = 2
_LEVELS = ((0.5, ""), (0.1, "likely"), (0.01, "unlikely"), (0.0, "surprising"))
"""From these probabilities on; from `unlikely` on there is a line under the token as well."""


class GeneratedText(ScrollView, can_focus=True):
    """The gutter tells the prompt's rows, and the row where the continuation begins."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(_PREFIX + kind for kind in Kind),
        *(_PREFIX + name for _, name in _LEVELS if name),
        *(_PREFIX + name for name in ("prompt", "shared", "gutter", "start")),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Token before", show=False),
        Binding("right", "move(1)", "Token after", show=False),
        Binding("up", "move_row(-1)", "Row above", show=False),
        Binding("down", "move_row(1)", "Row below", show=False),
        Binding("home", "move_to(0)", "First token", show=False),
        Binding("end", "move_to(-1)", "Last token", show=False),
    ]

    is_shaded: reactive[bool] = reactive(False, init=False)
    """Whether likelihood is shown instead of syntax."""

    @dataclass
    class CursorMoved(Message):
        """Another token is pointed at, or none."""

        text: "GeneratedText"

    @dataclass
    class LeftUpwards(Message):
        """The cursor was moved up from the first row."""

    def __init__(self, continuation: Continuation, glyphs: Glyphs) -> None:
        super().__init__()
        self.continuation = continuation
        self.cursor: int | None = None
        """The token pointed at."""
        self._glyphs = glyphs
        self._shown = ShownText(continuation.request.prompt)
        self._highlighter = Highlighter(time.perf_counter)
        self._rows = Rows(1)
        self._styles: dict[str, Style] = {}

    @property
    def token(self) -> Token | None:
        """The token pointed at."""
        tokens = self.continuation.tokens
        return None if self.cursor is None or self.cursor >= len(tokens) else tokens[self.cursor]

    def on_resize(self) -> None:
        self.paint()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def watch_is_shaded(self) -> None:
        self.refresh()

    def on_focus(self) -> None:
        self.post_message(self.CursorMoved(self))

    def on_blur(self) -> None:
        self.post_message(self.CursorMoved(self))

    def paint(self) -> None:
        """Take in what has come since the last time, and stay at the end if that was in sight."""
        if not self.size:
            return
        was_at_end = self.scroll_offset.y >= self.max_scroll_y
        for token in self.continuation.tokens[len(self._shown.starts) :]:
            self._shown.append(token.text)
        is_final = self.continuation.done is not None
        self._highlighter.follow(self._shown.text, is_final=is_final)
        width = self.scrollable_content_region.width - _GUTTER
        if width != self._rows.width:
            self._rows = Rows(width)
        self._rows.follow(self._shown.text)
        self.virtual_size = Size(width + _GUTTER, len(self._rows))
        if was_at_end and self.cursor is None:
            self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, row = self.scrollable_content_region.width, self.scroll_offset.y + y
        if row >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        segments = [self._gutter(row), *self._segments(*self._rows[row])]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _gutter(self, row: int) -> Segment:
        start, end = self._rows[row]
        first = self._rows.at(self._shown.prompt_end)
        if row == first and self._shown.prompt_end in range(start, end + 1):
            return Segment(f"{self._glyphs.latest} ", self._style("start"))
        sign = self._glyphs.output if start < self._shown.prompt_end else " "
        return Segment(f"{sign} ", self._style("gutter"))

    def _segments(self, start: int, end: int) -> Iterator[Segment]:
        """Yield the pieces of one row, each in one style."""
        is_shared = start < self._shown.prompt_end < end
        kinds = dict(self._highlighter.between(start, end))
        cuts = sorted({*kinds, *self._cuts(start, end), end})
        kind = Kind.PLAIN
        for begin, stop in pairwise(cuts):
            kind = kinds.get(begin, kind)
            yield Segment(self._shown.text[begin:stop], self._style_at(begin, kind, is_shared))

    def _cuts(self, start: int, end: int) -> list[int]:
        """Return where a prompt or a token ends between two offsets."""
        cuts = [self._shown.prompt_end]
        if self.is_shaded or self.cursor is not None:
            starts = self._shown.starts
            cuts += starts[bisect_left(starts, start) : bisect_right(starts, end)]
        return [cut for cut in cuts if start <= cut < end]

    def _style_at(self, offset: int, kind: Kind, is_shared: bool) -> Style:
        if offset < self._shown.prompt_end:
            return self._style("shared" if is_shared else "prompt")
        if not self.is_shaded and self.cursor is None:
            return self._style(kind)
        token = self._shown.token_at(offset) or 0
        shade = _level(self.continuation.tokens[token].probability) if self.is_shaded else ""
        style = self._style(shade or (Kind.PLAIN if self.is_shaded else kind))
        return style + _POINTED if token == self.cursor and self.has_focus else style

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(_PREFIX + name)
        return self._styles[name]

    def action_move(self, by: int) -> None:
        if self.cursor is None:
            self._point(-1 if by < 0 else 0)
        else:
            self._point(min(max(0, self.cursor + by), len(self._shown.starts) - 1))

    def action_move_to(self, token: int) -> None:
        self._point(token)

    def action_move_row(self, by: int) -> None:
        """Point at the token above or below, as far along the row as now."""
        if self.cursor is None:
            row = self.scroll_offset.y + (self.scrollable_content_region.height if by < 0 else -1)
            offset, along = 0, 0
        else:
            offset = self._shown.span(self.cursor)[0]
            row = self._rows.at(offset)
            along = offset - self._rows[row][0]
        row = min(row + by, len(self._rows) - 1)
        if row < 0:
            self.post_message(self.LeftUpwards())
            return
        start, end = self._rows[row]
        token = self._shown.token_at(min(start + along, max(start, end - 1)))
        if token == self.cursor and by < 0:
            self.post_message(self.LeftUpwards())
        elif token is not None:
            self._point(token)

    def _point(self, token: int) -> None:
        if not self._shown.starts:
            return
        self.cursor = token % len(self._shown.starts)
        row = self._rows.at(self._shown.span(self.cursor)[0])
        self.scroll_to_region(Region(0, row, 1, 1), animate=False)
        self.refresh()
        self.post_message(self.CursorMoved(self))


_POINTED = Style(reverse=True)


def _level(probability: float | None) -> str:
    if probability is None:
        return ""
    return next((name for least, name in _LEVELS if probability >= least), "surprising")
