"""Where the lines of a log stand on an x axis: by step, tokens, wall time or relative time.

Only steps always ascend. A clock that was set back starts a new ascending stretch; where a line
does not say its place, it is taken to lie evenly between its neighbours. Must not know screens.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tokmon.monitor.buffer import Buffer
from tokmon.monitor.row_values import RowFloats
from tokmon.monitor.series import EMPTY_SERIES, Floats, Ints
from tokmon.monitor.shared_prefix import shared_prefix

MAX_STRETCHES = 64
"""Beyond this the clock does nothing but jump; later lines are drawn no earlier than what precedes
them."""

Xs = NDArray[np.float64] | NDArray[np.int64]


class XAxis(StrEnum):
    """What a curve is drawn over."""

    STEP = "step"
    TOKENS = "tokens"
    WALL = "wall time"
    RELATIVE = "relative time"


@dataclass(frozen=True, slots=True)
class Places:
    """Where each row is drawn. Read-only arrays."""

    x: Xs
    """Shape (rows,); ascending within each stretch, infinite where it cannot be known."""
    steps: Ints
    """Shape (rows,), ascending."""
    cuts: tuple[int, ...] = ()
    """First row of each stretch but the first; no line is drawn over a cut."""

    def stretches(self) -> Iterator[tuple[int, int]]:
        """Yield first row and end of each stretch that has any."""
        bounds = (0, *self.cuts, len(self.x))
        return (pair for pair in pairwise(bounds) if pair[0] < pair[1])

    def reach(self) -> tuple[float, float] | None:
        """Return the lowest and the highest place; None without any."""
        ends = [float(self.x[row]) for a, b in self.stretches() for row in (a, b - 1)]
        known = [x for x in ends if np.isfinite(x)]
        return (min(known), max(known)) if known else None

    def cut_at(self, rows: Ints) -> "Places":
        """Return the same with cuts in front of more rows, shape (M,)."""
        inside = rows[(rows > 0) & (rows < len(self.x))].tolist()
        return Places(self.x, self.steps, tuple(sorted({*self.cuts, *inside})))

    def of_steps(self, steps: Ints) -> Floats:
        """Return where steps lie, shape (M,), between their neighbours; NaN without a row."""
        return between(self.steps, self.x, steps)


def between(known: Xs, x: Xs, wanted: Xs) -> Floats:
    """Return x at `wanted`, shape (M,), on straight lines; held beyond the ends, NaN without any.

    Looks at the neighbours only; numpy.interp would convert a million integers first.

    Args:
        known: ascending, shape (N,).
        x: what it maps to, shape (N,).
        wanted: in the unit of `known`, shape (M,).
    """
    if not len(known):
        return np.full(len(wanted), np.nan)
    right = np.clip(np.searchsorted(known, wanted), 0, len(known) - 1)
    left = np.clip(right - 1, 0, None)
    apart = known[right] - known[left]
    share = np.clip((wanted - known[left]) / np.where(apart > 0, apart, 1), 0, 1)
    low, high = x[left].astype(np.float64), x[right].astype(np.float64)
    with np.errstate(invalid="ignore"):
        return np.where((share < 1) & (apart > 0), low + share * (high - low), high)


class GrowingPlaces:
    """Places of one axis as frames come. Looks only at what is new."""

    def __init__(self) -> None:
        self.places = Places(EMPTY_SERIES.values, EMPTY_SERIES.steps)
        self._seen: tuple[Floats | RowFloats, Ints] = (EMPTY_SERIES.values, EMPTY_SERIES.steps)
        self._cuts: tuple[int, ...] = ()
        self._known_end: int | None = None
        """Rows up to here have their final place in the copy; None as long as there is no copy."""
        self._copy = Buffer(np.float64, np.nan)
        self._unpacked = Buffer(np.float64, np.nan)

    def follow(self, x: Floats | RowFloats, steps: Ints) -> Places:
        """Take in the newest frame's column, NaN where unknown, and its steps, shape (rows,)."""
        known = min(map(shared_prefix, self._seen, (x, steps)))
        places = self._unpack(x, known) if isinstance(x, RowFloats) else x
        if known < len(self._seen[0]):
            known = 0 if self._known_end is not None else known
            self._forget(known)
        self._seen = x, steps
        if self._known_end is None and self._take(places, known):
            self.places = Places(places, steps, self._cuts)
        else:
            self.places = self._mended(places, steps)
        return self.places

    def _unpack(self, x: RowFloats, known: int) -> Floats:
        """Return all of `x` as an array, of which the first `known` are unpacked already."""
        if known < len(self._seen[0]):
            self._unpacked.detach(known)
        self._unpacked.reserve(len(x))
        self._unpacked.put(known, x[known:])
        return self._unpacked.view(len(x))

    def _forget(self, row: int) -> None:
        self._cuts = tuple(cut for cut in self._cuts if cut < row)
        self._known_end = None

    def _take(self, x: Floats, known: int) -> bool:
        """Note where the new part goes back; return whether `x` can be used as it is."""
        start = max(0, known - 1)
        if np.isnan(x[start:]).any():
            return False
        goes_back = np.flatnonzero(x[start + 1 :] < x[start:-1]) + start + 1
        self._cuts += tuple(goes_back.tolist())
        return len(self._cuts) < MAX_STRETCHES

    def _mended(self, x: Floats, steps: Ints) -> Places:
        """Fill what is unknown and lift what goes back too often, in a copy."""
        start = self._known_end or 0
        is_known = ~np.isnan(x[start:])
        rows = np.flatnonzero(is_known)
        self._copy.reserve(len(x))
        if len(rows):
            self._mend(x[start:], rows, start)
            self._known_end = start + int(rows[-1]) + 1
        end = self._known_end or 0
        self._copy.put(end, np.full(len(x) - end, np.inf))
        cuts = (*self._cuts, *((end,) if 0 < end < len(x) else ()))
        return Places(self._copy.view(len(x)), steps, cuts)

    def _mend(self, x: Floats, rows: Ints, start: int) -> None:
        """Write the stretch from `start` to its last known row."""
        end = int(rows[-1]) + 1
        if start:
            before = float(self._copy.view(start)[-1])
            x, rows = np.append(before, x), np.append(0, rows + 1)
            filled = np.interp(np.arange(1, end + 1), rows, x[rows])
        else:
            before, self._cuts = -np.inf, ()
            filled = np.interp(np.arange(end), rows, x[rows], left=-np.inf)
            if rows[0]:
                self._cuts = (int(rows[0]),)
        self._copy.put(start, self._lifted(filled, before, start))

    def _lifted(self, x: Floats, before: float, start: int) -> Floats:
        """Cut in front of what goes back as long as that may be done, then hold it up."""
        back = np.flatnonzero(x < np.append(before, x[:-1]))
        allowed = max(0, MAX_STRETCHES - 1 - len(self._cuts))
        self._cuts += tuple((back[:allowed] + start).tolist())
        if len(back) <= allowed:
            return x
        first = int(back[allowed])
        floor = float(x[first - 1]) if first else before
        return np.append(x[:first], np.maximum(np.maximum.accumulate(x[first:]), floor))
