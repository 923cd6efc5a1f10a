"""The tokenised documents of a build, before near duplicates are removed.

Tokens lie in one file, validation first; what is known of each document stays in memory, some
thirty bytes of it. The file is read in pieces, never mapped: pages of a map count as memory used.
"""

from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from trainer.corpus.store import TOKEN_TYPE
from trainer.corpus.tokenise import Batch

_PIECE_TOKENS = 2**18


@dataclass(frozen=True, slots=True)
class Piece:
    """Some documents that follow one another."""

    first: int
    """Number of the first of them."""
    tokens: NDArray[np.uint16]
    """Of all of them, each ended by end-of-text."""
    lengths: NDArray[np.int64]
    """Tokens of each, end-of-text included."""

    @property
    def documents(self) -> slice:
        """Their numbers."""
        return slice(self.first, self.first + len(self.lengths))


class Draft:
    """Documents by number, in the order in which they were added; a context manager."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w+b")
        self._columns = {name: array("q") for name in ("lengths", "bytes", "sources", "units")}
        self._unit_numbers: dict[str, int] = {}
        self.validation = 0
        """How many of the documents are validation's: the first ones."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._columns["lengths"])

    def append(self, batch: Batch) -> None:
        """Add documents and their tokens."""
        columns = self._columns
        columns["lengths"].extend(batch.lengths.tolist())
        columns["bytes"].extend(batch.bytes)
        for document in batch.documents:
            columns["sources"].append(document.source)
            number = self._unit_numbers.setdefault(document.unit, len(self._unit_numbers))
            columns["units"].append(number)
            self.validation += document.split == "val"
        batch.tokens.astype(TOKEN_TYPE, copy=False).tofile(self._file)

    def column(self, name: str) -> NDArray[np.int64]:
        """Return one number for each document: `lengths`, `bytes`, `sources` or `units`."""
        return np.array(self._columns[name], dtype=np.int64)

    @property
    def units(self) -> tuple[str, ...]:
        """Names of the units, by the numbers in the column `units`."""
        return tuple(self._unit_numbers)

    def of_split(self, split: str) -> slice:
        """Return the numbers of the documents of `train` or `val`."""
        return slice(self.validation) if split == "val" else slice(self.validation, len(self))

    def pieces(self, documents: slice) -> Iterator[Piece]:
        """Read `documents` in order, about a quarter of a million tokens at a time."""
        first, last, _ = documents.indices(len(self))
        offsets = self._offsets()
        while first < last:
            end = int(np.searchsorted(offsets, offsets[first] + _PIECE_TOKENS, side="right")) - 1
            end = min(max(end, first + 1), last)
            tokens = self._read(int(offsets[first]), int(offsets[end]))
            yield Piece(first, tokens, np.diff(offsets[first : end + 1]))
            first = end

    def reader(self) -> Callable[[int], NDArray[np.uint16]]:
        """Return a function from a document's number to its tokens, without end-of-text."""
        offsets = self._offsets()
        return lambda document: self._read(int(offsets[document]), int(offsets[document + 1]) - 1)

    def _offsets(self) -> NDArray[np.int64]:
        return np.concatenate([[0], np.cumsum(self.column("lengths"))])

    def _read(self, start: int, end: int) -> NDArray[np.uint16]:
        self._file.seek(start * TOKEN_TYPE.itemsize)
        return np.fromfile(self._file, dtype=TOKEN_TYPE, count=end - start)
