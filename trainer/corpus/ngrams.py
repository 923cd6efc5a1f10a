"""Token n-grams as 64-bit hashes: what near duplicates and overlap are counted in."""

import numpy as np
from numpy.typing import NDArray

# Knuth's multiplier, 2^64 / golden ratio, as splitmix64 has it.
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
_SHIFT = np.uint64(29)


def hashed_ngrams(tokens: NDArray[np.uint16], n: int) -> NDArray[np.uint64]:
    """Return the hash of each n-gram, shape (max(0, len(tokens) - n + 1),).

    The same numbers on every machine. Two n-grams that differ have the same hash with a chance of
    about 2^-64, so that sets of hashes are taken for sets of n-grams.
    """
    count = max(0, len(tokens) - n + 1)
    wide = tokens.astype(np.uint64)
    hashes = np.zeros(count, dtype=np.uint64)
    for place in range(n):
        fold_in(hashes, wide[place : place + count])
    return hashes


def fold_in(hashes: NDArray[np.uint64], values: NDArray[np.uint64]) -> None:
    """Mix `values` into `hashes`, element by element and in place."""
    hashes ^= values
    hashes *= _MULTIPLIER
    hashes ^= hashes >> _SHIFT


def ngrams_by_document(
    tokens: NDArray[np.uint16], lengths: NDArray[np.int64], n: int
) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Return the hashed n-grams inside documents, and how many each document has.

    Args:
        tokens: documents one after the other, each ended by end-of-text.
        lengths: tokens of each document, end-of-text included.
        n: tokens of an n-gram. None contains an end-of-text or reaches over two documents.
    """
    counts = np.maximum(lengths - n, 0)
    ends = np.cumsum(lengths)
    is_inside = np.ones(max(0, len(tokens) - n + 1), dtype=bool)
    # The last n starts of a document see its end-of-text; those of a short one lie before it,
    # in the last n of the document before, and are as wrong there.
    outside = (ends[:, None] - np.arange(1, n + 1)).ravel()
    is_inside[outside[(outside >= 0) & (outside < len(is_inside))]] = False
    return hashed_ngrams(tokens, n)[is_inside], counts
