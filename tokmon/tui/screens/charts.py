"""The curves of a run on a screen of their own: as many charts as there is room for, or one.

All of them show the same part of the x axis, and one crosshair.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Footer

from tokmon.monitor.curve_book import CurveBook
from tokmon.monitor.state import RunState
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.spec import spec_of, usual_keys
from tokmon.tui.screens.help import HelpScreen
from tokmon.tui.screens.metric_picker import MetricPicker
from tokmon.tui.widgets.chart_messages import CrosshairMoved, WindowChanged
from tokmon.tui.widgets.metric_chart import MetricChart

_LEAST_WIDTH, _LEAST_HEIGHT = 64, 11
"""A chart that stands beside others has at least so many characters."""
_MAX_CHARTS = 24


class ChartsScreen(Screen[None]):
    """Tab goes from chart to chart, turning the page where not all are in sight.

    Args:
        state: what to show at first; set `state` to follow the run.
        glyphs: the signs to draw with.
        keys: what to show; the usual charts without any.
        book: curves that are known already.
    """

    ESCAPE_TO_MINIMIZE = False  # escape takes the crosshair away first
    DEFAULT_CSS = """
    ChartsScreen { background: $background; color: $foreground; layout: vertical; }
    ChartsScreen #charts { height: 1fr; layout: grid; grid-gutter: 0 1; }
    ChartsScreen MetricChart {
        border-top: solid $border;
        border-title-color: $text-muted;
        border-subtitle-color: $foreground;
        padding: 0 1 0 0;
        height: 1fr;
    }
    ChartsScreen MetricChart:focus {
        border-top: solid $primary;
        border-title-color: $primary;
        border-title-style: bold;
    }
    ChartsScreen.-ascii MetricChart { border-top: ascii $border; }
    ChartsScreen.-ascii MetricChart:focus { border-top: ascii $primary; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "question_mark,f1", "help", "Help", key_display="?", id="charts.help", tooltip="Keys"
        ),
        Binding("escape,q", "leave", "Back", id="charts.leave", tooltip="Back to the run"),
        Binding("slash", "pick", "Metric", key_display="/", id="charts.pick", tooltip="Add one"),
        Binding(
            "tab,n", "turn(1)", "Next", id="charts.next", tooltip="Chart; the one before: shift+tab"
        ),
        Binding("shift+tab,N", "turn(-1)", show=False, id="charts.previous"),
        Binding("d", "remove", "Remove", id="charts.remove", tooltip="Take this chart away"),
        Binding("m", "enlarge", "Enlarge", id="charts.enlarge", tooltip="This chart alone"),
    ]

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """What to show."""

    def __init__(
        self,
        state: RunState,
        glyphs: Glyphs,
        keys: Sequence[str] = (),
        book: CurveBook | None = None,
    ) -> None:
        super().__init__()
        self.set_reactive(ChartsScreen.state, state)
        self._glyphs = glyphs
        self._book = book or CurveBook()
        self._book.follow(state)
        self._keys = list(keys) or usual_keys(self._book.names())
        self._at = 0
        self._is_alone = len(self._keys) == 1
        self.set_class(glyphs.is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        with Container(id="charts"):
            yield from (self._chart(key) for key in self._keys)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        for chart in self.charts:
            chart.state = self.state
        self._arrange()

    def on_resize(self) -> None:
        self._arrange()

    def watch_state(self, state: RunState) -> None:
        for chart in self.charts:
            chart.state = state

    @property
    def charts(self) -> list[MetricChart]:
        """All charts, those on other pages too."""
        return list(self.query(MetricChart))

    @property
    def current(self) -> MetricChart | None:
        """The chart that the keys act on."""
        charts = self.charts
        return charts[min(self._at, len(charts) - 1)] if charts else None

    def on_crosshair_moved(self, message: CrosshairMoved) -> None:
        for chart in self.charts:
            chart.crosshair = message.step

    def on_window_changed(self, message: WindowChanged) -> None:
        for chart in self.charts:
            chart.window = message.window

    def on_picker_requested(self) -> None:
        self.action_pick()

    def on_descendant_focus(self) -> None:
        if isinstance(self.focused, MetricChart) and self.focused in self.charts:
            self._at = self.charts.index(self.focused)

    def action_help(self) -> None:
        bindings = [active.binding for active in self.active_bindings.values()]
        shown = [binding for binding in bindings if binding.id]
        self.app.push_screen(HelpScreen(shown, is_ascii=self._glyphs.is_ascii))

    def action_leave(self) -> None:
        if self._is_alone and len(self.charts) > 1:
            self.action_enlarge()
        else:
            self.dismiss()

    def action_turn(self, by: int) -> None:
        if self.charts:
            self._at = (self._at + by) % len(self.charts)
            self._arrange()

    def action_enlarge(self) -> None:
        self._is_alone = not self._is_alone
        self._arrange()

    def action_pick(self) -> None:
        latest = self.state.latest if self.state else {}
        self.app.push_screen(MetricPicker(self._book.names(), latest, self._glyphs), self._show)

    async def action_remove(self) -> None:
        if len(self.charts) > 1 and (chart := self.current) is not None:
            await chart.remove()
            self._at = min(self._at, len(self.charts) - 1)
            self._arrange()

    async def _show(self, key: str | None) -> None:
        """Go to the chart of a metric; make it if it is not there."""
        if key is None:
            return
        keys = [chart.spec.key for chart in self.charts]
        if key in keys:
            self._at = keys.index(key)
        elif len(keys) >= _MAX_CHARTS:
            self.notify(f"{_MAX_CHARTS} charts at most: d takes one away", severity="warning")
        else:
            await self._add(key)
            self._at = len(keys)
        self._arrange()

    async def _add(self, key: str) -> None:
        chart, like = self._chart(key), self.current
        if like is not None:
            chart.window, chart.crosshair = like.window, like.crosshair
        await self.query_one("#charts").mount(chart)
        chart.state = self.state

    def _chart(self, key: str) -> MetricChart:
        return MetricChart(spec_of(key, self._book.names()), self._glyphs, self._book)

    def _arrange(self) -> None:
        """Show the page of the current chart, as a grid without holes."""
        charts, (width, height) = self.charts, self.size
        if not charts:
            return
        columns = max(1, width // _LEAST_WIDTH)
        rows = max(1, (height - 1) // _LEAST_HEIGHT)
        if self._is_alone:
            columns = rows = 1
        columns = min(columns, len(charts))
        rows = min(rows, -(-len(charts) // columns))
        page = self._at // (columns * rows)
        for index, chart in enumerate(charts):
            chart.display = index // (columns * rows) == page
            chart.styles.column_span = 1
        beside = (len(charts) - 1) % columns
        charts[-1].styles.column_span = columns - beside
        grid = self.query_one("#charts").styles
        grid.grid_size_columns, grid.grid_size_rows = columns, rows
        charts[self._at].focus(scroll_visible=False)
        self._entitle(-(-len(charts) // (columns * rows)))

    def _entitle(self, pages: int) -> None:
        """Say in the title of the chart in use where it is among all."""
        place = f"{self._at + 1} of {len(self.charts)}" if pages > 1 else ""
        for chart in self.charts:
            chart.note = place if chart is self.current else ""
