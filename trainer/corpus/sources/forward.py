"""Items of a stream found by their keys: cheap in the stream's own order, right in any."""

from collections.abc import Callable, Generator
from types import TracebackType
from typing import Generic, Self, TypeVar

from tokmon.rundir.errors import TokmonError

T = TypeVar("T")


class Forward(Generic[T]):
    """Walks keys and items forward, from the beginning again where a key lies behind."""

    def __init__(self, start: Callable[[], Generator[tuple[str, T]]], label: str) -> None:
        self._start = start
        self._label = label
        self._items = start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._items.close()

    def find(self, wanted: str) -> T:
        """Return the item with this key; it can be used until the next is asked for.

        Raises:
            TokmonError: the stream no longer has it.
        """
        for _ in range(2):
            for key, item in self._items:
                if key == wanted:
                    return item
            self._items = self._start()
        raise TokmonError(
            f"{self._label}: changed while the corpus was being built", "build it again"
        )
