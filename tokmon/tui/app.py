"""The program: one thread polls the run, the dashboard shows it. Must not do arithmetic."""

import time
from collections.abc import Callable
from typing import ClassVar

from textual.app import App
from textual.binding import BindingType

from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui.glyphs import UNICODE, Glyphs
from tokmon.tui.messages import StateChanged
from tokmon.tui.poller import Poller
from tokmon.tui.sampling import ClientFactory, sampler_client
from tokmon.tui.screens.dashboard import DashboardScreen
from tokmon.tui.text import plain
from tokmon.tui.theme import CHART_VARIABLES, TOKMON_THEME


class TokmonApp(App[None]):
    """The monitor of one run.

    Args:
        run: what is shown.
        source: what is polled; None to post StateChanged by hand.
        state: shown before the first poll, if it is known already.
        glyphs: the signs to draw with.
        notice: told once at the start, foreign text.
        new_client: makes sampling clients.
        clock: seconds since 1970.
    """

    CSS_PATH = "tokmon.tcss"
    TITLE = "tokmon"
    BINDINGS: ClassVar[list[BindingType]] = []

    def __init__(
        self,
        run: RunDir,
        source: RunSource | None = None,
        *,
        state: RunState | None = None,
        glyphs: Glyphs = UNICODE,
        notice: str = "",
        new_client: ClientFactory = sampler_client,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.register_theme(TOKMON_THEME)
        self.theme = TOKMON_THEME.name
        self._dashboard = DashboardScreen(run, glyphs, new_client)
        self._poller = None if source is None else Poller(source, self._post_state, clock)
        self._first_state = state
        self._notice = notice

    @property
    def state(self) -> RunState | None:
        """What the screen shows."""
        return self._dashboard.state

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return CHART_VARIABLES

    def on_mount(self) -> None:
        self.push_screen(self._dashboard)
        if self._first_state is not None:
            self._dashboard.state = self._first_state
        if self._notice:
            self.notify(plain(self._notice).plain, markup=False)
        if self._poller is not None:
            self.run_worker(self._poller.run, thread=True, group="poller")

    def on_unmount(self) -> None:
        if self._poller is not None:
            self._poller.stop()

    def on_state_changed(self, message: StateChanged) -> None:
        self._dashboard.state = message.state

    def _post_state(self, state: RunState) -> None:
        self.post_message(StateChanged(state))
