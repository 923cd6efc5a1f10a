"""What the loop is asked to do between steps, by the control file or by a signal."""

import signal
import time
from typing import NamedTuple

from tokmon.rundir.control import ACTIONS, Request, read
from tokmon.rundir.layout import RunDir
from trainer.distributed import Group
from trainer.signals import StopRequest

# A look costs a stat on a network folder, and steps may take less than a millisecond.
_LOOK_EVERY_S = 0.25


class Wish(NamedTuple):
    """What is asked now; the same in every process of the run."""

    request: Request | None = None
    """Of the control file; given out once."""
    stop_signal: str = ""
    """Name of the signal that asks to end, or nothing."""
    wants_checkpoint: bool = False
    """SIGUSR1 came since the last look."""


class Wishes:
    """Requests of the control file and of signals.

    What stands in the control file at the start was meant for an earlier trainer. The file is
    rank 0's to read; a signal may come to any process, as when a cluster takes one host back.
    """

    def __init__(self, run: RunDir, signals: StopRequest, group: Group) -> None:
        self._run = run
        self._signals = signals
        self._group = group
        earlier = read(run) if group.is_main else None
        self._last_id = earlier.id if earlier is not None else ""
        self._looked_at = float("-inf")

    def look(self) -> Wish:
        """Return what is asked now; looks at the file four times a second at most."""
        request = self._take_request() if self._group.is_main else None
        stop = self._signals.signal or 0
        saves, self._signals.wants_checkpoint = self._signals.wants_checkpoint, False
        action = ACTIONS.index(request.action) + 1 if request is not None else 0
        action, stop, saving = self._group.agree([action, stop, int(saves)])
        if action and request is None:
            request = Request(id="", action=ACTIONS[action - 1], time="")
        return Wish(request, signal.Signals(stop).name if stop else "", bool(saving))

    def _take_request(self) -> Request | None:
        now = time.monotonic()
        if now - self._looked_at < _LOOK_EVERY_S:
            return None
        self._looked_at = now
        request = read(self._run)
        if request is None or request.id == self._last_id:
            return None
        self._last_id = request.id
        return request
