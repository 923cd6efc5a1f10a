"""One run on one screen. Hands the state down, owns the keys, does no arithmetic.

What is not seen at the start is imported where it is first shown: the panel and the screens would
make every start a tenth of a second longer.
"""

from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Footer

from tokmon.monitor.state import Phase, RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.messages import RunsWanted
from tokmon.tui.sampling import ClientFactory
from tokmon.tui.screens.dashboard_keys import DASHBOARD_KEYS
from tokmon.tui.visits import Visit
from tokmon.tui.widgets.alert_bar import AlertBar
from tokmon.tui.widgets.best_pane import BestPane
from tokmon.tui.widgets.log_tail import LogTail
from tokmon.tui.widgets.loss_chart import LossChart
from tokmon.tui.widgets.metric_table import MetricTable
from tokmon.tui.widgets.milestones import MilestonesPane
from tokmon.tui.widgets.progress_line import ProgressLine
from tokmon.tui.widgets.run_header import RunHeader
from tokmon.tui.widgets.system_pane import SystemPane
from tokmon.tui.widgets.throughput import Throughput

_WIDTHS = [(0, "-tiny"), (70, "-narrow"), (130, "-wide")]
_HEIGHTS = [(0, "-short"), (20, "-medium"), (36, "-tall")]
_TIMED_ROWS = {"-narrow": 23, "-tiny": 23, "-wide": 28}
"""From these heights there is a line more for where the time goes: the chart, and on a wide screen
the table, has lines to spare. 23 is 80x24 above a status line of tmux."""
_VIEWS = ("chart", "table", "facts", "log")
if TYPE_CHECKING:
    from tokmon.tui.conversation import Conversation
    from tokmon.tui.widgets.generation_panel import GenerationPanel

_StateWidget: TypeAlias = (
    RunHeader
    | AlertBar
    | ProgressLine
    | LossChart
    | MetricTable
    | Throughput
    | BestPane
    | MilestonesPane
    | SystemPane
    | LogTail
)


class DashboardScreen(Screen[None]):
    """Panes fold away as the terminal shrinks; at last one is shown at a time."""

    AUTO_FOCUS = ""  # nothing: a lit border draws the eye where nothing happens
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = DASHBOARD_KEYS

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """What to show."""
    view: reactive[str] = reactive(_VIEWS[0])
    """The pane that a small terminal shows."""

    def __init__(
        self, run: RunDir, glyphs: Glyphs, new_client: ClientFactory, visit: Visit
    ) -> None:
        super().__init__()
        self._visit = visit
        self._conversation: Conversation | None = None
        self.run_dir = run
        """Whose state is shown."""
        self._glyphs = glyphs
        self._chart = LossChart(glyphs, id="chart")
        self._new_client = new_client
        self._state_widgets: list[_StateWidget | GenerationPanel] = []
        self.set_class(glyphs.is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        glyphs = self._glyphs
        yield RunHeader(glyphs, id="header")
        yield AlertBar(glyphs, id="alert-bar")
        yield ProgressLine(glyphs, id="progress")
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield self._chart
            with Horizontal(id="side"):
                yield MetricTable(glyphs, id="table")
                with Vertical(id="facts"):
                    yield Throughput(glyphs, id="throughput")
                    yield BestPane(glyphs, id="best")
                    yield MilestonesPane(glyphs, id="milestones")
                    yield SystemPane(glyphs, id="system")
        yield LogTail(glyphs, id="log")
        yield Footer(show_command_palette=False, compact=True)

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's
    ) -> bool | None:
        """Offer the change of view only where one pane is shown at a time."""
        return action != "next_view" or self.has_class("-tiny") or self.has_class("-short")

    def on_mount(self) -> None:
        self._state_widgets = [
            widget for widget in self.query("*") if isinstance(widget, _StateWidget)
        ]
        self._chart.is_log = self._visit.earlier.is_log
        if (view := self._visit.earlier.view) in _VIEWS:
            self.view = view
        if self.state is not None:
            self.watch_state(self.state)

    def on_unmount(self) -> None:
        if self._conversation is not None:
            self._conversation.close()
        self._visit.end(is_log=self._chart.is_log, view=self.view, theme=self.app.theme)

    def on_resize(self) -> None:
        self.refresh_bindings()
        self._make_room_for_time()

    def watch_state(self, state: RunState) -> None:
        for widget in self._state_widgets:
            widget.state = state
        self._make_room_for_time()
        self._visit.tell(self.app, state)

    def watch_view(self, view: str) -> None:
        for name in _VIEWS:
            self.set_class(name == view, f"-view-{name}")

    def _make_room_for_time(self) -> None:
        width, height = self.size
        rows = next(_TIMED_ROWS[name] for least, name in reversed(_WIDTHS) if width >= least)
        is_told = self.state is not None and bool(self.state.time_spent.shares)
        self.set_class(is_told and height >= rows, "-timed")

    def action_help(self) -> None:
        from tokmon.tui.screens.help import HelpScreen

        bindings = [active.binding for active in self.active_bindings.values()]
        own = [binding for binding in bindings if binding.id]
        self.app.push_screen(HelpScreen(own, is_ascii=self._glyphs.is_ascii))

    def action_alerts(self) -> None:
        from tokmon.tui.screens.alerts import AlertsScreen

        if self.state is not None:
            self.app.push_screen(AlertsScreen(self.state, self._glyphs, self.state.alert_spans))

    def action_samples(self) -> None:
        from tokmon.tui.screens.samples import SamplesScreen

        if self.state is not None:
            self.app.push_screen(SamplesScreen(self.state.samples, self._glyphs))

    def action_charts(self) -> None:
        self._open_charts(())

    def on_picker_requested(self) -> None:
        from tokmon.tui.screens.metric_picker import MetricPicker

        if self.state is not None:
            names = self._chart.book.names()
            picker = MetricPicker(names, self.state.latest, self._glyphs)
            self.app.push_screen(picker, lambda key: self._open_charts((key,)) if key else None)

    def _open_charts(self, keys: tuple[str, ...]) -> None:
        from tokmon.tui.screens.charts import ChartsScreen

        if self.state is not None:
            book = self._chart.book
            self.app.push_screen(ChartsScreen(self.state, self._glyphs, keys, book))

    def action_ask(self) -> None:
        from tokmon.tui.conversation import Conversation

        if self._conversation is None:
            self._conversation = Conversation(self.app, self.run_dir, self._glyphs)
        self._conversation.open()

    def action_output(self, at_traceback: bool = False) -> None:
        from tokmon.tui.screens.output import OutputScreen

        if self.state is not None:
            kinds = {event.event for event in self.state.events}
            is_wanted = at_traceback or self.state.health.phase is Phase.CRASHED
            screen = OutputScreen(self.run_dir, kinds, self._glyphs, at_traceback=is_wanted)
            self.app.push_screen(screen)

    def action_config(self) -> None:
        from tokmon.tui.screens.config import ConfigScreen

        if self.state is not None:
            self.app.push_screen(ConfigScreen(self.state, self._glyphs))

    def action_write_csv(self) -> None:
        from tokmon.tui.saving import write_range

        if self.state is not None and len(self.state.frame):
            first, last = self._chart.steps_in_sight()
            write_range(self, self.state, first, last, is_ascii=self._glyphs.is_ascii)

    def action_mouse(self) -> None:
        from tokmon.tui.mouse import release_or_take, told

        self.notify(told(release_or_take(self.app)))

    def action_runs(self) -> None:
        self.post_message(RunsWanted())

    def action_toggle_log(self) -> None:
        chart = self._chart
        chart.is_log = not chart.is_log

    def action_enlarge(self) -> None:
        if self.query("GenerationPanel:focus-within"):
            self.toggle_class("-generating-alone")
            return
        self.maximize(self.focused or self._chart)

    def action_next_view(self) -> None:
        self.view = _VIEWS[(_VIEWS.index(self.view) + 1) % len(_VIEWS)]

    async def action_toggle_generation(self) -> None:
        if not self.query("GenerationPanel"):
            await self._add_generation()
        self.toggle_class("-generating")
        if self.has_class("-generating"):
            self.query_one("#prompt").focus()
        else:
            self.remove_class("-generating-alone")
            self.set_focus(None)

    async def on_generation_panel_closed(self) -> None:
        await self.action_toggle_generation()

    async def _add_generation(self) -> None:
        """Make the panel at first use: its fields would make every start a third longer."""
        from tokmon.tui.widgets.generation_panel import GenerationPanel

        panel = GenerationPanel(self.run_dir, self._new_client, self._glyphs, id="generation")
        await self.mount(panel, before="#log")
        self._state_widgets.append(panel)
        if self.state is not None:
            panel.state = self.state
