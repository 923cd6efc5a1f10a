"""MinHash signatures of documents over their token 5-grams, and the buckets they fall into.

rensa's full-set R-MinHash (Fast Similarity Sketching, Dahlgaard, Knudsen, Thorup 2017, 1704.04370):
`python bench/near_duplicates.py` holds it against datasketch and against exact Jaccard.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rensa import RMinHash

from trainer.corpus.draft import Draft, Piece
from trainer.corpus.ngrams import fold_in, ngrams_by_document
from trainer.corpus.parallel import ordered_map
from trainer.corpus.progress import Report

NGRAM = 5
"""Tokens of an n-gram (DESIGN section 4)."""
_SLOTS = 128
_ROWS = 4
_BANDS = _SLOTS // _ROWS
"""A pair of Jaccard J shares a bucket with probability 1 - (1 - J^4)^32: all but 5e-8 of the pairs
at 0.8, and almost none at 0.2."""
_SEED = 1
ALONE = -1
"""Bucket of a document that shares none."""


@dataclass(frozen=True, slots=True)
class Signatures:
    """What is known of all documents without looking at their tokens again."""

    slots: NDArray[np.uint32]
    """Two documents agree in a slot with the probability of their Jaccard; (documents, 128)."""
    buckets: NDArray[np.int32]
    """Bucket of each document in each band, or ALONE; (documents, 32). Numbers of different bands
    differ."""


def signatures(draft: Draft, report: Report) -> Signatures:
    """Read all documents and return their signatures: 640 bytes a document."""
    slots = np.empty((len(draft), _SLOTS), dtype=np.uint32)
    is_too_short = draft.column("lengths") <= NGRAM
    for piece, part in ordered_map(_sketch, draft.pieces(slice(None))):
        slots[piece.documents] = part
        report("finding near duplicates", piece.documents.stop, len(draft))
    return Signatures(slots, _buckets(slots, is_too_short))


def _sketch(piece: Piece) -> tuple[Piece, NDArray[np.uint32]]:
    ngrams, counts = ngrams_by_document(piece.tokens, piece.lengths, NGRAM)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint64)
    matrix = RMinHash.digest_matrix_from_flat_token_hashes(ngrams, offsets, _SLOTS, _SEED)
    return piece, np.array(matrix.to_rows(), dtype=np.uint32)


def _buckets(slots: NDArray[np.uint32], is_too_short: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Number the groups of documents that agree in all slots of a band."""
    buckets = np.full((len(slots), _BANDS), ALONE, dtype=np.int32)
    for band in range(_BANDS):
        keys = np.zeros(len(slots), dtype=np.uint64)
        for slot in range(band * _ROWS, (band + 1) * _ROWS):
            fold_in(keys, slots[:, slot].astype(np.uint64))
        _, groups, sizes = np.unique(keys, return_inverse=True, return_counts=True)
        is_shared = (sizes[groups] > 1) & ~is_too_short
        buckets[is_shared, band] = groups[is_shared] * _BANDS + band
    return buckets
