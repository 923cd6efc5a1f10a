"""The list of runs: find one, open it, mark some to compare. Does no reading itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from tokmon.monitor.comparison import LABELS, MAX_RUNS
from tokmon.monitor.run_list import Order, RunList, RunListState, matching, ordered
from tokmon.monitor.run_summary import RunSummary
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.messages import RunChosen, RunsCompared
from tokmon.tui.run_colours import run_colours
from tokmon.tui.run_columns import Row
from tokmon.tui.run_list_poller import RunListPoller
from tokmon.tui.screens.help import HelpScreen
from tokmon.tui.text import MUTED, PHASE_STYLES, STRONG, Part, clock, fit, foreign, words
from tokmon.tui.widgets.run_rows import RunRows
from tokmon.tui.widgets.search_line import SearchLine

_LOOKING = "looking for runs"
_NO_RUN = "no run here yet: tokmon train makes one"


@dataclass
class RunsRead(Message):
    """The list was looked at again."""

    state: RunListState

    def can_replace(self, message: Message) -> bool:
        """Only the latest state matters."""
        return isinstance(message, RunsRead)


class RunsScreen(Screen[None]):
    """A heading, the rows, and what is known of the run pointed at.

    Args:
        runs: what is listed.
        place: where they lie, foreign text.
        glyphs: the signs to draw with.
        clock: seconds since 1970.
        is_polling: read in a thread; else post RunsRead by hand.
    """

    AUTO_FOCUS = "RunRows"
    DEFAULT_CSS = """
    RunsScreen { background: $background; color: $foreground; layout: vertical; }
    RunsScreen #runs-heading, RunsScreen #runs-detail { height: 1; padding: 0 1; }
    RunsScreen #runs-heading { margin: 0 0 1 0; }
    RunsScreen RunRows { padding: 0 0 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "open",
            "Open",
            key_display="enter",
            id="runs.open",
            tooltip="Show the run pointed at",
        ),
        Binding(
            "slash",
            "filter",
            "Filter",
            key_display="/",
            id="runs.filter",
            tooltip="Words that stand in name or state; esc shows all again",
        ),
        Binding("space", "mark", "Mark", id="runs.mark", tooltip="For a comparison"),
        Binding(
            "c", "compare", "Compare", id="runs.compare", tooltip="The marked runs, two to eight"
        ),
        Binding(
            "o", "order", "Order", id="runs.order", tooltip="Newest first, by name, best first"
        ),
        Binding("escape", "clear", "Show all", id="runs.clear", show=False),
        Binding(
            "question_mark,f1", "help", "Help", key_display="?", id="runs.help", tooltip="This list"
        ),
        Binding("q", "app.quit", "Quit", id="runs.quit", tooltip="Leave; the training goes on"),
    ]

    def __init__(
        self,
        runs: RunList,
        place: str,
        glyphs: Glyphs,
        *,
        clock: Callable[[], float] = time.time,
        is_polling: bool = True,
    ) -> None:
        super().__init__()
        self._poller = RunListPoller(runs, self._post_state, clock) if is_polling else None
        self._place = place
        self._glyphs = glyphs
        self._state = RunListState(now=clock(), is_reading=True)
        self._order = Order.AGE
        self._query = ""
        self._marked: list[Path] = []
        self.set_class(glyphs.is_ascii, "-ascii")

    @property
    def state(self) -> RunListState:
        """What is known of the runs."""
        return self._state

    def compose(self) -> ComposeResult:
        yield Static(id="runs-heading", markup=False)
        yield RunRows(self._glyphs, id="runs-rows")
        yield SearchLine()
        yield Static(id="runs-detail", markup=False)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self._show()
        if self._poller is not None:
            self.run_worker(self._poller.run, thread=True, group="run-list")

    def on_unmount(self) -> None:
        if self._poller is not None:
            self._poller.stop()

    def on_screen_suspend(self) -> None:
        if self._poller is not None:
            self._poller.pause()

    def on_screen_resume(self) -> None:
        if self._poller is not None:
            self._poller.resume()

    def on_resize(self) -> None:
        self._show()

    def on_runs_read(self, message: RunsRead) -> None:
        self._state = message.state
        self._show()

    def on_run_rows_moved(self, message: RunRows.Moved) -> None:
        self.query_one("#runs-detail", Static).update(self._detail(message.row))

    def on_run_rows_chosen(self, message: RunRows.Chosen) -> None:
        self.post_message(RunChosen(message.row.run.run))

    def on_search_line_typed(self, message: SearchLine.Typed) -> None:
        self._query = message.text
        self._show()

    def on_search_line_asked(self) -> None:
        self.query_one(RunRows).focus()

    def on_search_line_given_up(self) -> None:
        self.action_clear()

    def action_open(self) -> None:
        if row := self.query_one(RunRows).pointed:
            self.post_message(RunChosen(row.run.run))

    def action_filter(self) -> None:
        self.query_one(SearchLine).open()

    def action_clear(self) -> None:
        search = self.query_one(SearchLine)
        search.display = False
        search.query_one(Input).value = ""
        self._query = ""
        self.query_one(RunRows).focus()
        self._show()

    def action_order(self) -> None:
        self._order = self._order.following
        self._show()

    def action_mark(self) -> None:
        rows = self.query_one(RunRows)
        if rows.pointed is None:
            return
        path = rows.pointed.run.run.path
        if path in self._marked:
            self._marked.remove(path)
        elif len(self._marked) == MAX_RUNS:
            self.notify(f"at most {MAX_RUNS} runs can be compared", severity="warning")
            return
        else:
            self._marked.append(path)
        self._show()
        rows.action_move(1)

    def action_compare(self) -> None:
        by_path = {run.run.path: run.run for run in self._state.runs}
        runs = [by_path[path] for path in self._marked if path in by_path]
        if len(runs) > 1:
            self.post_message(RunsCompared(runs))
        else:
            self.notify("mark two runs or more with the space bar", severity="warning")

    def action_help(self) -> None:
        bindings = [active.binding for active in self.active_bindings.values()]
        own = [binding for binding in bindings if binding.id]
        self.app.push_screen(HelpScreen(own, is_ascii=self._glyphs.is_ascii))

    def _post_state(self, state: RunListState) -> None:
        self.post_message(RunsRead(state))

    def _show(self) -> None:
        """Sort, filter and mark what is known, and tell how much that is."""
        state = self._state
        runs = {run.run.path: run for run in state.runs}
        self._marked = [path for path in self._marked if path in runs]
        marks = self._marks([runs[path] for path in self._marked])
        found = ordered(matching(state.runs, self._query), self._order, state.now)
        rows = [Row(run=run, **marks.get(run.run.path, {})) for run in found]
        self.query_one(RunRows).put(rows, state.now)
        self.query_one("#runs-heading", Static).update(self._heading(len(rows)))

    def _marks(self, marked: list[RunSummary]) -> dict[Path, dict[str, str]]:
        colours = run_colours([run.name for run in marked])
        return {
            run.run.path: {"label": label, "colour": colour}
            for run, label, colour in zip(marked, LABELS, colours, strict=False)
        }

    def _heading(self, shown: int) -> Content:
        state = self._state
        known, count = len(state.runs), f"{state.found:,} run{'s' if state.found != 1 else ''}"
        parts = [Part(words((count, STRONG), f" in {foreign(self._place).plain}"))]
        if state.is_reading:
            parts.append(Part(words((f"read {known:,} of {state.found:,}", "$primary")), 1))
        if self._query.strip():
            quoted = foreign(f'{shown:,} with "{self._query.strip()}"', "bold $primary")
            parts.append(Part(quoted, 1))
        if self._marked:
            parts.append(Part(words((f"{len(self._marked)} marked", STRONG)), 2))
        parts.append(Part(words((str(self._order), MUTED)), 3))
        if state.faults:
            parts.append(Part(words((state.faults[0], "$warning")), 1))
        return fit(parts, self.size.width - 2)

    def _detail(self, row: Row | None) -> Content:
        """Return what the row has no room for."""
        if row is None:
            return words((self._nothing(), MUTED))
        run, now = row.run, self._state.now
        parts = [Part(foreign(run.health.reason, PHASE_STYLES[run.health.phase]))]
        parts += [Part(words((fault, "$warning")), 1) for fault in run.faults]
        if run.started is not None:
            parts.append(Part(words((f"started {clock(run.started, now)}", MUTED)), 3))
        if not run.is_best_certain:
            parts.append(Part(words(("not all of the log was read for its best", MUTED)), 4))
        parts.append(Part(foreign(str(run.run.path), MUTED), 5))
        return fit(parts, self.size.width - 2)

    def _nothing(self) -> str:
        if self._state.runs:
            return "no run has that in its name or state; esc shows all"
        return _LOOKING if self._state.is_reading else _NO_RUN
