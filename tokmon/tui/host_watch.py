"""The thread that reads this host while the screen wants that. Knows no widget.

A thread of its own that does not hold the program up at its end: a driver whose card has fallen
off the bus never answers.
"""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from tokmon.rundir.records import RunInfo
from tokmon.tui.host_reader import HostReader, HostReading

READ_S = 5.0
"""As often as the trainer logs it."""
SETTLE_S = 0.25
"""A pane that goes out of sight again within this time costs no reading: a screen that opens, keys
that turn over views."""


class HostWatch:
    """Reads nothing, and has no thread, before it is told to follow a run.

    Args:
        folder: of the run.
        post: takes each reading; called in the thread.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        folder: Path,
        post: Callable[[HostReading], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._folder = folder
        self._post = post
        self._clock = clock
        self._changed = threading.Condition()
        self._info: RunInfo | None = None
        self._is_stopped = False
        self._thread: threading.Thread | None = None

    @property
    def is_reading(self) -> bool:
        """Whether a run is followed."""
        return self._info is not None

    def follow(self, info: RunInfo | None) -> None:
        """Read for the trainer of `info`; None for nobody."""
        if info is None and self._info is None:
            return
        with self._changed:
            is_other = (self._info is None) != (info is None)
            self._info = info
            if is_other:
                self._changed.notify()
        if self._thread is None and not self._is_stopped:
            self._thread = threading.Thread(target=self._run, name="host", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread, after its present reading."""
        with self._changed:
            self._is_stopped = True
            self._info = None
            self._changed.notify()

    def _run(self) -> None:
        while not self._is_stopped:
            with HostReader(self._folder, self._clock) as reader:
                self._read_with(reader)
            with self._changed:
                self._changed.wait_for(lambda: self._is_stopped or self._info is not None)

    def _read_with(self, reader: HostReader) -> None:
        """Read again and again until nobody wants it."""
        pause_s = SETTLE_S
        while not self._is_unwanted_within(pause_s) and (info := self._info) is not None:
            self._post(reader.read(info))
            pause_s = READ_S

    def _is_unwanted_within(self, seconds: float) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self._info is None, seconds)
