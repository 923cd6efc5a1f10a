"""Turns the signals that ask a process to end into a wish that the loop reads between steps."""

import signal
from types import FrameType

# SIGHUP comes when the terminal closes: a run must not die of a lost SSH session unsaved.
_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class StopRequest:
    """From `with` to its end, the first signal is noted; a second one ends the process at once."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self._previous: dict[signal.Signals, object] = {}

    def __enter__(self) -> "StopRequest":
        for name in _NAMES:
            if number := getattr(signal, name, None):
                self._previous[number] = signal.signal(number, self._note)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        for later, handler in self._previous.items():
            if later != getattr(signal, "SIGHUP", None):
                signal.signal(later, handler)  # type: ignore[arg-type]
