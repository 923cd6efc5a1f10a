"""Ctrl-C and SIGTERM as one exception, so that what was measured until then is still written."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """Somebody asked for an end. No Exception, so that no handler takes it for a fault."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.name = signal.Signals(number).name
        self.exit_code = 128 + number


@contextmanager
def stopping_on_signals() -> Iterator[None]:
    """Raise Stopped at the first signal; later ones find the ending under way, and change nothing.

    Raises:
        Stopped: wherever the main thread is.
    """
    before = {number: signal.signal(number, _stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # the signature is signal's
    for other in _SIGNALS:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped(number)
