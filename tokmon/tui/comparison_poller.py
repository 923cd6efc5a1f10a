"""The thread that reads the logs of compared runs in full. Knows no widget."""

import threading
import time
from collections.abc import Callable, Sequence

from tokmon.monitor.compared import Compared, compared
from tokmon.monitor.energy import EnergyLog
from tokmon.monitor.series import Frame
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import RunState

LOOK_S = 2.0
POST_S = 0.5
"""While logs are read, what is known is handed over at most this often: it costs all curves."""


class ComparisonPoller:
    """Runs in a thread of its caller until stopped.

    Args:
        sources: one a run.
        post: takes the runs as far as they are read; called in the poller's thread.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        sources: Sequence[RunSource],
        post: Callable[[tuple[Compared, ...]], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._sources = sources
        self._powers = [EnergyLog(source.run.system) for source in sources]
        self._post = post
        self._clock = clock
        self._stopped = threading.Event()
        self._known: dict[int, tuple[Frame, Compared]] = {}

    def run(self) -> None:
        """Poll until `stop`."""
        posted: tuple[int, ...] = ()
        posted_at = float("-inf")
        while not self._stopped.is_set():
            states = [source.poll(self._clock()) for source in self._sources]
            for power in self._powers:
                power.read()
            is_loading = any(state.is_loading for state in states)
            is_loading |= not all(power.at_end for power in self._powers)
            # A long system log is read for longer than the rest, and counts as news when it ends.
            revisions = (*(state.revision for state in states), int(is_loading))
            is_due = not is_loading or time.monotonic() - posted_at >= POST_S
            if is_due and revisions != posted:
                self._post(tuple(map(self._compared, range(len(states)), states)))
                posted, posted_at = revisions, time.monotonic()
            if not is_loading:
                self._stopped.wait(LOOK_S)

    def stop(self) -> None:
        """Let `run` return within a slice of reading."""
        self._stopped.set()

    def _compared(self, index: int, state: RunState) -> Compared:
        """Work out the curves anew only where the log has grown."""
        frame, known = self._known.get(index, (None, None))
        curves = known.curves if known is not None and frame is state.frame else None
        found = compared(state, self._powers[index].energy(), curves)
        self._known[index] = (state.frame, found)
        return found
