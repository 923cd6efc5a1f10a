"""How the dashboard was left, and is found again at the next visit."""

from textual.reactive import reactive
from textual.widget import Widget

from tokmon.monitor.state import RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.remembered_charts import draw_as, drawn_left, window_left, window_of
from tokmon.tui.screens.dashboard_openings import RunOpenings
from tokmon.tui.view_state import DrawnView, View
from tokmon.tui.visits import Visit

VIEWS = ("chart", "table", "facts", "log")
PANES = ("chart", "table", "log")
"""Ids of the panes that can have the focus."""


class VisitedScreen(RunOpenings):
    """Remembers the view, the chart, the focus, and how the screen of charts was left."""

    view: reactive[str] = reactive(VIEWS[0])
    """The pane that a small terminal shows."""

    def __init__(self, run: RunDir, glyphs: Glyphs, visit: Visit) -> None:
        super().__init__(run, glyphs, visit.earlier.charts)
        self.visit = visit
        self._has_window = False
        self._focused_id = visit.earlier.focused

    def on_mount(self) -> None:
        """Show the run the way it was left."""
        earlier = self.visit.earlier
        draw_as(self.chart, DrawnView(is_log=earlier.is_log, smoothing=earlier.smoothing))
        if earlier.view in VIEWS:
            self.view = earlier.view
        if earlier.focused in PANES:
            pane = self.query_one(f"#{earlier.focused}", Widget)
            self.call_after_refresh(self.set_focus, pane, scroll_visible=False)

    def on_unmount(self) -> None:
        self.visit.end(self._left(), theme=self.app.theme)

    def on_descendant_focus(self) -> None:
        # At the end of the program the focus is gone before the screen is.
        focused = self.focused.id if self.focused is not None else None
        self._focused_id = focused if focused in PANES else None

    def restore_window(self, state: RunState) -> None:
        """Look at what was looked at, as soon as it is known which axes there are."""
        if not self._has_window and len(state.frame):
            self._has_window = True
            self.chart.window = window_of(self.visit.earlier, self.chart.book.axes())

    def _left(self) -> View:
        """Return how the run is left."""
        seen = window_left(self.chart.window) if self._has_window else self.visit.earlier
        drawn = drawn_left(self.chart)
        return View(
            x_axis=seen.x_axis,
            chart_range=seen.chart_range,
            is_following=seen.is_following,
            is_log=drawn.is_log,
            smoothing=drawn.smoothing,
            view=self.view,
            focused=self._focused_id,
            charts=self.charts_left,
        )
