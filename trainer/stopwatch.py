"""Training time, with and without what interrupts it; setting the clock does not show."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

Interruption = Literal["eval", "save", "other"]


class Lap(NamedTuple):
    """The time between two log lines, pauses left out."""

    training_s: float
    """Of training steps."""
    eval_s: float
    """Of evaluations, and of the samples drawn with them."""
    save_s: float
    """Waiting for checkpoints."""

    @property
    def total_s(self) -> float:
        """All of it."""
        return sum(self)


class Stopwatch:
    """Counts seconds from its making, on top of what earlier attempts took."""

    def __init__(self, elapsed_before_s: float = 0.0) -> None:
        self._elapsed_before_s = elapsed_before_s
        self._start = time.perf_counter() - elapsed_before_s
        self._interrupted_s: dict[Interruption, float] = {}
        self._held_at: float | None = None
        self._lap_start = self._start + elapsed_before_s

    @property
    def elapsed_s(self) -> float:
        """Seconds of the run so far, evaluation and saving included."""
        return time.perf_counter() - self._start

    @property
    def attempt_s(self) -> float:
        """Seconds since the making, pauses left out, also one that lasts."""
        now = time.perf_counter() if self._held_at is None else self._held_at
        return now - self._start - self._elapsed_before_s

    @contextmanager
    def interruption(self, kind: Interruption) -> Iterator[None]:
        """Leave what happens inside out of the training time of the lap."""
        begin = time.perf_counter()
        yield
        if self._held_at is None:
            interrupted_s = self._interrupted_s.get(kind, 0.0)
            self._interrupted_s[kind] = interrupted_s + time.perf_counter() - begin

    def hold(self) -> None:
        """Stand still until `release`: a pause is not training time."""
        self._held_at = time.perf_counter()

    def release(self) -> None:
        """Go on; what lay between belongs neither to the run's time nor to the lap."""
        assert self._held_at is not None
        held_s, self._held_at = time.perf_counter() - self._held_at, None
        self._start += held_s
        self._lap_start += held_s

    def lap(self) -> Lap:
        """Return where the time since the last lap went, and begin another."""
        now = time.perf_counter()
        interrupted_s = self._interrupted_s
        training_s = now - self._lap_start - sum(interrupted_s.values())
        self._lap_start, self._interrupted_s = now, {}
        return Lap(training_s, interrupted_s.get("eval", 0.0), interrupted_s.get("save", 0.0))
