"""Training time, with and without what interrupts it; setting the clock does not show."""

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Stopwatch:
    """Counts seconds from its making, on top of what earlier attempts took."""

    def __init__(self, elapsed_before_s: float = 0.0) -> None:
        self._start = time.perf_counter() - elapsed_before_s
        self._interrupted_s = 0.0
        self._held_at: float | None = None
        self._lap_start = self._start + elapsed_before_s

    @property
    def elapsed_s(self) -> float:
        """Seconds of the run so far, evaluation and saving included."""
        return time.perf_counter() - self._start

    @contextmanager
    def interruption(self) -> Iterator[None]:
        """Leave what happens inside out of the lap."""
        begin = time.perf_counter()
        yield
        if self._held_at is None:
            self._interrupted_s += time.perf_counter() - begin

    def hold(self) -> None:
        """Stand still until `release`: a pause is not training time."""
        self._held_at = time.perf_counter()

    def release(self) -> None:
        """Go on; what lay between belongs neither to the run's time nor to the lap."""
        assert self._held_at is not None
        held_s, self._held_at = time.perf_counter() - self._held_at, None
        self._start += held_s
        self._lap_start += held_s

    def lap(self) -> float:
        """Return the seconds of training since the last lap, interruptions left out."""
        now = time.perf_counter()
        lap_s = now - self._lap_start - self._interrupted_s
        self._lap_start, self._interrupted_s = now, 0.0
        return lap_s
