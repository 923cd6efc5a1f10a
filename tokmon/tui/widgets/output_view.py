"""The lines of a file of any size: reads the blocks that are looked at, and keeps a few of them.

Does not look for new lines by itself: an extent comes in, and the view follows its end if asked to.
"""

import re
from collections.abc import Collection, Sequence

from textual.reactive import reactive

from tokmon.monitor.line_index import Extent, read_block
from tokmon.monitor.line_search import TRACEBACKS
from tokmon.monitor.visible import visible
from tokmon.tui.event_style import EventTone, tone_of
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.widgets.line_view import LineView, Piece

_KEPT_BLOCKS = 16
_ERROR = re.compile(r"(?:[A-Za-z_][\w.]*\.)?[A-Z]\w*(?:Error|Exception|Interrupt|Exit)\b")
_TRACEBACK = re.compile(TRACEBACKS.pattern.pattern.decode())
_TONES = {EventTone.ALARMING: "alarm", EventTone.PLEASING: "good", EventTone.PLAIN: "key"}


class OutputView(LineView):
    """Line numbers in the margin; tracebacks and echoes of events stand out."""

    is_following: reactive[bool] = reactive(True, init=False, repaint=False)
    """Whether the end stays in sight as the file grows."""

    def __init__(self, extent: Extent, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(glyphs, id=id)
        self.extent = extent
        self.fault = ""
        """Why a block could not be read; nothing while all can."""
        self.kinds: Collection[str] = ()
        """Kinds of events, whose echoes stand out."""
        self._blocks: dict[int, list[str]] = {}

    def take(self, extent: Extent, *, is_other: bool = False) -> None:
        """Show a file that has grown, or, if `is_other`, that has begun anew."""
        if is_other:
            self._blocks.clear()
            self.cursor = 0
        # The last block may have been read while its last line was unfinished.
        self._blocks.pop(self.extent.block_of(max(0, self.extent.line_count - 1)), None)
        self.extent = extent
        self.recount(extent.line_count)
        if self.is_following:
            self._to_end()

    def pieces(self, line: int) -> Sequence[Piece]:
        text = self._line(line)
        kind, colon, rest = text.partition(":")
        if colon and kind in self.kinds:
            return ((kind, _TONES[tone_of(kind)]), (colon + rest, "text"))
        if _TRACEBACK.search(text) or _ERROR.match(text):
            return ((text, "alarm"),)
        return ((text, "muted" if text.startswith(" ") else "text"),)

    def margin(self, line: int) -> str:
        width = len(f"{max(self.count, 1):,}")
        return f"{line + 1:>{width},} "

    def watch_is_following(self, is_following: bool) -> None:
        if is_following:
            self._to_end()

    def point_at(self, line: int) -> None:
        self.is_following = False
        super().point_at(line)

    def watch_cursor(self, before: int, cursor: int) -> None:
        if cursor < before and cursor < self.count - 1:
            self.is_following = False
        super().watch_cursor(before, cursor)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        if new_value < old_value and new_value < self.max_scroll_y:
            self.is_following = False
        super().watch_scroll_y(old_value, new_value)

    def on_resize(self) -> None:
        super().on_resize()
        if self.is_following:
            self._to_end()

    def action_go(self, line: int) -> None:
        super().action_go(line)
        self.is_following = line < 0

    def _to_end(self) -> None:
        self.cursor = max(0, self.count - 1)
        y = max(0, self.count - self.scrollable_content_region.height)
        self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def _line(self, line: int) -> str:
        block = self.extent.block_of(line)
        lines = self._block(block)
        place = line - self.extent.lines[block]
        return lines[place] if place < len(lines) else ""

    def _block(self, block: int) -> list[str]:
        if block not in self._blocks:
            try:
                lines = read_block(self.extent, block)
                self.fault = ""
            except OSError as error:
                lines, self.fault = [], error.strerror or str(error)
            while len(self._blocks) >= _KEPT_BLOCKS:
                del self._blocks[next(iter(self._blocks))]
            self._blocks[block] = [_text(line) for line in lines]
        return self._blocks[block]


def _text(line: bytes) -> str:
    return visible(line.decode(errors="backslashreplace"), is_multiline=True)
