"""Wakes the poller when the system says that a file has changed. An accelerator, no more.

Network and container file systems send no events, and a system may be out of watches: polling
goes on beside this and notices everything, only a quarter of a second later.
"""

from collections.abc import Callable
from pathlib import Path

from watchdog.events import (
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

# Not opened and closed: our own reading would wake us.
_EVENTS: list[type[FileSystemEvent]] = [
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
]

_END_S = 1.0
"""Its thread is a daemon: one that does not end must not keep the user in the terminal."""


class _Waker(FileSystemEventHandler):
    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:  # noqa: ARG002  which one is no matter
        self._wake()


class FileWatch:
    """Watches one folder from its own thread."""

    def __init__(self, folder: Path, wake: Callable[[], None]) -> None:
        self._folder = folder
        self._wake = wake
        self._observer: BaseObserver | None = None
        self.fault = ""
        """Why there are no events; empty while there may be."""

    def start(self) -> None:
        """Begin to watch; a system that cannot is noted in `fault`."""
        observer = Observer()
        try:
            observer.schedule(_Waker(self._wake), str(self._folder), event_filter=_EVENTS)
            observer.start()
        except (OSError, RuntimeError) as error:
            self.fault = str(error)
            return
        self._observer = observer

    def stop(self) -> None:
        """End the thread."""
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(_END_S)
            self._observer = None
