"""What is wrong now, what was wrong before, and the lines that could not be read.

They are as they were when the screen was opened.
"""

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.durations import duration
from tokmon.monitor.state import RunState
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, SEVERITY_STYLES, STRONG, alert_line, clock, foreign, words

_SHOWN_SPANS = 200
"""The newest; more on one screen are not read."""


class AlertsScreen(ModalScreen[None]):
    """A list to read and leave.

    Args:
        state: whose alerts.
        glyphs: the signs to draw with.
        spans: the alert history, oldest first.
    """

    DEFAULT_CSS = """
    AlertsScreen #alerts { scrollbar-size-vertical: 1; }
    AlertsScreen.-ascii #alerts { scrollbar-size-vertical: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,e", "dismiss", "Close", id="alerts.close"),
        Binding("j,down", "scroll(1)", "Down", id="alerts.down", show=False),
        Binding("k,up", "scroll(-1)", "Up", id="alerts.up", show=False),
        Binding("space,pagedown", "scroll_page(1)", "Page down", id="alerts.page_down", show=False),
        Binding("b,pageup", "scroll_page(-1)", "Page up", id="alerts.page_up", show=False),
        Binding("g,home", "jump(-1)", "Top", id="alerts.top", show=False),
        Binding("G,end", "jump(1)", "Bottom", id="alerts.bottom", show=False),
    ]

    def __init__(self, state: RunState, glyphs: Glyphs, spans: tuple[AlertSpan, ...] = ()) -> None:
        super().__init__()
        self._state = state
        self._glyphs = glyphs
        self._spans = spans
        self.set_class(glyphs.is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="alerts", can_focus=False) as box:
            box.border_title = "Alerts"
            box.border_subtitle = "j k scroll, esc closes"
            yield Static(Content("\n").join(self._lines()), markup=False)

    def action_scroll(self, by: int) -> None:
        self.query_one("#alerts").scroll_relative(y=by, animate=False)

    def action_scroll_page(self, by: int) -> None:
        box = self.query_one("#alerts")
        box.scroll_relative(y=by * max(1, box.content_size.height - 1), animate=False)

    def action_jump(self, where: int) -> None:
        box = self.query_one("#alerts")
        if where > 0:
            box.scroll_end(animate=False)
        else:
            box.scroll_home(animate=False)

    def _lines(self) -> list[Content]:
        now = [alert_line(alert, self._glyphs) for alert in self._state.alerts]
        now = now or [words(("nothing to report now", MUTED))]
        return [*now, *self._history(), *self._unreadable()]

    def _history(self) -> list[Content]:
        if not self._spans:
            return []
        lines = [Content(), words(("History, the newest first", STRONG))]
        for span in reversed(self._spans[-_SHOWN_SPANS:]):
            lines += self._entry(span)
        if more := len(self._spans) - _SHOWN_SPANS:
            lines += [words((f"and {more:,} older", MUTED))] if more > 0 else []
        return lines

    def _entry(self, span: AlertSpan) -> list[Content]:
        """Return what it says, and below it when and where."""
        sign, style = self._glyphs.severities[span.severity], SEVERITY_STYLES[span.severity]
        # The word stands beside the sign: a list of signs alone is hard to read out.
        head = words((f"{sign:<2} {span.severity:<7} ", style)) + foreign(span.message)
        facts = f" {self._glyphs.dot} ".join(self._facts(span))
        return [head, words((f"{'':<11}{facts}", MUTED))]

    def _facts(self, span: AlertSpan) -> list[str]:
        facts = [self._when(span)] if span.begun_at is not None else []
        if span.first_step is not None:
            steps = f"step {span.first_step:,}"
            is_long = span.last_step is not None and span.last_step > span.first_step
            facts.append(f"{steps} to {span.last_step:,}" if is_long else steps)
        if span.is_open:
            facts.append("goes on")
        return facts or ["the files tell no time"]

    def _when(self, span: AlertSpan) -> str:
        begun_at, now = span.begun_at or 0.0, self._state.now
        begun = clock(begun_at, now)
        if span.ended_at is None or span.ended_at <= begun_at:
            return begun
        ended = clock(span.ended_at, now)
        took = duration(span.ended_at - begun_at)
        return f"{begun}, for {took}" if ended == begun else f"{begun} to {ended}, for {took}"

    def _unreadable(self) -> list[Content]:
        state = self._state
        if not state.bad_line_count:
            return []
        plural = "" if state.bad_line_count == 1 else "s"
        title = f"{state.bad_line_count:,} unreadable line{plural}"
        lines = [Content(), words((title, STRONG))]
        for bad in reversed(state.bad_lines):
            # Already made visible by the reader.
            lines.append(words((f"{bad.file}:{bad.number}", STRONG), f"  {bad.reason}"))
            lines.append(words((f"    {bad.excerpt}", MUTED)))
        return lines
