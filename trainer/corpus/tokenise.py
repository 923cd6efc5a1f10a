"""Documents to token ids, a bounded batch at a time, on all cores."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trainer.corpus.parallel import ordered_map
from trainer.tokenizer import Tokenizer

_BATCH_CHARS = 2**20


@dataclass(frozen=True, slots=True)
class Document:
    """A file's text on its way into the corpus."""

    split: str
    """train or val."""
    source: int
    """Which of the recipe's sources it is from."""
    unit: str
    """What the split keeps on one side."""
    text: str
    """As `documents.document_text` returns it."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Documents and what they became."""

    documents: list[Document]
    """In their order."""
    tokens: NDArray[np.uint16]
    """Of all of them, each ended by end-of-text."""
    lengths: NDArray[np.int64]
    """Tokens of each, end-of-text included; int64."""
    bytes: list[int]
    """UTF-8 bytes of each."""


def tokenised(documents: Iterable[Document], tokenizer: Tokenizer) -> Iterator[Batch]:
    """Yield the documents in batches, in the same order, with their tokens."""

    def encode(batch: list[Document]) -> Batch:
        tokens = tokenizer.encode_documents([document.text for document in batch])
        ends = np.flatnonzero(tokens == tokenizer.end_of_text) + 1
        sizes = [len(document.text.encode()) for document in batch]
        return Batch(batch, tokens, np.diff(ends, prepend=0), sizes)

    yield from ordered_map(encode, _batches(documents))


def _batches(documents: Iterable[Document]) -> Iterator[list[Document]]:
    batch: list[Document] = []
    chars = 0
    for document in documents:
        batch.append(document)
        chars += len(document.text)
        if chars >= _BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch
