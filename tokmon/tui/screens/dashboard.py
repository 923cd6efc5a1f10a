"""One run on one screen. Hands the state down, owns the panes, does no arithmetic."""

from typing import TYPE_CHECKING, ClassVar, TypeAlias

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Footer

from tokmon.monitor.state import RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.sampling import ClientFactory
from tokmon.tui.screens.dashboard_host import HostFollowing
from tokmon.tui.screens.dashboard_keys import DASHBOARD_KEYS
from tokmon.tui.screens.dashboard_visit import VIEWS, VisitedScreen
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

if TYPE_CHECKING:
    from tokmon.tui.widgets.generation_panel import GenerationPanel

_WIDTHS = [(0, "-tiny"), (70, "-narrow"), (130, "-wide")]
_HEIGHTS = [(0, "-short"), (20, "-medium"), (36, "-tall")]
_TIMED_ROWS = {"-narrow": 23, "-tiny": 23, "-wide": 28}
"""From these heights there is a line more for where the time goes: the chart, and on a wide screen
the table, has lines to spare. 23 is 80x24 above a status line of tmux."""

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


class DashboardScreen(VisitedScreen, HostFollowing):
    """Panes fold away as the terminal shrinks; at last one is shown at a time."""

    AUTO_FOCUS = ""  # nothing: a lit border draws the eye where nothing happens
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = DASHBOARD_KEYS

    def __init__(
        self, run: RunDir, glyphs: Glyphs, new_client: ClientFactory, visit: Visit
    ) -> None:
        super().__init__(run, glyphs, visit)
        self._new_client = new_client
        self._state_widgets: list[_StateWidget | GenerationPanel] = []

    def compose(self) -> ComposeResult:
        glyphs = self.glyphs
        yield RunHeader(glyphs, id="header")
        yield AlertBar(glyphs, id="alert-bar")
        yield ProgressLine(glyphs, id="progress")
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield self.chart
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
        if self.state is not None:
            self.watch_state(self.state)

    def on_resize(self) -> None:
        self.refresh_bindings()
        self._make_room_for_time()

    def watch_state(self, state: RunState) -> None:
        for widget in self._state_widgets:
            widget.state = state
        self.restore_window(state)
        self.follow_host()
        self._make_room_for_time()
        self.visit.tell(self.app, state)

    def watch_view(self, view: str) -> None:
        for name in VIEWS:
            self.set_class(name == view, f"-view-{name}")

    def _make_room_for_time(self) -> None:
        width, height = self.size
        rows = next(_TIMED_ROWS[name] for least, name in reversed(_WIDTHS) if width >= least)
        is_told = self.state is not None and bool(self.state.time_spent.shares)
        self.set_class(is_told and height >= rows, "-timed")

    def action_toggle_log(self) -> None:
        self.chart.is_log = not self.chart.is_log

    def action_enlarge(self) -> None:
        if self.query("GenerationPanel:focus-within"):
            self.toggle_class("-generating-alone")
            return
        self.maximize(self.focused or self.chart)

    def action_next_view(self) -> None:
        self.view = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]

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

        panel = GenerationPanel(self.run_dir, self._new_client, self.glyphs, id="generation")
        await self.mount(panel, before="#log")
        self._state_widgets.append(panel)
        if self.state is not None:
            panel.state = self.state
