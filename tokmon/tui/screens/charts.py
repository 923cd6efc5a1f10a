"""The curves of a run on a screen of their own: as many charts as there is room for, or one.

All of them show the same part of the x axis, and one crosshair.
"""

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Footer

from tokmon.monitor.curve_book import CurveBook
from tokmon.monitor.state import RunState
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.screens.charts_keys import CHARTS_KEYS
from tokmon.tui.screens.help import HelpScreen
from tokmon.tui.screens.metric_picker import MetricPicker
from tokmon.tui.view_state import ChartsView
from tokmon.tui.widgets.chart_grid import MAX_CHARTS, ChartGrid
from tokmon.tui.widgets.metric_chart import MetricChart


class ChartsScreen(Screen[None]):
    """Tab goes from chart to chart, turning the page where not all are in sight.

    Args:
        state: what to show at first; set `state` to follow the run.
        glyphs: the signs to draw with.
        keys: what to show; without any what was shown before, or the usual charts.
        book: curves that are known already.
        earlier: how the screen was left before.
    """

    AUTO_FOCUS = ""  # the grid gives the focus to the chart that had it
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
    BINDINGS: ClassVar[list[BindingType]] = CHARTS_KEYS

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """What to show."""

    def __init__(
        self,
        state: RunState,
        glyphs: Glyphs,
        keys: Sequence[str] = (),
        book: CurveBook | None = None,
        earlier: ChartsView | None = None,
    ) -> None:
        super().__init__()
        self.set_reactive(ChartsScreen.state, state)
        self._glyphs = glyphs
        self._book = book or CurveBook()
        self._book.follow(state)
        earlier = earlier or ChartsView()
        self._grid = ChartGrid(
            keys, self._book, glyphs, earlier, is_loading=state.is_loading, id="charts"
        )
        self.set_class(glyphs.is_ascii, "-ascii")

    @property
    def charts(self) -> Sequence[MetricChart]:
        """All charts, those on other pages too."""
        return self._grid.charts

    @property
    def current(self) -> MetricChart | None:
        """The chart that the keys act on."""
        return self._grid.current

    def left(self) -> ChartsView:
        """Return what to remember of this screen."""
        return self._grid.left()

    def compose(self) -> ComposeResult:
        yield self._grid
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        if self.state is not None:
            self._grid.begin(self.state)

    def on_resize(self) -> None:
        self._grid.show_page()

    def watch_state(self, state: RunState) -> None:
        self._grid.follow(state)

    def on_picker_requested(self) -> None:
        self.action_pick()

    def action_help(self) -> None:
        bindings = [active.binding for active in self.active_bindings.values()]
        shown = [binding for binding in bindings if binding.id]
        self.app.push_screen(HelpScreen(shown, is_ascii=self._glyphs.is_ascii))

    def action_leave(self) -> None:
        if self._grid.is_alone and len(self.charts) > 1:
            self.action_enlarge()
        else:
            self.dismiss()

    def action_turn(self, by: int) -> None:
        self._grid.turn(by)

    def action_enlarge(self) -> None:
        self._grid.enlarge()

    async def action_remove(self) -> None:
        await self._grid.remove_current()

    def action_pick(self) -> None:
        latest = self.state.latest if self.state else {}
        self.app.push_screen(MetricPicker(self._book.names(), latest, self._glyphs), self._show)

    async def _show(self, key: str | None) -> None:
        if key is not None and not await self._grid.show(key, self.state):
            self.notify(f"{MAX_CHARTS} charts at most: d takes one away", severity="warning")
