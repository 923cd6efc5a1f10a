"""What the keys of the dashboard open over it, each imported when it is first asked for.

Imported at the start they would make every start a tenth of a second longer.
"""

from typing import TYPE_CHECKING

from tokmon.monitor.state import Phase
from tokmon.rundir.layout import RunDir
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.messages import RunsWanted
from tokmon.tui.screens.run_screen import RunScreen
from tokmon.tui.view_state import ChartsView
from tokmon.tui.widgets.loss_chart import LossChart

if TYPE_CHECKING:
    from tokmon.tui.conversation import Conversation
    from tokmon.tui.screens.charts import ChartsScreen


class RunOpenings(RunScreen):
    """Screens, and files, that are made of what the dashboard shows."""

    def __init__(
        self, run: RunDir, glyphs: Glyphs, earlier_charts: ChartsView | None = None
    ) -> None:
        super().__init__(run, glyphs)
        self.chart = LossChart(glyphs, id="chart")
        """Its curves are shared with the screen of charts."""
        self._conversation: Conversation | None = None
        self._charts: ChartsScreen | None = None
        self._earlier_charts = earlier_charts

    @property
    def charts_left(self) -> ChartsView | None:
        """How the screen of charts was left; None if it was never opened."""
        return self._earlier_charts if self._charts is None else self._charts.left()

    def on_unmount(self) -> None:
        if self._conversation is not None:
            self._conversation.close()

    def action_help(self) -> None:
        from tokmon.tui.screens.help import HelpScreen

        bindings = [active.binding for active in self.active_bindings.values()]
        own = [binding for binding in bindings if binding.id]
        self.app.push_screen(HelpScreen(own, is_ascii=self.glyphs.is_ascii))

    def action_alerts(self) -> None:
        from tokmon.tui.screens.alerts import AlertsScreen

        if self.state is not None:
            self.app.push_screen(AlertsScreen(self.state, self.glyphs, self.state.alert_spans))

    def action_samples(self) -> None:
        from tokmon.tui.screens.samples import SamplesScreen

        if self.state is not None:
            self.app.push_screen(SamplesScreen(self.state.samples, self.glyphs))

    def action_charts(self) -> None:
        """Show the charts as they were left."""
        from tokmon.tui.screens.charts import ChartsScreen

        if self.state is not None:
            book, earlier = self.chart.book, self.charts_left
            self._charts = ChartsScreen(self.state, self.glyphs, book=book, earlier=earlier)
            self.app.push_screen(self._charts)

    def on_picker_requested(self) -> None:
        from tokmon.tui.screens.metric_picker import MetricPicker

        if self.state is not None:
            picker = MetricPicker(self.chart.book.names(), self.state.latest, self.glyphs)
            self.app.push_screen(picker, self._show_metric)

    def _show_metric(self, key: str | None) -> None:
        """Show one chart by itself; that is not remembered."""
        from tokmon.tui.screens.charts import ChartsScreen

        if self.state is not None and key is not None:
            screen = ChartsScreen(self.state, self.glyphs, (key,), self.chart.book)
            self.app.push_screen(screen)

    def action_ask(self) -> None:
        from tokmon.tui.conversation import Conversation

        if self._conversation is None:
            self._conversation = Conversation(self.app, self.run_dir, self.glyphs)
        self._conversation.open()

    def action_output(self, at_traceback: bool = False) -> None:
        from tokmon.tui.screens.output import OutputScreen

        if self.state is not None:
            kinds = {event.event for event in self.state.events}
            is_wanted = at_traceback or self.state.health.phase is Phase.CRASHED
            screen = OutputScreen(self.run_dir, kinds, self.glyphs, at_traceback=is_wanted)
            self.app.push_screen(screen)

    def action_config(self) -> None:
        from tokmon.tui.screens.config import ConfigScreen

        if self.state is not None:
            self.app.push_screen(ConfigScreen(self.state, self.glyphs))

    def action_write_csv(self) -> None:
        from tokmon.tui.saving import write_range

        if self.state is not None and len(self.state.frame):
            first, last = self.chart.steps_in_sight()
            write_range(self, self.state, first, last, is_ascii=self.glyphs.is_ascii)

    def action_mouse(self) -> None:
        from tokmon.tui.mouse import release_or_take, told

        self.notify(told(release_or_take(self.app)))

    def action_runs(self) -> None:
        self.post_message(RunsWanted())
