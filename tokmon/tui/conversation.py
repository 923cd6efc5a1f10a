"""What was asked of the trainer during this visit, shown on a screen or, without one, as news."""

from functools import partial

from textual.app import App

from tokmon.rundir.control import Action
from tokmon.rundir.layout import RunDir
from tokmon.tui.asking import PATIENCE_S, Asked, Asker, Standing, why_unanswered
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.screens.control import ControlScreen

_SEVERITIES = {
    Standing.DONE: "information",
    Standing.LATE: "warning",
    Standing.REFUSED: "warning",
    Standing.FAILED: "error",
}


class Conversation:
    """Lives as long as the app; `close` lets its threads end.

    Args:
        app: runs the threads and has the screens.
        run: whose trainer is asked.
        glyphs: to draw with.
        patience_s: after which an answer is late.
    """

    def __init__(
        self, app: App[None], run: RunDir, glyphs: Glyphs, patience_s: float = PATIENCE_S
    ) -> None:
        self._app = app
        self._run = run
        self._glyphs = glyphs
        self._asker = Asker(run, self._tell, patience_s=patience_s)
        self._asked: dict[int, Asked] = {}
        self._screen: ControlScreen | None = None

    def open(self) -> None:
        """Show what can be asked."""
        self._app.push_screen(self.screen())

    def screen(self) -> ControlScreen:
        """Return a new screen of what can be asked."""
        why_not = why_unanswered(self._run)
        self._screen = ControlScreen(self.ask, self._asked.values, why_not, self._glyphs)
        return self._screen

    def ask(self, action: Action) -> None:
        """Ask, unless the same is being waited for already."""
        if any(one.action == action and one.standing.is_open for one in self._asked.values()):
            self._notify(f"{action} is asked for already", "warning")
            return
        asked = self._asker.next(action)
        self._show(asked)
        work = partial(self._asker.put, asked)
        self._app.run_worker(work, thread=True, group="conversation")

    def close(self) -> None:
        """End the waiting; what was asked stands."""
        self._asker.stop()

    def _tell(self, asked: Asked) -> None:
        """Called in a thread."""
        self._app.call_later(self._settled, asked)

    def _settled(self, asked: Asked) -> None:
        self._show(asked)
        if self._screen is None or not self._screen.is_current:
            self._notify(f"{asked.action}: {asked.message}", _SEVERITIES[asked.standing])

    def _show(self, asked: Asked) -> None:
        self._asked[asked.number] = asked
        if self._screen is not None and self._screen.is_attached:
            self._screen.show_answers()

    def _notify(self, message: str, severity: str) -> None:
        self._app.notify(message, severity=severity, markup=False)  # type: ignore[arg-type]
