"""Asks a running trainer and listens for its answers, each in a thread. Knows no widget.

The trainer answers between steps, which may take minutes (an evaluation, a compilation): listening
goes on after the patience of the user ends, until the answer, the trainer's end or the monitor's.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from tokmon.rundir.control import Action, Answers, Request, ask
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, RunInfo, decode
from tokmon.rundir.writer import is_alive

PATIENCE_S = 60.0
"""After this the user is told that there is no answer yet."""
_SLICE_S = 0.3
_LIVENESS_S = 1.0


class Standing(StrEnum):
    """What has become of a request."""

    WAITING = "waiting"
    LATE = "no answer yet"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def is_open(self) -> bool:
        """Whether an answer may still come."""
        return self in {Standing.WAITING, Standing.LATE}


@dataclass(frozen=True, slots=True)
class Asked:
    """One request and what has become of it."""

    number: int
    """Among the requests of this visit, from 1."""
    action: Action
    asked_at: float
    """Seconds since 1970."""
    standing: Standing = Standing.WAITING
    message: str = ""
    """The trainer's answer, or why there is none; foreign text."""


class Asker:
    """Requests to one run's trainer.

    Args:
        run: whose trainer.
        tell: takes each change; called in any thread.
        clock: seconds since 1970.
        patience_s: after which an answer is late.
    """

    def __init__(
        self,
        run: RunDir,
        tell: Callable[[Asked], None],
        clock: Callable[[], float] = time.time,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._run = run
        self._tell = tell
        self._clock = clock
        self._patience_s = patience_s
        self._stopped = threading.Event()
        self._count = 0
        self._last_answered = 0

    def next(self, action: Action) -> Asked:
        """Return the request that `put` takes: waiting, not written yet."""
        self._count += 1
        return Asked(self._count, action, self._clock())

    def put(self, asked: Asked) -> None:
        """Write the request and wait; blocks until it is settled or `stop`. For a thread."""
        if reason := why_unanswered(self._run):
            self._settle(asked, Standing.FAILED, f"not asked: {reason}")
            return
        try:
            answers = Answers(self._run)
            request = ask(self._run, asked.action)
        except OSError as error:
            reason = error.strerror or str(error)
            name = self._run.control.name
            self._settle(asked, Standing.FAILED, f"not asked: {name} cannot be written: {reason}")
            return
        try:
            self._listen(asked, answers, request)
        except OSError as error:
            reason = error.strerror or str(error)
            self._settle(asked, Standing.FAILED, f"asked, but its answer cannot be read: {reason}")

    def stop(self) -> None:
        """Let every `put` return; what was asked stands."""
        self._stopped.set()

    def _listen(self, asked: Asked, answers: Answers, request: Request) -> None:
        begun = looked_at = time.monotonic()
        is_late = False
        while not self._stopped.is_set():
            if self._has_answered(asked, answers, request, _SLICE_S):
                return
            now = time.monotonic()
            if not is_late and now - begun >= self._patience_s:
                is_late = True
                late = f"no answer within {self._patience_s:g} s; the request stands"
                self._settle(asked, Standing.LATE, late)
            if now - looked_at >= _LIVENESS_S:
                looked_at = now
                if reason := self._why_in_vain(asked):
                    # It may have been answered a moment before.
                    if not self._has_answered(asked, answers, request, _SLICE_S):
                        self._settle(asked, Standing.FAILED, f"no answer: {reason}")
                    return

    def _why_in_vain(self, asked: Asked) -> str:
        if asked.number < self._last_answered:
            return "a later request replaced this one before the trainer read it"
        return why_unanswered(self._run)

    def _has_answered(
        self, asked: Asked, answers: Answers, request: Request, within_s: float
    ) -> bool:
        answer = answers.wait(request, within_s)
        if answer is None:
            return False
        self._last_answered = max(self._last_answered, asked.number)
        is_done = answer.extra.get("outcome") == "done"
        self._settle(asked, Standing.DONE if is_done else Standing.REFUSED, answer.message)
        return True

    def _settle(self, asked: Asked, standing: Standing, message: str) -> None:
        self._tell(Asked(asked.number, asked.action, asked.asked_at, standing, message))


def why_unanswered(run: RunDir) -> str:
    """Return why nobody will answer, as far as this machine can know; nothing if one may."""
    try:
        info = decode(run.run_info.read_bytes(), RunInfo)
    except FileNotFoundError:
        return "there is no run.json, and only tokmon's trainer can be asked"
    except OSError as error:
        return f"run.json cannot be read: {error.strerror or error}"
    except BadLineError as error:
        return f"run.json cannot be read: {error}"
    if is_alive(info) is False:
        return f"no trainer runs (its last phase is {info.phase or 'unknown'})"
    return ""
