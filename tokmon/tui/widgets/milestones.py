"""The stations of a run, a line each: warm-up, 20 %, 50 %, 100 %, when passed or when expected."""

from textual.content import Content
from textual.geometry import Size

from tokmon.monitor.run_milestones import Milestone, run_milestones
from tokmon.monitor.state import Phase, RunState
from tokmon.tui.text import MUTED, STRONG, Part, clock, fit, words
from tokmon.tui.widgets.pane import Pane

_MINUTE_S = 60
_TWO_COLUMNS = 56
"""From this width two stand on a line: the table above has more use for the lines."""
_GAP = "   "


class MilestonesPane(Pane):
    """As many lines as there are milestones; where there is less room, those that come next."""

    SCOPED_CSS = False  # what surrounds it says how wide the screen is
    DEFAULT_CSS = """
    MilestonesPane {
        height: auto;
        max-height: 6;
        border-top: solid $border;
        border-title-color: $text-muted;
        padding: 0 1;
        display: none;
    }
    .-ascii MilestonesPane { border-top: ascii $border; }
    .-wide.-tall MilestonesPane { display: block; border: round $border; }
    .-ascii.-wide.-tall MilestonesPane { border: ascii $border; }
    """
    BORDER_TITLE = "Milestones"

    def inputs(self, state: RunState) -> tuple[object, ...]:
        # To the minute, as they are shown.
        shown = [
            (one.name, one.step, one.is_done, one.time and one.time // _MINUTE_S)
            for one in run_milestones(state)
        ]
        return *shown, state.health.phase.is_live, state.now // _MINUTE_S

    def draw(self, state: RunState, size: Size) -> Content:
        width, height = size
        milestones = run_milestones(state)
        if not milestones:
            return words(("the run does not say how long it is", MUTED))
        columns = _columns(width)
        room = height * columns
        first = max(0, min(len(milestones) - room, sum(one.is_done for one in milestones) - 1))
        shown = milestones[first : first + room]
        width = (width - (columns - 1) * len(_GAP)) // columns
        name_width = max(len(one.name) for one in milestones)
        step_width = max(len(f"{one.step:,}") for one in milestones)
        cells = [self._line(one, state, width, name_width, step_width) for one in shown]
        rows = -(-len(cells) // columns)
        padded = [cell.pad_right(width - cell.cell_length) for cell in cells]
        lines = [Content(_GAP).join(padded[row::rows]) for row in range(rows)]
        return Content("\n").join(lines)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """Return the lines that there are."""
        count = len(run_milestones(self.state)) if self.state is not None else 4
        return max(1, -(-count // _columns(width)))

    def _line(
        self, one: Milestone, state: RunState, width: int, name_width: int, step_width: int
    ) -> Content:
        sign = self.glyphs.phases[Phase.FINISHED] if one.is_done else " "
        name = words((f"{sign} ", "$success"), (f"{one.name:<{name_width}}", STRONG))
        when = Part(_when(one, state))
        step = Part(words((f"{one.step:>{step_width},}", MUTED)), 1)
        return fit([Part(name), step, when], width, gap="  ")


def _columns(width: int) -> int:
    return 2 if width >= _TWO_COLUMNS else 1


def _when(one: Milestone, state: RunState) -> Content:
    if one.time is not None:
        at = clock(one.time, state.now)
        return words((at, STRONG)) if one.is_done else words(("expected ", MUTED), (at, "$primary"))
    if one.is_done:
        return words(("done", MUTED))
    return words(("not yet" if state.health.phase.is_live else "not reached", MUTED))
