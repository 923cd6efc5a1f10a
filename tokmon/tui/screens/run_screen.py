"""What the parts of the dashboard have in common: one run, and its newest state."""

from textual.reactive import reactive
from textual.screen import Screen

from tokmon.monitor.state import RunState
from tokmon.rundir.layout import RunDir
from tokmon.tui.glyphs import Glyphs


class RunScreen(Screen[None]):
    """A screen about one run.

    Args:
        run: whose state is shown.
        glyphs: the signs to draw with.
    """

    state: reactive[RunState | None] = reactive(None, init=False, repaint=False)
    """What to show."""

    def __init__(self, run: RunDir, glyphs: Glyphs) -> None:
        super().__init__()
        self.run_dir = run
        """Whose state is shown."""
        self.glyphs = glyphs
        self.set_class(glyphs.is_ascii, "-ascii")
