"""What the loop is asked to do between steps, by the control file or by a signal."""

import time

from tokmon.rundir.control import Request, read
from tokmon.rundir.layout import RunDir
from trainer.signals import StopRequest

# A look costs a stat on a network folder, and steps may take less than a millisecond.
_LOOK_EVERY_S = 0.25


class Wishes:
    """Requests of the control file and of signals; each is given out once.

    What stands in the control file at the start was meant for an earlier trainer.
    """

    def __init__(self, run: RunDir, signals: StopRequest) -> None:
        self._run = run
        self._signals = signals
        earlier = read(run)
        self._last_id = earlier.id if earlier is not None else ""
        self._looked_at = float("-inf")

    @property
    def stop_signal(self) -> str:
        """Name of the signal that asks to end, or nothing."""
        return self._signals.signal.name if self._signals.signal is not None else ""

    def take_checkpoint_signal(self) -> bool:
        """Say whether SIGUSR1 came since the last time."""
        came, self._signals.wants_checkpoint = self._signals.wants_checkpoint, False
        return came

    def take(self) -> Request | None:
        """Return a request that has not been given out; looks four times a second at most."""
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return None
        self._looked_at = now
        request = read(self._run)
        if request is None or request.id == self._last_id:
            return None
        self._last_id = request.id
        return request
