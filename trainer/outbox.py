"""What a run writes, written in the order in which it was asked for, beside the training. No torch.

One thread does all of it: a slow disk or a network folder holds no training step up, and because
nothing overtakes, a log line that names a best loss is on disk only after best.pt is.
"""

import queue
import threading
from collections.abc import Callable
from typing import Protocol

from tokmon.rundir.atomic import is_full_disk

Job = Callable[[], None]

_CAPACITY = 256
_LOOK_EVERY_S = 0.1
ROOM_LOOK_S = 2.0
"""How often a full disk is tried again."""


class Disk(Protocol):
    """Whoever is told of a full disk."""

    def full(self, error: OSError) -> None:
        """Writing waits from now on."""

    def room(self) -> None:
        """It goes on."""


class Outbox:
    """Does jobs in order from `with` to its end; waits where the disk is full until there is room.

    After a job failed no later one is done: the failure comes out of the next call of `put` or
    `drain`. A job that found no room is done again, so it must be one that can be.

    Args:
        is_giving_up: whether somebody wants to stop now rather than wait for room.
    """

    def __init__(self, is_giving_up: Callable[[], bool]) -> None:
        self.disk: Disk | None = None
        """Is told of a full disk, if set before the start."""
        self._is_giving_up = is_giving_up
        self._jobs: queue.Queue[Job | None] = queue.Queue(_CAPACITY)
        self._failure: BaseException | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def __enter__(self) -> "Outbox":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._offer(None)
        self._thread.join()

    def put(self, job: Job) -> None:
        """Have `job` done after all before it; waits where very many are waiting.

        Raises:
            OSError: an earlier job failed with it, as does whatever else one raised.
        """
        self._offer(job)
        self.check()

    def drain(self) -> None:
        """Return when everything was written; raises as `put` does."""
        done = threading.Event()
        self._offer(done.set)
        while not done.wait(_LOOK_EVERY_S):
            self.check()
        self.check()

    def check(self) -> None:
        """Raise what a job failed with, if one did."""
        if self._failure is not None:
            raise self._failure

    def _offer(self, job: Job | None) -> None:
        while self._failure is None:
            try:
                self._jobs.put(job, timeout=_LOOK_EVERY_S)
            except queue.Full:
                continue
            return

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                self._do(job)
            except BaseException as error:  # noqa: BLE001  # raised again where the loop waits
                self._failure = error
                return

    def _do(self, job: Job) -> None:
        was_full = False
        while True:
            try:
                job()
                break
            except OSError as error:
                if not is_full_disk(error) or self._must_give_up():
                    raise
                if not was_full and self.disk is not None:
                    self.disk.full(error)
                was_full = True
            self._wait_for_room()
        if was_full and self.disk is not None:
            self.disk.room()

    def _must_give_up(self) -> bool:
        return self._closing.is_set() or self._is_giving_up()

    def _wait_for_room(self) -> None:
        """Wait a moment, less if somebody wants to stop."""
        for _ in range(int(ROOM_LOOK_S / _LOOK_EVERY_S)):
            if self._must_give_up() or self._closing.wait(_LOOK_EVERY_S):
                return
