"""Charts on pages that show as many as there is room for, or one; all show the same steps.

Tells how it was left, for the next visit.
"""

from collections.abc import Sequence

from textual.containers import Container

from tokmon.monitor.curve_book import CurveBook
from tokmon.monitor.state import RunState
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.plot.spec import spec_of, usual_keys
from tokmon.tui.remembered_charts import charts_left, draw_as, window_of
from tokmon.tui.view_state import ChartsView, DrawnView
from tokmon.tui.widgets.chart_messages import CrosshairMoved, WindowChanged
from tokmon.tui.widgets.chart_page import ChartPage
from tokmon.tui.widgets.metric_chart import MetricChart

MAX_CHARTS = 24


class ChartGrid(Container):
    """One of the charts is current: it has the focus, and its page is in sight.

    Args:
        keys: the metrics to show; without any what was shown before, or the usual ones.
        book: their curves.
        glyphs: the signs to draw with.
        earlier: how the charts were left before.
        is_loading: whether metrics may be missing from the book only because it is not full yet.
        id: of the widget.
    """

    def __init__(
        self,
        keys: Sequence[str],
        book: CurveBook,
        glyphs: Glyphs,
        earlier: ChartsView,
        *,
        is_loading: bool = False,
        id: str | None = None,  # noqa: A002  Textual's
    ) -> None:
        self._book = book
        self._glyphs = glyphs
        self._earlier = earlier
        self.charts = [self._chart(key) for key in keys or self._known_keys(is_loading)]
        """All of them, those on other pages too."""
        shown = [chart.spec.key for chart in self.charts]
        self._at = shown.index(earlier.current) if earlier.current in shown else 0
        self.is_alone = len(self.charts) == 1 or earlier.is_alone
        """Whether one chart has the screen to itself."""
        super().__init__(*self.charts, id=id)

    def _known_keys(self, is_loading: bool) -> list[str]:
        """Return the metrics that had a chart, as far as there are any of them; else the usual."""
        names = self._book.names()
        once = dict.fromkeys(self._earlier.keys)
        earlier = [key for key in once if is_loading or key in names]
        return earlier[:MAX_CHARTS] or usual_keys(names)

    @property
    def current(self) -> MetricChart | None:
        """The chart that the keys act on."""
        return self.charts[min(self._at, len(self.charts) - 1)] if self.charts else None

    def begin(self, state: RunState) -> None:
        """Show a state for the first time, the way the charts were left."""
        window = window_of(self._earlier, self._book.axes())
        for chart in self.charts:
            chart.state, chart.window = state, window
            draw_as(chart, self._earlier.drawn.get(chart.spec.key, DrawnView()))
        self.show_page()

    def follow(self, state: RunState) -> None:
        """Show a newer state."""
        for chart in self.charts:
            chart.state = state

    def left(self) -> ChartsView:
        """Return what to remember."""
        return charts_left(self.charts, self.current, is_alone=self.is_alone)

    def on_crosshair_moved(self, message: CrosshairMoved) -> None:
        for chart in self.charts:
            chart.crosshair = message.step

    def on_window_changed(self, message: WindowChanged) -> None:
        for chart in self.charts:
            chart.window = message.window

    def on_descendant_focus(self) -> None:
        focused = self.screen.focused
        if isinstance(focused, MetricChart) and focused in self.charts:
            self._at = self.charts.index(focused)

    def turn(self, by: int) -> None:
        """Go to another chart, and to its page."""
        if self.charts:
            self._at = (self._at + by) % len(self.charts)
            self.show_page()

    def enlarge(self) -> None:
        """Show one chart alone, or all again."""
        self.is_alone = not self.is_alone
        self.show_page()

    async def remove_current(self) -> None:
        """Take a chart away; the last one stays."""
        if len(self.charts) > 1 and (chart := self.current) is not None:
            self.charts.remove(chart)
            await chart.remove()
            self._at = min(self._at, len(self.charts) - 1)
            self.show_page()

    async def show(self, key: str, state: RunState | None) -> bool:
        """Go to the chart of a metric; make it if it is not there. False if there are too many."""
        keys = [chart.spec.key for chart in self.charts]
        if key in keys:
            self._at = keys.index(key)
        elif len(keys) >= MAX_CHARTS:
            return False
        else:
            await self._add(key, state)
            self._at = len(keys)
        self.show_page()
        return True

    async def _add(self, key: str, state: RunState | None) -> None:
        chart, like = self._chart(key), self.current
        if like is not None:
            chart.window, chart.crosshair = like.window, like.crosshair
        self.charts.append(chart)
        await self.mount(chart)
        chart.state = state

    def _chart(self, key: str) -> MetricChart:
        return MetricChart(spec_of(key, self._book.names()), self._glyphs, self._book)

    def show_page(self) -> None:
        """Show the page of the current chart."""
        if not self.charts:
            return
        size = (self.screen.size.width, self.screen.size.height)
        page = ChartPage.around(self._at, len(self.charts), size, is_alone=self.is_alone)
        for index, chart in enumerate(self.charts):
            chart.display = page.has(index)
            chart.styles.column_span = page.columns_of(index)
        self.styles.grid_size_columns, self.styles.grid_size_rows = page.columns, page.rows
        self.charts[self._at].focus(scroll_visible=False)
        self._entitle(page.pages)

    def _entitle(self, pages: int) -> None:
        """Say in the title of the chart in use where it is among all."""
        place = f"{self._at + 1} of {len(self.charts)}" if pages > 1 else ""
        for chart in self.charts:
            chart.note = place if chart is self.current else ""
