"""Reads the time between the steps of whichever program trains, and stops it after enough."""

import io
import time
from collections.abc import Callable


class Enough(BaseException):
    """All steps were timed. No Exception, so that no program's own handler takes it for a fault."""


class Clock:
    """Counts steps; every block of them is one measurement.

    Args:
        warmup: steps that are not measured; at least 1, for the first one compiles.
        steps: steps that are.
        block: steps a measurement.
        synchronize: waits until the device has done what it was given.
        at_end: called once after the last step, while the program's model still lives.
    """

    def __init__(
        self,
        warmup: int,
        steps: int,
        block: int,
        synchronize: Callable[[], None],
        at_end: Callable[[], None],
    ) -> None:
        self._warmup = warmup
        self._steps = steps
        self._block = block
        self._synchronize = synchronize
        self._at_end = at_end
        self._count = 0
        self._last = 0.0
        self.step_s: list[float] = []
        """Seconds a step, one number a block."""
        self.dtype = ""
        """What the program computes in; it says so itself."""
        self.notes: list[str] = []
        """What readers should know of how it ran."""

    def tick(self) -> None:
        """Note the end of a step.

        Raises:
            Enough: it was the last one.
        """
        self._count += 1
        measured = self._count - self._warmup
        if measured < 0 or measured % self._block:
            return
        self._synchronize()
        now = time.perf_counter()
        if measured:
            self.step_s.append((now - self._last) / self._block)
        if measured >= self._steps:
            self._at_end()
            raise Enough
        self._last = now


class PrintedSteps(io.StringIO):
    """Stands in for stdout: a line that begins with `sign` is the end of a step."""

    def __init__(self, clock: Clock, sign: str) -> None:
        super().__init__()
        self._clock = clock
        self._sign = sign

    def write(self, text: str) -> int:
        if text.startswith(self._sign):
            self._clock.tick()
        return len(text)
