"""The worst alert on one line, and how many more there are. Takes no room when all is well."""

from textual.content import Content
from textual.geometry import Size

from tokmon.monitor.state import RunState
from tokmon.tui.text import MUTED, alert_line, words
from tokmon.tui.widgets.pane import Pane


class AlertBar(Pane):
    """Hidden (display: none) while there is nothing to say."""

    def watch_state(self, state: RunState) -> None:
        self.display = bool(state.alerts)
        super().watch_state(state)

    def draw(self, state: RunState, size: Size) -> Content:
        width = size.width
        if not state.alerts:
            return Content()
        more = len(state.alerts) - 1
        hint = words((f"  +{more} more (e)" if more else "  (e)", MUTED))
        room = width - hint.cell_length
        return alert_line(state.alerts[0], self.glyphs).truncate(room, ellipsis=True) + hint
