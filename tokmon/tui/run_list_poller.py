"""The thread that reads the list of runs. Knows no widget."""

import threading
import time
from collections.abc import Callable

from tokmon.monitor.run_list import RunList, RunListState

LOOK_S = 2.0
"""A live run beats as often; all files are looked at this often."""
POST_S = 0.5
"""While runs are read, what is known is handed over at most this often: to sort and draw a
thousand of them takes as long as to read a hundred."""


class RunListPoller:
    """Runs in a thread of its caller until stopped.

    Args:
        runs: what to poll.
        post: takes each state; called in the poller's thread.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        runs: RunList,
        post: Callable[[RunListState], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._runs = runs
        self._post = post
        self._clock = clock
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._wanted = threading.Event()
        self._wanted.set()

    def run(self) -> None:
        """Poll until `stop`."""
        posted_at = float("-inf")
        while not self._stopped.is_set():
            self._wanted.wait()
            self._wake.clear()
            state = self._runs.poll(self._clock())
            if not state.is_reading or time.monotonic() - posted_at >= POST_S:
                posted_at = time.monotonic()
                self._post(state)
            if not state.is_reading:
                self._wake.wait(LOOK_S)

    def pause(self) -> None:
        """Read nothing until `resume`: the list is not on the screen."""
        self._wanted.clear()

    def resume(self) -> None:
        """Look at once."""
        self._wanted.set()
        self._wake.set()

    def stop(self) -> None:
        """Let `run` return within a slice of reading."""
        self._stopped.set()
        self.resume()
