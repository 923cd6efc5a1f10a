"""Events and output of the run, the newest at the bottom; stays there until scrolled away.

`/` leaves only the lines that hold a text, and marks it; esc brings the others back.
"""

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tokmon.monitor.state import JournalEntry, RunState
from tokmon.report import figures
from tokmon.tui.event_style import EventTone, tone_of
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.matches import found
from tokmon.tui.text import MUTED, clock_seconds, foreign, words

if TYPE_CHECKING:
    from tokmon.tui.widgets.search_line import SearchLine

_SHOWN = 200
_MATCH = "bold reverse"
_TONES = {
    EventTone.ALARMING: "bold $error",
    EventTone.PLEASING: "bold $success",
    EventTone.PLAIN: "bold $primary",
}


class LogTail(VerticalScroll, can_focus=True):
    """The last lines of the journal."""

    BORDER_TITLE = "Log"
    DEFAULT_CSS = """
    LogTail > SearchLine { dock: bottom; }
    LogTail.-searching > #log-lines { margin: 0 0 1 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "search",
            "Search log",
            key_display="/",
            id="log.search",
            tooltip="Only the log lines that hold a text; o searches the whole output",
            show=False,
        ),
        Binding("escape", "all_lines", "All log lines", id="log.all", show=False),
        Binding("j", "scroll_down", "Down", show=False),
        Binding("k", "scroll_up", "Up", show=False),
    ]

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """Whose journal to show."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id)
        self._glyphs = glyphs
        self._needle = ""
        if glyphs.is_ascii:
            self.styles.scrollbar_size_vertical = 0  # it is drawn with blocks of Unicode

    def compose(self) -> ComposeResult:
        yield Static(Text("nothing logged yet"), id="log-lines", markup=False)

    def on_mount(self) -> None:
        self.anchor()

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's
    ) -> bool | None:
        """Leave esc to the screen while there is nothing to bring back."""
        return action != "all_lines" or bool(self._needle)

    def watch_state(self, before: RunState | None, state: RunState) -> None:
        if before is None or before.journal != state.journal:
            self._show(state)

    async def action_search(self) -> None:
        # Deferred: a field to type into makes every start longer.
        from tokmon.tui.widgets.search_line import SearchLine

        if not self.query(SearchLine):
            await self.mount(SearchLine())
        self.add_class("-searching")
        self.query_one(SearchLine).open()

    def action_all_lines(self) -> None:
        self._look_for("")

    def on_search_line_typed(self, event: "SearchLine.Typed") -> None:
        event.stop()
        self._look_for(event.text)

    def on_search_line_asked(self, event: "SearchLine.Asked") -> None:
        event.stop()
        self._close_search(event.text)

    def on_search_line_given_up(self, event: "SearchLine.GivenUp") -> None:
        event.stop()
        self._close_search("")

    def _close_search(self, needle: str) -> None:
        self.remove_class("-searching")
        self._look_for(needle)
        self.focus()

    def _look_for(self, needle: str) -> None:
        self._needle = needle
        if self.state is not None:
            self._show(self.state)
        if not needle:
            self.border_title = self.BORDER_TITLE
        self.refresh_bindings()
        self.anchor()

    def _show(self, state: RunState) -> None:
        lines = [self._line(entry) for entry in state.journal[-_SHOWN:]]
        if self._needle:
            marked = [_marked(line, self._needle) for line in lines]
            hits = [line for line in marked if line is not None]
            counted = f"{len(hits)} of the last {len(lines)} lines have it"
            self.border_title = words(f"{self.BORDER_TITLE}   {counted}")
            lines = hits or [words(("none of these lines has it", MUTED))]
        if lines:
            self.query_one("#log-lines", Static).update(Content("\n").join(lines))

    def _line(self, entry: JournalEntry) -> Content:
        if not entry.event:
            return words((f"{self._glyphs.output} ", MUTED)) + foreign(entry.text, MUTED)
        moment = clock_seconds(entry.time) if entry.time is not None else "--:--:--"
        step = "" if entry.step is None else f"step {figures.count(entry.step)}  "
        kind = foreign(f"{entry.event:<10}", _TONES[tone_of(entry.event)])
        return words((f"{moment} ", MUTED), kind, f" {step}") + foreign(entry.text)


def _marked(line: Content, needle: str) -> Content | None:
    """Return the line with the needle marked; None if it does not hold it."""
    places = list(found(needle, line.plain))
    for start, end in places:
        line = line.stylize(_MATCH, start, end)
    return line if places else None
