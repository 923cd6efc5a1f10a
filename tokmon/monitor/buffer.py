"""An array with room behind its end, whose views stay as they are. Knows nothing of metrics."""

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

_FIRST_CAPACITY = 256

T = TypeVar("T", bound=np.generic)


class Buffer(Generic[T]):
    """Amortised constant time an element. Room is undefined until it is cleared or written."""

    def __init__(self, dtype: type[T], fill: float | bool) -> None:
        self._fill = fill
        self._array: NDArray[T] = np.empty(0, dtype)

    def reserve(self, capacity: int) -> None:
        """Make room for `capacity` elements."""
        if capacity > len(self._array):
            self._move(max(_FIRST_CAPACITY, capacity, 2 * len(self._array)), len(self._array))

    def put(self, start: int, values: NDArray[T]) -> None:
        """Write `values` from `start` on; there must be room."""
        self._array[start : start + len(values)] = values

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
        # Not filled: room that is not used yet takes no memory until it is written.
        moved = np.empty(capacity, self._array.dtype)
        moved[:kept] = self._array[:kept]
        self._array = moved
