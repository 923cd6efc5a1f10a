"""Writing beside the training: in order, never past a failure, patient with a full disk."""

import errno
import os
import threading
from collections.abc import Callable

import pytest

from trainer import outbox as module
from trainer.outbox import Outbox


def never() -> bool:
    return False


class Notes:
    """A disk's listener that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.is_full = threading.Event()

    def full(self, error: OSError) -> None:
        self.heard.append(f"full: {error.filename}")
        self.is_full.set()

    def room(self) -> None:
        self.heard.append("room")


class FullDisk:
    """A job that finds no room until it is let."""

    def __init__(self, written: list[str]) -> None:
        self.has_room = threading.Event()
        self._written = written

    def __call__(self) -> None:
        if not self.has_room.is_set():
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "step10.pt")
        self._written.append("checkpoint")


def test_jobs_are_done_in_order_and_all_before_the_end() -> None:
    done: list[int] = []

    def job(number: int) -> Callable[[], None]:
        return lambda: done.append(number)

    with Outbox(never) as outbox:
        for number in range(1000):
            outbox.put(job(number))

    assert done == list(range(1000))


def test_drain_returns_when_everything_is_written() -> None:
    gate, done = threading.Event(), threading.Event()

    def slow() -> None:
        gate.wait()
        done.set()

    with Outbox(never) as outbox:
        outbox.put(slow)
        threading.Timer(0.05, gate.set).start()
        outbox.drain()
        assert done.is_set()


def test_after_a_failure_nothing_more_is_written_and_it_comes_out() -> None:
    done: list[str] = []

    def fail() -> None:
        raise PermissionError(errno.EACCES, "Permission denied", "log.jsonl")

    with Outbox(never) as outbox:
        outbox.put(fail)
        with pytest.raises(PermissionError):
            outbox.drain()
        with pytest.raises(PermissionError):
            outbox.put(lambda: done.append("a line"))

    assert done == []


def test_a_full_disk_is_told_once_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM_LOOK_S", 0.1)
    written: list[str] = []
    notes, disk = Notes(), FullDisk(written)
    outbox = Outbox(never)
    outbox.disk = notes
    with outbox:
        outbox.put(disk)
        outbox.put(lambda: written.append("line"))
        assert notes.is_full.wait(5)
        disk.has_room.set()
        outbox.drain()

    assert written == ["checkpoint", "line"]
    assert notes.heard == ["full: step10.pt", "room"]


def test_someone_who_wants_to_stop_need_not_wait_for_room() -> None:
    is_stopping = threading.Event()
    notes, disk = Notes(), FullDisk([])
    outbox = Outbox(is_stopping.is_set)
    outbox.disk = notes
    with outbox:
        outbox.put(disk)
        assert notes.is_full.wait(5)
        is_stopping.set()
        with pytest.raises(OSError, match="No space left"):
            outbox.drain()
