"""Events and output of the run, the newest at the bottom; stays there until scrolled away."""

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widgets import Static

from tokmon.monitor.state import JournalEntry, RunState
from tokmon.report import figures
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, clock_seconds, foreign, words

_SHOWN = 200
_ALARMING = frozenset(
    {
        "not_finite",
        "crash",
        "spike",
        "signal",
        "implausible",
        "rollback",
        "disk_full",
        "collapse",
        "samples_failed",
    }
)
_PLEASING = frozenset({"best", "finish", "collapse_over"})


class LogTail(VerticalScroll, can_focus=True):
    """The last lines of the journal."""

    BORDER_TITLE = "Log"

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """Whose journal to show."""

    def __init__(self, glyphs: Glyphs, *, id: str | None = None) -> None:  # noqa: A002  Textual's
        super().__init__(id=id)
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        yield Static(Text("nothing logged yet"), id="log-lines", markup=False)

    def on_mount(self) -> None:
        self.anchor()

    def watch_state(self, before: RunState | None, state: RunState) -> None:
        if before is not None and before.journal == state.journal:
            return
        lines = [self._line(entry) for entry in state.journal[-_SHOWN:]]
        if lines:
            self.query_one("#log-lines", Static).update(Content("\n").join(lines))

    def _line(self, entry: JournalEntry) -> Content:
        if not entry.event:
            return words((f"{self._glyphs.output} ", MUTED)) + foreign(entry.text, MUTED)
        moment = clock_seconds(entry.time) if entry.time is not None else "--:--:--"
        step = "" if entry.step is None else f"step {figures.count(entry.step)}  "
        kind = foreign(f"{entry.event:<10}", _style(entry.event))
        return words((f"{moment} ", MUTED), kind, f" {step}") + foreign(entry.text)


def _style(event: str) -> str:
    if event in _ALARMING:
        return "bold $error"
    return "bold $success" if event in _PLEASING else "bold $primary"
