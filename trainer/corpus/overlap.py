"""How much of validation stands in training word for word: the overlap that is left."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from trainer.corpus.draft import Piece
from trainer.corpus.manifest import Overlap
from trainer.corpus.ngrams import ngrams_by_document
from trainer.corpus.parallel import ordered_map

NGRAM = 13
"""Tokens, as in GPT-3's contamination analysis (Brown et al. 2020, 2005.14165, appendix C)."""
_TABLE_BITS = 25
_TO_TABLE = np.uint64(64 - _TABLE_BITS)


class OverlapCount:
    """The n-grams of validation, and which of them training has.

    Takes 17 bytes a token of validation and a table of 32 MB, however large training is.
    """

    def __init__(self, validation: Iterable[Piece], is_counted: NDArray[np.bool_]) -> None:
        """Take validation, and which tokens of the vocabulary are not passed over."""
        self._is_counted = is_counted
        found = [self._ngrams_of(piece) for piece in validation]
        ngrams = np.concatenate([np.empty(0, dtype=np.uint64), *found])
        self._ngrams, self._times = np.unique(ngrams, return_counts=True)
        self._is_seen = np.zeros(len(self._ngrams), dtype=bool)
        # Says of nearly all n-grams that validation lacks them, without a search.
        self._may_be_there = np.zeros(2**_TABLE_BITS, dtype=bool)
        self._may_be_there[self._ngrams >> _TO_TABLE] = True

    def watch(self, training: Iterable[Piece]) -> Iterator[Piece]:
        """Yield the pieces of training again, counted."""
        for piece, seen in ordered_map(self._look_at, training):
            self._is_seen[seen] = True
            yield piece

    def result(self) -> Overlap:
        """Return the counts over all that was watched."""
        total = int(self._times.sum())
        seen = int(self._times[self._is_seen].sum())
        return Overlap(n=NGRAM, ngrams=total, seen=seen, share=seen / max(1, total))

    def _look_at(self, piece: Piece) -> tuple[Piece, NDArray[np.int64]]:
        ngrams = self._ngrams_of(piece)
        ngrams = ngrams[self._may_be_there[ngrams >> _TO_TABLE]]
        places = np.searchsorted(self._ngrams, ngrams)
        is_within = places < len(self._ngrams)
        places, ngrams = places[is_within], ngrams[is_within]
        return piece, places[self._ngrams[places] == ngrams]

    def _ngrams_of(self, piece: Piece) -> NDArray[np.uint64]:
        is_counted = self._is_counted[piece.tokens]
        starts = np.cumsum(piece.lengths) - piece.lengths
        lengths = np.add.reduceat(is_counted, starts, dtype=np.int64) if len(starts) else starts
        return ngrams_by_document(piece.tokens[is_counted], lengths, NGRAM)[0]
