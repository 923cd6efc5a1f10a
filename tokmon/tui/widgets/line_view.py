"""Lines to look through: a cursor, a margin, matches marked. Draws only what is on the screen.

Subclasses say what stands on a line; all of it is safe to print. Must not read files by itself.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import ClassVar, TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tokmon.tui.glyphs import Glyphs
from tokmon.tui.matches import found

_PREFIX = "line-view--"
_SIDEWAYS = 8
Piece: TypeAlias = tuple[str, str]
"""Text that is safe to print, and the name of its style."""


class LineView(ScrollView, can_focus=True):
    """The cursor's line has a sign in front, so that it needs no colour."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        _PREFIX + name
        for name in ("text", "muted", "strong", "key", "good", "alarm", "margin", "cursor", "match")
    }
    DEFAULT_CSS = """
    LineView {
        background: $background;
        scrollbar-size-vertical: 1;
        scrollbar-size-horizontal: 0;
        scrollbar-color: $border;
        scrollbar-background: $background;
    }
    .line-view--text { color: $foreground; }
    .line-view--muted { color: $text-muted; }
    .line-view--strong { color: $foreground; text-style: bold; }
    .line-view--key { color: $primary; text-style: bold; }
    .line-view--good { color: $success; text-style: bold; }
    .line-view--alarm { color: $error; text-style: bold; }
    .line-view--margin { color: $text-muted; }
    .line-view--cursor { background: $primary 20%; }
    .line-view--match { text-style: bold reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Line above", id="lines.up", show=False),
        Binding("down,j", "move(1)", "Line below", id="lines.down", show=False),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", id="lines.page_up", show=False),
        Binding("pagedown,ctrl+f,space", "page(1)", "Page down", id="lines.page_down", show=False),
        Binding("home,g", "go(0)", "First line", id="lines.first", show=False),
        Binding("end,G", "go(-1)", "Last line", id="lines.last", show=False),
        Binding("left,h", "sideways(-1)", "Left", id="lines.left", show=False),
        Binding("right,l", "sideways(1)", "Right", id="lines.right", show=False),
    ]

    cursor: reactive[int] = reactive(0, init=False, repaint=False)
    """The line pointed at."""

    class Moved(Message):
        """Another line is pointed at."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id)
        self.glyphs = glyphs
        self.needle = ""
        """What is marked on the lines; without capitals in it, case does not matter."""
        self.count = 0
        """Lines that there are."""
        self._widest = 0
        self._styles: dict[str, Style] = {}

    def pieces(self, line: int) -> Sequence[Piece]:
        """Return what stands on a line, from 0."""
        raise NotImplementedError

    def margin(self, line: int) -> str:  # noqa: ARG002  for subclasses
        """Return what stands in front of a line and does not move sideways."""
        return ""

    def text(self, line: int) -> str:
        """Return a line as it is shown."""
        return "".join(text for text, _ in self.pieces(line))

    @property
    def shown(self) -> range:
        """The lines that are on the screen."""
        top = self.scroll_offset.y
        return range(top, min(self.count, top + self.scrollable_content_region.height))

    def recount(self, count: int) -> None:
        """Take note of how many lines there are now, and draw them again."""
        self.count = count
        self.cursor = min(self.cursor, max(0, count - 1))
        self.measure()
        self.refresh()

    def measure(self) -> None:
        """Widen the area to the widest line seen so far."""
        widths = (cell_len(self.text(line)) for line in self.shown)
        self._widest = max(self._widest, max(widths, default=0) + self._margin_width)
        self.virtual_size = Size(self._widest, self.count)

    def point_at(self, line: int) -> None:
        """Move the cursor to a line, and the line into the upper half of the screen."""
        height = self.scrollable_content_region.height
        self.cursor = min(max(0, line), max(0, self.count - 1))
        if line not in self.shown[: max(1, height - 1)]:
            self.scroll_to(0, self.cursor - height // 3, animate=False, immediate=True, force=True)
        self.refresh()

    def watch_cursor(self, before: int, cursor: int) -> None:
        for line in (before, cursor):
            self.refresh_line(line)
        self.post_message(self.Moved())

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self.measure()

    def on_resize(self) -> None:
        self.measure()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        line = self.scroll_offset.y + y
        if line >= self.count:
            return Strip.blank(width, self.rich_style)
        sign = Segment(self._sign(line), self._style("key"))
        margin = Strip([sign, Segment(self.margin(line), self._style("margin"))])
        left = self.scroll_offset.x
        body = Strip(self._segments(line)).crop(left, left + max(0, width - margin.cell_length))
        strip = Strip.join([margin, body]).adjust_cell_length(width)
        ground = self._style("cursor") if line == self.cursor else self.rich_style
        return strip.apply_style(Style(bgcolor=ground.bgcolor))

    def _sign(self, line: int) -> str:
        return f"{self.glyphs.latest} " if line == self.cursor else "  "

    @property
    def _margin_width(self) -> int:
        return 2 + len(self.margin(0))

    def _segments(self, line: int) -> Iterator[Segment]:
        pieces = self.pieces(line)
        matches = list(found(self.needle, "".join(text for text, _ in pieces)))
        start = 0
        for text, name in pieces:
            end = start + len(text)
            inner = {edge for match in matches for edge in match if start < edge < end}
            for first, last in pairwise(sorted({start, end, *inner})):
                is_match = any(begin <= first < stop for begin, stop in matches)
                style = self._style(name) + self._style("match") if is_match else self._style(name)
                yield Segment(text[first - start : last - start], style)
            start = end

    def _style(self, name: str) -> Style:
        if name not in self._styles:
            full = self.get_component_rich_style(_PREFIX + name, partial=name != "cursor")
            self._styles[name] = full
        return self._styles[name]

    def action_move(self, by: int) -> None:
        self._step_to(self.cursor + by)

    def action_page(self, by: int) -> None:
        height = max(1, self.scrollable_content_region.height - 1)
        self._step_to(self.cursor + by * height)

    def action_go(self, line: int) -> None:
        self._step_to(line if line >= 0 else self.count - 1)

    def action_sideways(self, by: int) -> None:
        self.scroll_to(self.scroll_offset.x + by * _SIDEWAYS, animate=False, immediate=True)

    def _step_to(self, line: int) -> None:
        self.cursor = min(max(0, line), max(0, self.count - 1))
        region = Region(self.scroll_offset.x, self.cursor, 1, 1)
        self.scroll_to_region(region, animate=False, immediate=True, force=True)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is not None and self.scroll_offset.y + offset.y < self.count:
            self.cursor = self.scroll_offset.y + offset.y
