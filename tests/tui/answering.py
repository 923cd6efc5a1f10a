"""Answers requests as a trainer does: reads the control file, acts, writes an event."""

import threading
import time
from collections.abc import Callable
from types import TracebackType

from tokmon.rundir import control
from tokmon.rundir.jsonl import append_line
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, encode, iso

_LOOK_S = 0.01


class Answering:
    """A thread, from `with` to its end.

    Args:
        run: whose requests.
        answer: returns outcome and message; None to leave a request unanswered.
    """

    def __init__(
        self, run: RunDir, answer: Callable[[control.Action], tuple[str, str] | None]
    ) -> None:
        self._run = run
        self._answer = answer
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.read: list[control.Action] = []
        """What was asked."""

    def __enter__(self) -> "Answering":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def _work(self) -> None:
        last_id = ""
        while not self._stopped.wait(_LOOK_S):
            request = control.read(self._run)
            if request is None or request.id == last_id:
                continue
            last_id = request.id
            self.read.append(request.action)
            if (answer := self._answer(request.action)) is not None:
                self._write(request, *answer)

    def _write(self, request: control.Request, outcome: str, message: str) -> None:
        event = Event(
            event="control",
            step=100,
            time=iso(time.time()),
            message=message,
            extra={"request": request.id, "action": request.action, "outcome": outcome},
        )
        append_line(self._run.events, encode(event))
