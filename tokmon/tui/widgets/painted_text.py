"""A text as it is written: prompt and continuation in colours, or shaded by likelihood.

Draws only the rows that are on the screen. Everything drawn has gone through `ShownText`.
"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tokmon.tui.continuation import Continuation
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.highlighting import Highlighter, Kind
from tokmon.tui.shown_text import Rows, ShownText

_PREFIX = "generated-text--"
_GUTTER = 2
_LEVELS = ((0.5, ""), (0.1, "likely"), (0.01, "unlikely"), (0.0, "surprising"))
"""From these probabilities on; from `unlikely` on there is a line under the token as well."""
_POINTED = Style(reverse=True)


class PaintedText(ScrollView, can_focus=True):
    """The gutter tells the prompt's rows, and the row where the continuation begins.

    Args:
        continuation: the text, which grows.
        glyphs: the signs to draw with.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(_PREFIX + kind for kind in Kind),
        *(_PREFIX + name for _, name in _LEVELS if name),
        *(_PREFIX + name for name in ("prompt", "shared", "gutter", "start")),
    }

    is_shaded: reactive[bool] = reactive(False, init=False)
    """Whether likelihood is shown instead of syntax."""

    def __init__(self, continuation: Continuation, glyphs: Glyphs) -> None:
        super().__init__()
        self.continuation = continuation
        self.cursor: int | None = None
        """The token pointed at."""
        self._glyphs = glyphs
        self.shown = ShownText(continuation.request.prompt)
        """As far as it was painted."""
        self._highlighter = Highlighter(time.perf_counter)
        self.rows = Rows(1)
        """Of the shown text, at the present width."""
        self._styles: dict[str, Style] = {}

    def on_resize(self) -> None:
        self.paint()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def watch_is_shaded(self) -> None:
        self.refresh()

    def paint(self) -> None:
        """Take in what has come since the last time, and stay at the end if that was in sight."""
        if not self.size:
            return
        was_at_end = self.scroll_offset.y >= self.max_scroll_y
        for token in self.continuation.tokens[len(self.shown.starts) :]:
            self.shown.append(token.text)
        is_final = self.continuation.done is not None
        self._highlighter.follow(self.shown.text, is_final=is_final)
        width = self.scrollable_content_region.width - _GUTTER
        if width != self.rows.width:
            self.rows = Rows(width)
        self.rows.follow(self.shown.text)
        self.virtual_size = Size(width + _GUTTER, len(self.rows))
        if was_at_end and self.cursor is None:
            self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width, row = self.scrollable_content_region.width, self.scroll_offset.y + y
        if row >= len(self.rows):
            return Strip.blank(width, self.rich_style)
        segments = [self._gutter(row), *self._segments(*self.rows[row])]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _gutter(self, row: int) -> Segment:
        start, end = self.rows[row]
        first = self.rows.at(self.shown.prompt_end)
        if row == first and self.shown.prompt_end in range(start, end + 1):
            return Segment(f"{self._glyphs.latest} ", self._style("start"))
        sign = self._glyphs.output if start < self.shown.prompt_end else " "
        return Segment(f"{sign} ", self._style("gutter"))

    def _segments(self, start: int, end: int) -> Iterator[Segment]:
        """Yield the pieces of one row, each in one style."""
        is_shared = start < self.shown.prompt_end < end
        kinds = dict(self._highlighter.between(start, end))
        cuts = sorted({*kinds, *self._cuts(start, end), end})
        kind = Kind.PLAIN
        for begin, stop in pairwise(cuts):
            kind = kinds.get(begin, kind)
            yield Segment(self.shown.text[begin:stop], self._style_at(begin, kind, is_shared))

    def _cuts(self, start: int, end: int) -> list[int]:
        """Return where a prompt or a token ends between two offsets."""
        cuts = [self.shown.prompt_end]
        if self.is_shaded or self.cursor is not None:
            starts = self.shown.starts
            cuts += starts[bisect_left(starts, start) : bisect_right(starts, end)]
        return [cut for cut in cuts if start <= cut < end]

    def _style_at(self, offset: int, kind: Kind, is_shared: bool) -> Style:
        if offset < self.shown.prompt_end:
            return self._style("shared" if is_shared else "prompt")
        if not self.is_shaded and self.cursor is None:
            return self._style(kind)
        token = self.shown.token_at(offset) or 0
        shade = _level(self.continuation.tokens[token].probability) if self.is_shaded else ""
        style = self._style(shade or (Kind.PLAIN if self.is_shaded else kind))
        return style + _POINTED if token == self.cursor and self.has_focus else style

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            self._styles[name] = self.get_component_rich_style(_PREFIX + name)
        return self._styles[name]


def _level(probability: float | None) -> str:
    if probability is None:
        return ""
    return next((name for least, name in _LEVELS if probability >= least), "surprising")
