"""Writes one split of a corpus, a batch of documents at a time."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from trainer.corpus.manifest import SplitCounts
from trainer.corpus.store import OFFSET_TYPE, TOKEN_TYPE, offsets_path, tokens_path


class SplitWriter:
    """Appends documents to the token and offset files of a split; a context manager."""

    def __init__(self, folder: Path, split: str, end_of_text: int) -> None:
        self._paths = (tokens_path(folder, split), offsets_path(folder, split))
        self._end_of_text = end_of_text
        self._stack = ExitStack()
        self._units: set[str] = set()
        self.documents = 0
        """Written so far."""
        self.bytes = 0
        """UTF-8 bytes of their text."""
        self.tokens = 0
        """Written so far, end-of-text included."""

    def __enter__(self) -> Self:
        tokens, offsets = self._paths
        self._tokens = self._stack.enter_context(tokens.open("wb"))
        self._offsets = self._stack.enter_context(offsets.open("wb"))
        self._write_offset()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def add(self, unit: str, text_bytes: int, ids: Sequence[int]) -> int:
        """Append one document and its end-of-text; return how many tokens that made."""
        np.array([*ids, self._end_of_text], dtype=TOKEN_TYPE).tofile(self._tokens)
        self._units.add(unit)
        self.documents += 1
        self.bytes += text_bytes
        self.tokens += len(ids) + 1
        self._write_offset()
        return len(ids) + 1

    def counts(self) -> SplitCounts:
        """Return what was written."""
        return SplitCounts(
            documents=self.documents,
            bytes=self.bytes,
            tokens=self.tokens,
            bytes_per_token=self.bytes / max(1, self.tokens),
            units=tuple(sorted(self._units)),
        )

    def _write_offset(self) -> None:
        self._offsets.write(np.array(self.tokens, dtype=OFFSET_TYPE).tobytes())
