"""All that the trainer's process wrote, however much: scrolled, searched, followed. Reads only."""

from collections.abc import Collection
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.worker import get_current_worker

from tokmon.monitor.line_index import Extent, offset_of
from tokmon.monitor.line_search import TRACEBACKS, Needle, literal, marks
from tokmon.rundir.layout import RunDir
from tokmon.tui.copying import copy
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.output_reader import Looked, OutputReader, Place, seek
from tokmon.tui.screens.lines import LinesScreen
from tokmon.tui.widgets.output_view import OutputView


class OutputScreen(LinesScreen):
    """Follows the end until one goes elsewhere; opened at the last traceback if that is asked for.

    Args:
        run: whose output.
        kinds: of the run's events, whose echoes in the output can be jumped to.
        at_traceback: begin at the last traceback, if there is one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "follow", "Follow", id="output.follow", tooltip="Stay at the end as it grows"),
        Binding("t", "traceback(1)", "Traceback", id="output.traceback", tooltip="The next one"),
        Binding("T", "traceback(-1)", "Traceback before", id="output.traceback_before"),
        Binding("e", "event(1)", "Event", id="output.event", tooltip="The next event in it"),
        Binding("E", "event(-1)", "Event before", id="output.event_before"),
        Binding("Y", "copy_shown", "Copy page", id="output.copy", tooltip="The lines on screen"),
    ]
    KEYS_TEXT = "? keys  esc closes  / search  n N next, before  f follow  t traceback  e event"

    class Read(Message):
        """The reader has looked at the file."""

        def __init__(self, looked: Looked) -> None:
            super().__init__()
            self.looked = looked

    class Sought(Message):
        """A search has ended."""

        def __init__(self, what: str, place: Place | None, fault: str) -> None:
            super().__init__()
            self.what = what
            self.place = place
            self.fault = fault

    def __init__(
        self, run: RunDir, kinds: Collection[str], glyphs: Glyphs, *, at_traceback: bool = False
    ) -> None:
        self.output = OutputView(Extent(run.output_log), glyphs)
        super().__init__(self.output, glyphs)
        self.output.kinds = frozenset(kinds)
        self._wants_traceback = at_traceback
        self._fraction = 0.0
        self._fault = ""
        self._has_looked = False
        self._path = run.output_log
        self._reader = OutputReader(run.output_log, self._post)

    def on_mount(self) -> None:
        self._entitle()
        self.run_worker(self._reader.run, thread=True, group="output")

    def on_unmount(self) -> None:
        self._reader.stop()

    def on_output_screen_read(self, message: Read) -> None:
        looked = message.looked
        self._fraction, self._fault, self._has_looked = looked.fraction, looked.fault, True
        self.output.take(looked.extent, is_other=looked.is_other)
        if looked.is_other:
            self.tell("the file was replaced or cut: this is the new one", "$warning")
        if self._wants_traceback and looked.fraction >= 1:
            self._wants_traceback = False
            self._start("traceback", TRACEBACKS, looked.extent.size, is_backwards=True)
        self._entitle()

    def _post(self, looked: Looked) -> None:
        self.post_message(self.Read(looked))

    def on_line_view_moved(self) -> None:
        self._entitle()

    def seek(self, needle: str, *, is_backwards: bool, from_cursor: bool) -> None:
        self._from_cursor(
            f'"{needle}"', literal(needle), is_backwards=is_backwards, includes_cursor=from_cursor
        )

    def action_follow(self) -> None:
        self.output.is_following = not self.output.is_following
        self._entitle()

    def action_traceback(self, by: int) -> None:
        self._from_cursor("traceback", TRACEBACKS, is_backwards=by < 0)

    def action_event(self, by: int) -> None:
        self._from_cursor("event", marks(sorted(self.output.kinds)), is_backwards=by < 0)

    def action_copy_shown(self) -> None:
        lines = [self.output.text(line) for line in self.output.shown]
        copy(self.app, "\n".join(lines) + "\n", f"{len(lines)} lines")

    def on_output_screen_sought(self, message: Sought) -> None:
        if message.fault:
            self.tell(f"cannot be searched: {message.fault}", "$error")
        elif message.place is None:
            self.tell(f"no {message.what} in this output", "$warning")
        else:
            self.output.point_at(message.place.line)
            self.tell("from the other end of the file" if message.place.has_wrapped else "")
            self._entitle()

    def _from_cursor(
        self, what: str, needle: Needle, *, is_backwards: bool, includes_cursor: bool = False
    ) -> None:
        line = self.output.cursor + (not is_backwards and not includes_cursor)
        try:
            start = offset_of(self.output.extent, line)
        except OSError as error:
            self.tell(f"cannot be searched: {error.strerror or error}", "$error")
            return
        self._start(what, needle, start, is_backwards=is_backwards)

    def _start(self, what: str, needle: Needle, start: int, *, is_backwards: bool) -> None:
        """Search in a thread: a log may be long, and its disk slow."""
        extent = self.output.extent
        work = partial(self._search, what, extent, needle, start, is_backwards)
        self.run_worker(work, thread=True, group="search", exclusive=True)

    def _search(
        self, what: str, extent: Extent, needle: Needle, start: int, is_backwards: bool
    ) -> None:
        worker = get_current_worker()
        place, fault = None, ""
        try:
            place = seek(
                extent,
                needle,
                start,
                is_backwards=is_backwards,
                should_stop=lambda: worker.is_cancelled,
            )
        except OSError as error:
            fault = error.strerror or str(error)
        if not worker.is_cancelled:
            self.post_message(self.Sought(what, place, fault))

    def _entitle(self) -> None:
        self.entitle("Output", self._facts(), self._path.name)

    def _facts(self) -> str:
        """Return where one is in the file, and what is the matter with it."""
        fault = self._fault or self.output.fault
        if fault:
            return f"cannot be read: {fault}"
        if not self._has_looked:
            return "reading"
        if not self.output.count:
            return "empty"
        place = f"line {self.output.cursor + 1:,} of {self.output.count:,}"
        if self._fraction < 1:
            return f"{place}, {100 * self._fraction:.0f}% read"
        return f"{place}, following" if self.output.is_following else place
