"""A screen over the whole terminal: a title, lines to look through, a line of news, help. No data.

Subclasses say what the lines are and what is searched.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from tokmon.tui.copying import copy
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.screens.help import HelpScreen
from tokmon.tui.text import MUTED, foreign, words
from tokmon.tui.widgets.line_view import LineView
from tokmon.tui.widgets.search_line import SearchLine


class LinesScreen(ModalScreen[None]):
    """Lines with a search line below; `?` lists the keys."""

    AUTO_FOCUS = "LineView"
    DEFAULT_CSS = """
    LinesScreen { background: $background; }
    LinesScreen > Vertical {
        width: 100%;
        height: 100%;
        border-top: solid $primary;
        border-title-color: $primary;
        border-title-style: bold;
    }
    LinesScreen.-ascii > Vertical { border-top: ascii $primary; }
    LinesScreen LineView { height: 1fr; }
    LinesScreen.-ascii LineView { scrollbar-size: 0 0; }
    LinesScreen .news { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: clip; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Close", id="lines.close", tooltip="Back to the run"),
        Binding(
            "slash", "search", "Search", key_display="/", id="lines.search", tooltip="Find a text"
        ),
        Binding("n", "again(1)", "Next", id="lines.next", tooltip="The next line that has it"),
        Binding("N", "again(-1)", "Before", id="lines.before", tooltip="The one before"),
        Binding("y", "copy_line", "Copy", id="lines.copy", tooltip="Copy the line pointed at"),
        Binding("question_mark,f1", "help", "Keys", key_display="?", id="lines.help"),
    ]
    KEYS_TEXT: ClassVar[str] = "? keys  esc closes  / search  n N next, before  y copy"

    def __init__(self, view: LineView, glyphs: Glyphs) -> None:
        super().__init__()
        self.view = view
        self.glyphs = glyphs
        self.set_class(glyphs.is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with Vertical():
            yield self.view
            yield SearchLine()
            yield Static(words((self.KEYS_TEXT, MUTED)), classes="news", markup=False)

    def entitle(self, name: str, facts: str, source: str = "") -> None:
        """Say above the lines what they are, where one is and whence they come; foreign text."""
        title = words(f"{name}  ", foreign(facts, "not bold $foreground"))
        title += foreign(f"  {source}", "not bold $text-muted") if source else words()
        box = self.query_one(Vertical)
        if box.border_title != title.markup:
            box.border_title = title

    def tell(self, message: str, style: str = MUTED) -> None:
        """Say something below the lines; foreign text may be in it. Nothing: the keys again."""
        news = foreign(message, style) if message else words((self.KEYS_TEXT, MUTED))
        self.query_one(".news", Static).update(news)

    def seek(self, needle: str, *, is_backwards: bool, from_cursor: bool) -> None:
        """Find the next line with `needle`; `from_cursor`: the cursor's line counts as well."""
        raise NotImplementedError

    def action_leave(self) -> None:
        self.dismiss()

    def action_help(self) -> None:
        bindings = [active.binding for active in self.active_bindings.values()]
        own = [binding for binding in bindings if binding.id]
        self.app.push_screen(HelpScreen(own, is_ascii=self.glyphs.is_ascii))

    def action_search(self) -> None:
        self.query_one(SearchLine).open()

    def action_again(self, by: int) -> None:
        if self.view.needle:
            self.seek(self.view.needle, is_backwards=by < 0, from_cursor=False)
        else:
            self.tell("nothing is searched for yet: / takes a text")

    def action_copy_line(self) -> None:
        if self.view.count:
            copy(self.app, self.view.text(self.view.cursor) + "\n", "a line")

    def on_search_line_typed(self, event: SearchLine.Typed) -> None:
        self.mark(event.text)

    def on_search_line_asked(self, event: SearchLine.Asked) -> None:
        self.mark(event.text)
        self.view.focus()
        self.tell("")
        if event.text:
            self.seek(event.text, is_backwards=False, from_cursor=True)

    def on_search_line_given_up(self) -> None:
        self.mark("")
        self.view.focus()

    def mark(self, needle: str) -> None:
        """Mark a text on all lines."""
        self.view.needle = needle
        self.view.refresh()
