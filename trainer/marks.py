"""Where the time of a training step goes, read at its borders and not by a profiler.

A step passes the marks in order; what lies between two of them belongs to the later one's part.
On a CPU that is a clock. On a GPU it is an event in the stream, which costs about a microsecond and
no wait: there the last step stands for all since the last look, which are alike. What is averaged
over the ranks of a run while backward still runs counts where it is waited for.
"""

import time
from typing import Literal, Protocol

import torch

Part = Literal["input", "trunk", "head", "optimizer"]
"""Reading a batch; the model but its head; the head and the loss; clip, guard and update."""


class Marks(Protocol):
    """What a step calls as it goes."""

    def begin(self) -> None:
        """A step begins."""

    def at(self, part: Part) -> None:
        """What came since the mark before was of this part."""

    def take(self, steps: int) -> dict[Part, float]:
        """Return the seconds of the parts over the last `steps` steps, and begin anew."""


class NoMarks:
    """Reads nothing: for devices that have no clock of their own."""

    def begin(self) -> None:
        """Nothing."""

    def at(self, part: Part) -> None:
        """Nothing."""

    def take(self, steps: int) -> dict[Part, float]:  # noqa: ARG002 - as all marks
        """Return nothing."""
        return {}


class ClockMarks:
    """Reads the clock: for devices that have done what they were told when the call returns."""

    def __init__(self) -> None:
        self._seconds: dict[Part, float] = {}
        self._last = 0.0

    def begin(self) -> None:
        """Start the clock of a step."""
        self._last = time.perf_counter()

    def at(self, part: Part) -> None:
        """Add the time since the mark before."""
        now = time.perf_counter()
        self._seconds[part] = self._seconds.get(part, 0.0) + now - self._last
        self._last = now

    def take(self, steps: int) -> dict[Part, float]:  # noqa: ARG002 - as all marks
        """Return the seconds since the last look."""
        taken, self._seconds = self._seconds, {}
        return taken


class EventMarks:
    """Records CUDA events; not yet seen on a GPU.

    Events that are recorded while a graph is captured are marked as external: each replay records
    them again, and they can be read as others can.
    """

    def __init__(self) -> None:
        self._events: list[torch.cuda.Event] = []
        self._parts: list[Part | None] = []
        self._place = 0
        self._is_captured = False

    def forget(self, *, is_captured: bool) -> None:
        """Begin with other events: of a graph that is about to be captured, or of none."""
        self._events, self._parts, self._is_captured = [], [], is_captured

    def begin(self) -> None:
        """Record the start of a step."""
        self._place = 0
        self._record(None)

    def at(self, part: Part) -> None:
        """Record the end of a part."""
        self._record(part)

    def _record(self, part: Part | None) -> None:
        if self._place == len(self._events):
            event = torch.cuda.Event(enable_timing=True, external=self._is_captured)
            self._events.append(event)
            self._parts.append(part)
        self._events[self._place].record()
        self._place += 1

    def take(self, steps: int) -> dict[Part, float]:
        """Return the last step's seconds times `steps`; waits for the device."""
        seconds: dict[Part, float] = {}
        if not self._events:
            return seconds
        self._events[-1].synchronize()
        borders = zip(self._events, self._events[1:], self._parts[1:], strict=False)
        for begin, end, part in borders:
            assert part is not None
            seconds[part] = seconds.get(part, 0.0) + steps * begin.elapsed_time(end) / 1e3
        return seconds


def marks_of(device: torch.device) -> Marks:
    """Return the marks that can be read on the device."""
    if device.type == "cuda":
        return EventMarks()
    return ClockMarks() if device.type == "cpu" else NoMarks()
