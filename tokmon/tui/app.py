"""The program: a list of runs, and one run at a time. One thread polls what is in sight.

Must not do arithmetic.
"""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol, runtime_checkable

from textual.app import App
from textual.binding import BindingType

from tokmon.monitor.notify_settings import NotifySettings
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui.glyphs import UNICODE, Glyphs
from tokmon.tui.messages import RunChosen, RunsCompared, RunsWanted, StateChanged
from tokmon.tui.notifications import Notifications
from tokmon.tui.poller import Poller
from tokmon.tui.sampling import ClientFactory, sampler_client
from tokmon.tui.screens.dashboard import DashboardScreen
from tokmon.tui.text import plain
from tokmon.tui.theme import CHART_VARIABLES, THEMES, suited_theme
from tokmon.tui.view_state import ViewMemory
from tokmon.tui.visits import Visit

if TYPE_CHECKING:
    from textual.command import Provider


def _commands() -> "type[Provider]":
    # Deferred: the palette would make every start longer.
    from tokmon.tui.commands import TokmonCommands

    return TokmonCommands


@runtime_checkable
class _ShowsRun(Protocol):
    """The dashboard, and what was opened over it that follows the run."""

    state: RunState | None


class _Watched(NamedTuple):
    """The run in sight."""

    dashboard: DashboardScreen
    poller: Poller | None
    notifications: Notifications


class TokmonApp(App[None]):
    """The monitor.

    Args:
        run: shown first; None begins with the list.
        source: what is polled for it; None to post StateChanged by hand.
        folders: where the list looks for runs; none is where `run` lies.
        state: of `run`, shown before the first poll, if it is known already.
        glyphs: the signs to draw with.
        notice: told once at the start, foreign text.
        notify: what rings, and how.
        memory: of earlier visits; None remembers nothing.
        new_client: makes sampling clients.
        clock: seconds since 1970.
    """

    CSS_PATH = "tokmon.tcss"
    TITLE = "tokmon"
    BINDINGS: ClassVar[list[BindingType]] = []
    COMMANDS = {_commands}  # noqa: RUF012  Textual's

    def __init__(
        self,
        run: RunDir | None,
        source: RunSource | None = None,
        *,
        folders: Sequence[Path] = (),
        state: RunState | None = None,
        glyphs: Glyphs = UNICODE,
        notice: str = "",
        notify: NotifySettings | None = None,
        memory: ViewMemory | None = None,
        new_client: ClientFactory = sampler_client,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        for theme in THEMES:
            self.register_theme(theme)
        chosen = memory.theme if memory is not None else None
        known = chosen in {theme.name for theme in THEMES}
        self.theme = chosen if chosen is not None and known else suited_theme(os.environ)
        self._first = (run, source, state)
        self._folders = list(folders) or ([run.path.parent] if run is not None else [])
        self._glyphs = glyphs
        self._notice = notice
        self._notify = notify or NotifySettings()
        self._memory = memory
        self._new_client = new_client
        self._clock = clock
        self._watched: _Watched | None = None

    @property
    def state(self) -> RunState | None:
        """What the screen of the run in sight shows."""
        return self._watched.dashboard.state if self._watched else None

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CHART_VARIABLES

    def on_mount(self) -> None:
        run, source, state = self._first
        if run is None:
            self._list_runs()
        else:
            self._watch(run, source, state)
        if self._notice:
            self.notify(plain(self._notice).plain, markup=False)

    def on_unmount(self) -> None:
        self._stop_polling()

    def on_state_changed(self, message: StateChanged) -> None:
        watched, state = self._watched, message.state
        if watched is None or watched.dashboard.run_dir.path != state.run.path:
            return  # of a run that has just been left
        stack = self.screen_stack
        for screen in stack[stack.index(watched.dashboard) :]:
            if isinstance(screen, _ShowsRun):
                screen.state = state
        watched.notifications.tell(state, state.alert_spans)

    def on_run_chosen(self, message: RunChosen) -> None:
        self._watch(message.run, RunSource(message.run))

    def on_runs_compared(self, message: RunsCompared) -> None:
        from tokmon.tui.screens.comparison import ComparisonScreen

        self.push_screen(ComparisonScreen(message.runs, self._glyphs))

    async def on_runs_wanted(self, message: RunsWanted) -> None:  # noqa: ARG002  says it all
        """Leave the run in sight for the list, which may be below it already."""
        self._stop_polling()
        self._watched = None
        await self.pop_screen()
        if len(self.screen_stack) == 1:
            self._list_runs()

    def _list_runs(self) -> None:
        # Deferred: most sessions are about one run.
        from tokmon.monitor.run_list import RunList
        from tokmon.tui.screens.runs import RunsScreen

        place = ", ".join(map(str, self._folders))
        self.push_screen(RunsScreen(RunList(self._folders), place, self._glyphs, clock=self._clock))

    def _watch(self, run: RunDir, source: RunSource | None, state: RunState | None = None) -> None:
        visit = Visit(run, self._memory, self._clock)
        dashboard = DashboardScreen(run, self._glyphs, self._new_client, visit)
        poller = None if source is None else Poller(source, self._post_state, self._clock)
        self._watched = _Watched(dashboard, poller, Notifications(self, self._notify))
        self.push_screen(dashboard)
        if state is not None:
            dashboard.state = state
        if poller is not None:
            self.run_worker(poller.run, thread=True, group="poller")

    def _stop_polling(self) -> None:
        if self._watched is not None and self._watched.poller is not None:
            self._watched.poller.stop()

    def _post_state(self, state: RunState) -> None:
        self.post_message(StateChanged(state))
