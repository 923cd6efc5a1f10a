"""What a person left of a run and finds again: how it was looked at, and what happened since."""

from collections.abc import Callable

import msgspec
from textual.app import App

from tokmon.monitor.away import heading, while_away
from tokmon.monitor.state import RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui.view_state import View, ViewMemory

_TOLD_S = 15.0


class Visit:
    """One visit to one run.

    Args:
        run: that is visited.
        memory: of earlier visits; None remembers nothing.
        clock: seconds since 1970.
    """

    def __init__(self, run: RunDir, memory: ViewMemory | None, clock: Callable[[], float]) -> None:
        self._run = run
        self._memory = memory
        self._clock = clock
        self._is_told = False
        self.earlier = memory.view_of(run) if memory is not None else View()
        """How the run was left."""

    def tell(self, app: App[None], state: RunState) -> None:
        """Say once what happened while nobody looked, and what is wrong with the memory."""
        if self._is_told or self._memory is None or state.is_loading:
            return
        self._is_told = True
        if self._memory.notice:
            app.notify(self._memory.notice, severity="warning", markup=False)
        since = self.earlier.visited_at
        if since and (said := while_away(state, state.alert_spans, since)):
            title = heading(state, since)
            app.notify("\n".join(said), title=title, timeout=_TOLD_S, markup=False)

    def end(self, left: View, *, theme: str) -> None:
        """Remember how the run is left."""
        if self._memory is not None:
            dated = msgspec.structs.replace(left, visited_at=self._clock())
            self._memory.keep(self._run, dated, theme=theme)
