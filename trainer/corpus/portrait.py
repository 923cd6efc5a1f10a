"""What a built corpus looks like: distributions over its documents, and documents of it. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from trainer.corpus.store import Corpus, Split
from trainer.tokenizer import Tokenizer

_CHUNK_TOKENS = 2**20
BYTES_PER_TOKEN_EDGES = (0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, np.inf)


class Bin(NamedTuple):
    """One bar of a histogram."""

    low: float
    """From here."""
    high: float
    """To below here; infinite in the last one."""
    documents: int
    """How many lie there."""


def length_histogram(split: Split) -> list[Bin]:
    """Return how many documents have how many tokens, in powers of two."""
    lengths = np.diff(split.offsets)
    highest = int(lengths.max()).bit_length() if len(lengths) else 0
    return _histogram(lengths.astype(np.float64), [0.0, *(2.0**n for n in range(5, highest + 1))])


def density_histogram(split: Split, tokenizer: Tokenizer) -> list[Bin]:
    """Return how many documents have how many UTF-8 bytes a token."""
    return _histogram(bytes_per_token(split, tokenizer), list(BYTES_PER_TOKEN_EDGES))


def bytes_per_token(split: Split, tokenizer: Tokenizer) -> NDArray[np.float64]:
    """Return UTF-8 bytes / tokens of each document, its end of text left out, (documents,)."""
    byte_counts = [
        np.add.reduceat(tokenizer.token_bytes[tokens], starts) for tokens, starts in _chunks(split)
    ]
    lengths = np.maximum(np.diff(split.offsets) - 1, 1)
    return np.concatenate(byte_counts or [np.empty(0)]) / lengths


def _chunks(split: Split) -> Iterator[tuple[NDArray[np.uint16], NDArray[np.int64]]]:
    """Yield tokens of whole documents, about a million at a time, and where they start in them."""
    first, count = 0, len(split.offsets) - 1
    while first < count:
        end = int(np.searchsorted(split.offsets, split.offsets[first] + _CHUNK_TOKENS))
        last = min(max(end, first + 1), count)
        begin = split.offsets[first]
        yield split.tokens[begin : split.offsets[last]], split.offsets[first:last] - begin
        first = last


def _histogram(values: NDArray[np.float64], edges: list[float]) -> list[Bin]:
    bounds = np.searchsorted(np.sort(values), edges)
    counts = np.diff([*bounds.tolist(), len(values)]).tolist()
    highs = [*edges[1:], np.inf]
    bins = [Bin(low, high, n) for low, high, n in zip(edges, highs, counts, strict=True)]
    return [found for found in bins if found.low < np.inf]


def random_documents(corpus: Corpus, count: int, seed: int) -> list[list[int]]:
    """Return the tokens of `count` documents of the training split, each without end of text."""
    documents = len(corpus.train.offsets) - 1
    generator = np.random.default_rng(seed)
    chosen = generator.choice(documents, min(count, documents), replace=False)
    offsets = corpus.train.offsets
    return [corpus.train.tokens[offsets[i] : offsets[i + 1] - 1].tolist() for i in chosen]
