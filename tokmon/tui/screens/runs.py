"""The list of runs: find one, open it, mark some to compare. Does no reading itself."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Input, Static

from tokmon.monitor.comparison import MAX_RUNS
from tokmon.monitor.run_list import Order, RunList, RunListState, matching, ordered
from tokmon.monitor.run_summary import RunSummary
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.messages import RunChosen, RunsCompared
from tokmon.tui.run_list_poller import RunListPoller
from tokmon.tui.run_list_text import Listing
from tokmon.tui.run_marks import RunMarks
from tokmon.tui.screens.help import HelpScreen
from tokmon.tui.screens.runs_keys import RUNS_KEYS
from tokmon.tui.widgets.run_rows import RunRows
from tokmon.tui.widgets.search_line import SearchLine


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
    BINDINGS: ClassVar[list[BindingType]] = RUNS_KEYS

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
        self._marks = RunMarks()
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
        detail = self._listing().detail(message.row, self.size.width - 2)
        self.query_one("#runs-detail", Static).update(detail)

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
        if self._marks.toggle(rows.pointed.run.run.path):
            self._show()
            rows.action_move(1)
        else:
            self.notify(f"at most {MAX_RUNS} runs can be compared", severity="warning")

    def action_compare(self) -> None:
        runs = [run.run for run in self._marks.marked(self._known())]
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
        state, known = self._state, self._known()
        self._marks.keep(known)
        found = ordered(matching(state.runs, self._query), self._order, state.now)
        self.query_one(RunRows).put(self._marks.rows(found, known), state.now)
        heading = self._listing().heading(len(found), self.size.width - 2)
        self.query_one("#runs-heading", Static).update(heading)

    def _known(self) -> dict[Path, RunSummary]:
        return {run.run.path: run for run in self._state.runs}

    def _listing(self) -> Listing:
        return Listing(
            state=self._state,
            place=self._place,
            query=self._query,
            order=self._order,
            marked=len(self._marks),
        )
