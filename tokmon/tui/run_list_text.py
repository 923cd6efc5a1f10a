"""What the list of runs says above its rows and below them. Pure."""

from dataclasses import dataclass

from textual.content import Content

from tokmon.monitor.run_list import Order, RunListState
from tokmon.tui.run_cells import Row
from tokmon.tui.text import MUTED, PHASE_STYLES, STRONG, Part, clock, fit, foreign, words

_LOOKING = "looking for runs"
_NO_RUN = "no run here yet: tokmon train makes one"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The list as the user has set it."""

    state: RunListState
    place: str
    """Where the runs lie, foreign text."""
    query: str
    """What was searched for, foreign text."""
    order: Order
    marked: int
    """Runs that are marked."""

    def heading(self, shown: int, width: int) -> Content:
        """Return how many runs there are, and how many of them are shown, and how."""
        state, query = self.state, self.query.strip()
        known, count = len(state.runs), f"{state.found:,} run{'s' if state.found != 1 else ''}"
        parts = [Part(words((count, STRONG), f" in {foreign(self.place).plain}"))]
        if state.is_reading:
            parts.append(Part(words((f"read {known:,} of {state.found:,}", "$primary")), 1))
        if query:
            parts.append(Part(foreign(f'{shown:,} with "{query}"', "bold $primary"), 1))
        if self.marked:
            parts.append(Part(words((f"{self.marked} marked", STRONG)), 2))
        parts.append(Part(words((str(self.order), MUTED)), 3))
        if state.faults:
            parts.append(Part(words((state.faults[0], "$warning")), 1))
        return fit(parts, width)

    def detail(self, row: Row | None, width: int) -> Content:
        """Return what the row pointed at has no room for."""
        if row is None:
            return words((self._nothing(), MUTED))
        run, now = row.run, self.state.now
        parts = [Part(foreign(run.health.reason, PHASE_STYLES[run.health.phase]))]
        parts += [Part(words((fault, "$warning")), 1) for fault in run.faults]
        if run.started is not None:
            parts.append(Part(words((f"started {clock(run.started, now)}", MUTED)), 3))
        if not run.is_best_certain:
            parts.append(Part(words(("not all of the log was read for its best", MUTED)), 4))
        parts.append(Part(foreign(str(run.run.path), MUTED), 5))
        return fit(parts, width)

    def _nothing(self) -> str:
        if self.state.runs:
            return "no run has that in its name or state; esc shows all"
        return _LOOKING if self.state.is_reading else _NO_RUN
