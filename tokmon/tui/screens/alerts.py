"""All alerts, and the lines that could not be read, as they were when it was opened."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tokmon.monitor.state import RunState
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, STRONG, alert_line, words


class AlertsScreen(ModalScreen[None]):
    """A list to read and leave."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,e", "dismiss", "Close", id="alerts.close"),
    ]

    def __init__(self, state: RunState, glyphs: Glyphs) -> None:
        super().__init__()
        self._state = state
        self._glyphs = glyphs
        self.set_class(glyphs.is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="alerts") as box:
            box.border_title = "Alerts"
            box.border_subtitle = "esc closes"
            yield Static(Content("\n").join(self._lines()), markup=False)

    def _lines(self) -> list[Content]:
        state = self._state
        lines = [alert_line(alert, self._glyphs) for alert in state.alerts]
        lines = lines or [words(("nothing to report", MUTED))]
        if state.bad_line_count:
            lines += [Content(), words((f"{state.bad_line_count:,} unreadable lines", STRONG))]
        for bad in reversed(state.bad_lines):
            # Already made visible by the reader.
            lines.append(words((f"{bad.file}:{bad.number}", STRONG), f"  {bad.reason}"))
            lines.append(words((f"    {bad.excerpt}", MUTED)))
        return lines
