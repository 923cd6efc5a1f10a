"""The one thread that reads: polls a source and hands its states over. Knows no widget."""

import threading
import time
from collections.abc import Callable

from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import RunState
from tokmon.tui.file_watch import FileWatch

POLL_S = 0.25
"""Files are looked at this often as long as the system has announced no change."""
WATCHED_POLL_S = 0.5
"""And this often once it has: what the process prints lies in another folder."""
REPAINT_S = 0.3
"""News is handed over at most this often: tmux over a slow link redraws whole panes. 0.25 was
measured to give 4.3 repaints a second."""
LOADING_REPAINT_S = 0.5
"""While a long log is read: a repaint takes as long as 40,000 lines."""
TICK_S = 1.0
"""Without news a state is handed over this often, for the ages on the screen."""
CALM_S = 10.0
"""After so long without news the ages go on in larger steps: a repaint costs 6 ms of CPU."""
CALM_TICK_S = 5.0
"""These."""
QUIET_S = 90.0
"""A run without an end in sight that has had no news for so long shows its ages in minutes."""
QUIET_POLL_S = 1.0
"""Then files are looked at this often; the system announces changes at once, where it can."""


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
        self._news_posted_at = float("-inf")
        self._news_at = float("-inf")
        self._posted_revision = -1
        self._is_watched = False

    def run(self) -> None:
        """Poll until `stop`."""
        watch = FileWatch(self._source.run.path, self._hear)
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

    def _hear(self) -> None:
        self._is_watched = True
        self._wake.set()

    def _look(self) -> None:
        self._wake.clear()
        state = self._source.poll(self._clock())
        now_s = time.monotonic()
        is_news = state.revision != self._posted_revision
        if is_news:
            self._news_at = now_s
        wait_s = self._due_at(state, now_s, is_news=is_news) - now_s
        if wait_s <= 0:
            self._hand_over(state, now_s, is_news=is_news)
        elif is_news:
            self._stopped.wait(0 if state.is_loading else wait_s)
            return
        if not state.is_loading:
            usual_s = WATCHED_POLL_S if self._is_watched else POLL_S
            self._wake.wait(QUIET_POLL_S if self._is_quiet(state, now_s) else usual_s)

    def _due_at(self, state: RunState, now_s: float, *, is_news: bool) -> float:
        """Return when this state may be handed over, monotonic seconds.

        A tick does not put off the news behind it: that would be half of what news waits for.
        """
        if not is_news:
            is_calm = now_s - self._news_at > CALM_S
            return self._posted_at + (CALM_TICK_S if is_calm else TICK_S)
        return self._news_posted_at + (LOADING_REPAINT_S if state.is_loading else REPAINT_S)

    def _hand_over(self, state: RunState, now_s: float, *, is_news: bool) -> None:
        self._posted_at, self._posted_revision = now_s, state.revision
        if is_news:
            self._news_posted_at = now_s
        self._post(state)

    def _is_quiet(self, state: RunState, now_s: float) -> bool:
        """Say whether a change is not to be expected soon."""
        return not state.health.phase.is_progressing and now_s - self._news_at > QUIET_S
