"""The one thread that reads: polls a source and hands its states over. Knows no widget."""

import threading
import time
from collections.abc import Callable

from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import RunState
from tokmon.tui.file_watch import FileWatch

POLL_S = 0.25
"""Files are looked at this often, whether the system announces changes or not."""
REPAINT_S = 0.25
"""States are handed over at most this often: tmux over a slow link redraws whole panes."""
LOADING_REPAINT_S = 0.5
"""While a long log is read: a repaint takes as long as 40,000 lines."""
TICK_S = 1.0
"""Without news a state is handed over this often, for the ages on the screen."""


class Poller:
    """Runs in a thread of its caller until stopped.

    Args:
        source: what to poll.
        post: takes each state; called in the poller's thread.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        source: RunSource,
        post: Callable[[RunState], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._source = source
        self._post = post
        self._clock = clock
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._posted_at = float("-inf")
        self._posted_revision = -1

    def run(self) -> None:
        """Poll until `stop`."""
        watch = FileWatch(self._source.run.path, self._wake.set)
        watch.start()
        try:
            while not self._stopped.is_set():
                self._look()
        finally:
            watch.stop()

    def stop(self) -> None:
        """Let `run` return within a poll."""
        self._stopped.set()
        self._wake.set()

    def _look(self) -> None:
        self._wake.clear()
        state = self._source.poll(self._clock())
        elapsed_s = time.monotonic() - self._posted_at
        is_news = state.revision != self._posted_revision
        news_s = LOADING_REPAINT_S if state.is_loading else REPAINT_S
        if elapsed_s >= (news_s if is_news else TICK_S):
            self._posted_at, self._posted_revision = time.monotonic(), state.revision
            self._post(state)
        elif is_news:
            self._stopped.wait(0 if state.is_loading else REPAINT_S - elapsed_s)
            return
        if not state.is_loading:
            self._wake.wait(POLL_S)
