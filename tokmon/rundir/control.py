"""Requests to a running trainer: one file, replaced whole; the answer is an event.

The trainer looks between steps. Its answer is an event `control` whose key `request` is the id.
"""

import time
import uuid
from typing import Literal, TypeAlias, get_args

import msgspec

from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.jsonl import Tail
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, Event, decode, iso

Action: TypeAlias = Literal["pause", "resume", "checkpoint", "evaluate", "sample", "stop"]
ACTIONS: tuple[Action, ...] = get_args(Action)
_POLL_S = 0.1


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a trainer is asked to do."""

    id: str
    """Unique; the answer carries it."""
    action: Action
    """One of ACTIONS."""
    time: str
    """When it was asked, ISO 8601 with offset."""


def ask(run: RunDir, action: Action) -> Request:
    """Write a request; one that the trainer has not read yet is replaced."""
    request = Request(id=uuid.uuid4().hex, action=action, time=iso(time.time()))
    write_atomic(run.control, msgspec.json.encode(request) + b"\n")
    return request


def read(run: RunDir) -> Request | None:
    """Return the request that stands, or None where there is none that can be read."""
    try:
        return msgspec.json.decode(run.control.read_bytes(), type=Request)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


class Answers:
    """Reads the trainer's answers from the events that come after its making."""

    def __init__(self, run: RunDir) -> None:
        self._events = Tail(run.events)
        while not self._events.read().at_end:
            pass

    def wait(self, request: Request, timeout_s: float) -> Event | None:
        """Return the answer to `request`; None if none came in time."""
        deadline = time.monotonic() + timeout_s
        while True:
            for line in self._events.read().lines:
                if (event := _answer_on(line, request)) is not None:
                    return event
            if time.monotonic() >= deadline:
                return None
            time.sleep(_POLL_S)


def _answer_on(line: bytes, request: Request) -> Event | None:
    try:
        event = decode(line, Event)
    except BadLineError:
        return None
    is_answer = event.event == "control" and event.extra.get("request") == request.id
    return event if is_answer else None
