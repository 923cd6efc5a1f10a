"""An array with room behind its end, whose views stay as they are. Knows nothing of metrics."""

import mmap
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

_FIRST_CAPACITY = 256
_LARGE = 2**16
"""Elements from which on a buffer grows by a quarter, not to the double: half of it would be
empty."""
_MAPPED_BYTES = 2**18
_PRIVATE = getattr(mmap, "MAP_PRIVATE", None)  # Windows has no such thing, and needs none

T = TypeVar("T", bound=np.generic)


class Buffer(Generic[T]):
    """Amortised constant time an element. Room is undefined until it is cleared or written."""

    def __init__(self, dtype: type[T], fill: float | bool) -> None:
        self._fill = fill
        self._array: NDArray[T] = np.empty(0, dtype)
        self._shown = 0

    def reserve(self, capacity: int) -> None:
        """Make room for `capacity` elements."""
        known = len(self._array)
        if capacity > known:
            grown = known + (known // 4 if known >= _LARGE else known)
            self._move(max(_FIRST_CAPACITY, capacity, grown), known)

    def put(self, start: int, values: NDArray[T]) -> None:
        """Write `values` from `start` on; there must be room."""
        self._array[start : start + len(values)] = values

    def show(self, length: int) -> NDArray[T]:
        """Return the first `length` elements as `view` does, for somebody who keeps them."""
        self._shown = max(self._shown, length)
        return self.view(length)

    def drop(self, kept: int) -> None:
        """Let all but the first `kept` be written anew; who was shown them keeps them."""
        if kept < self._shown:
            self.detach(kept)

    def detach(self, kept: int) -> None:
        """Leave the array to those who view it; go on with a copy of its first `kept`."""
        self._move(len(self._array), kept)

    def clear(self, start: int, end: int) -> None:
        """Fill a range again."""
        self._array[start:end] = self._fill

    def view(self, length: int) -> NDArray[T]:
        """Return the first `length` elements without copying, read-only."""
        shown = self._array[:length]
        shown.flags.writeable = False
        return shown

    def _move(self, capacity: int, kept: int) -> None:
        moved = _room(capacity, self._array.dtype)
        moved[:kept] = self._array[:kept]
        self._array, self._shown = moved, 0


def _room(capacity: int, dtype: np.dtype[T]) -> NDArray[T]:
    """Return an array that is not filled: room that is not used yet takes no memory.

    A large one gets pages of its own, which go back to the system when it is left. What malloc
    keeps of columns that grew was 30 MiB of a log of a million lines.
    """
    size = capacity * dtype.itemsize
    if size < _MAPPED_BYTES:
        return np.empty(capacity, dtype)
    pages = (
        mmap.mmap(-1, size)
        if _PRIVATE is None
        else mmap.mmap(-1, size, flags=_PRIVATE | mmap.MAP_ANONYMOUS)
    )
    return np.frombuffer(pages, dtype)
