"""Asks where to write what is on the screen, and says where it went. Spells it out in a thread."""

from functools import partial

from textual.screen import Screen
from textual.worker import get_current_worker

from tokmon.monitor.state import RunState
from tokmon.tui.csv_export import csv_of, file_name, rows_between
from tokmon.tui.screens.save import SaveScreen


def write_range(
    screen: Screen[None], state: RunState, first_step: int, last_step: int, *, is_ascii: bool
) -> None:
    """Let the user write the log lines of some steps, both ends included, as CSV.

    A million lines take seconds to spell out, so that is done in a thread before the name is
    asked for.
    """
    rows = rows_between(state.frame, first_step, last_step)
    if rows.start >= rows.stop:
        screen.notify("no log line in this range", severity="warning")
        return
    work = partial(_spell_out, screen, state, rows, is_ascii)
    screen.run_worker(work, thread=True, group="csv", exclusive=True)


def _spell_out(screen: Screen[None], state: RunState, rows: slice, is_ascii: bool) -> None:
    content = csv_of(state.frame, rows)
    name = file_name(state.run, state.frame, rows)
    count = rows.stop - rows.start
    if not get_current_worker().is_cancelled:
        screen.app.call_later(_ask_where, screen, content, name, count, is_ascii)


def _ask_where(screen: Screen[None], content: bytes, name: str, count: int, is_ascii: bool) -> None:
    def tell(path: str | None) -> None:
        if path is not None:
            screen.notify(f"{count:,} lines written to {path}", markup=False)

    screen.app.push_screen(SaveScreen(lambda: content, name, is_ascii=is_ascii), tell)
