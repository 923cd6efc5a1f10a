"""Turns signals into wishes that the loop reads between steps."""

import signal
from types import FrameType

# SIGHUP comes when the terminal closes: a run must not die of a lost SSH session unsaved.
_STOPPING = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
_SAVING = "SIGUSR1"


class StopRequest:
    """From `with` to its end signals are noted; a second stopping one ends the process at once."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        """The signal that asks to stop."""
        self.wants_checkpoint = False
        """SIGUSR1 came: save now and go on."""
        self._previous: dict[signal.Signals, object] = {}

    def __enter__(self) -> "StopRequest":
        for name in _STOPPING:
            if number := getattr(signal, name, None):
                self._previous[number] = signal.signal(number, self._note_stop)
        if number := getattr(signal, _SAVING, None):
            self._previous[number] = signal.signal(number, self._note_saving)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _note_saving(self, _number: int, _frame: FrameType | None) -> None:
        self.wants_checkpoint = True

    def _note_stop(self, number: int, _frame: FrameType | None) -> None:
        self.signal = signal.Signals(number)
        for name in ("SIGINT", "SIGTERM"):
            later = signal.Signals[name]
            signal.signal(later, self._previous[later])  # type: ignore[arg-type]
