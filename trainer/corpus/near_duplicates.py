"""Documents that are almost another one: which of them go.

Candidates come from MinHash, the verdict from the documents themselves: Jaccard similarity of their
sets of token 5-grams of 0.8 or more (Broder 1997; DESIGN section 4).
"""

from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trainer.corpus.draft import Draft
from trainer.corpus.ngrams import hashed_ngrams
from trainer.corpus.progress import Report
from trainer.corpus.signatures import ALONE, NGRAM, Signatures, signatures

THRESHOLD = 0.8
# The share of equal slots has a standard deviation of 0.035 at 0.8: this is 5.7 of them below.
_WORTH_A_LOOK = 0.6
_CACHE_NGRAMS = 4_000_000

NgramSet = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """What was found."""

    is_removed: NDArray[np.bool_]
    """Of each document, by its number."""
    found: Counter[str] = field(default_factory=Counter)
    """`train`, `across`: those removed from training; `val`: alike within validation, they stay."""


def find_near_duplicates(draft: Draft, report: Report) -> NearDuplicates:
    """Find the documents that are almost one that stays.

    Validation keeps all its documents. Of training those go that are almost a validation document,
    then, in the corpus's order, those that are almost a training document that stays. So each that
    goes leaves its like behind, and no two that stay are alike, save what MinHash misses.
    """
    search = _Search(signatures(draft, report), _NgramSets(draft.reader()))
    result = NearDuplicates(np.zeros(len(draft), dtype=bool))
    for document in search.documents_to_look_at():
        place = search.like_one_that_stays(document, draft.validation)
        if place:
            result.found[place] += 1
        if place in ("", "val"):
            search.stays(document)
        else:
            result.is_removed[document] = True
    return result


class _NgramSets:
    """The 5-grams of documents as sorted arrays; the last used ones are kept, 32 MB."""

    def __init__(self, tokens_of: Callable[[int], NDArray[np.uint16]]) -> None:
        self._tokens_of = tokens_of
        self._kept: OrderedDict[int, NgramSet] = OrderedDict()
        self._size = 0

    def of(self, document: int) -> NgramSet:
        if document in self._kept:
            self._kept.move_to_end(document)
            return self._kept[document]
        ngrams = np.unique(hashed_ngrams(self._tokens_of(document), NGRAM))
        self._kept[document] = ngrams
        self._size += len(ngrams)
        while self._size > _CACHE_NGRAMS and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest)
        return ngrams


class _Search:
    """The documents that stay so far, by bucket."""

    def __init__(self, signatures: Signatures, sets: _NgramSets) -> None:
        self._signatures = signatures
        self._sets = sets
        self._staying: defaultdict[int, list[int]] = defaultdict(list)

    def documents_to_look_at(self) -> list[int]:
        """Return those that share a bucket with any other, in order."""
        shares: NDArray[np.bool_] = (self._signatures.buckets != ALONE).any(axis=1)
        return np.flatnonzero(shares).tolist()

    def stays(self, document: int) -> None:
        for bucket in self._buckets_of(document):
            self._staying[bucket].append(document)

    def like_one_that_stays(self, document: int, validation: int) -> str:
        """Return `val`, `across` or `train` by where the pair lies; empty if there is none."""
        candidates = self._candidates(document)
        if any(self._are_alike(document, other) for other in candidates if other < validation):
            return "val" if document < validation else "across"
        if any(self._are_alike(document, other) for other in candidates if other >= validation):
            return "train"
        return ""

    def _candidates(self, document: int) -> list[int]:
        """Return documents that stay and may be alike, the likeliest first."""
        found = {other for bucket in self._buckets_of(document) for other in self._staying[bucket]}
        others = np.array(sorted(found), dtype=np.int64)
        slots = self._signatures.slots
        likeness = (slots[others] == slots[document]).mean(axis=1)
        others, likeness = others[likeness >= _WORTH_A_LOOK], likeness[likeness >= _WORTH_A_LOOK]
        return others[np.argsort(-likeness, kind="stable")].tolist()

    def _are_alike(self, one: int, other: int) -> bool:
        return are_alike(self._sets.of(one), self._sets.of(other))

    def _buckets_of(self, document: int) -> list[int]:
        buckets = self._signatures.buckets[document]
        return buckets[buckets != ALONE].tolist()


def are_alike(one: NgramSet, other: NgramSet) -> bool:
    """Say whether |A and B| / |A or B| >= 0.8 of two sorted arrays without repetitions."""
    smaller, larger = sorted((len(one), len(other)))
    if not smaller or smaller / larger < THRESHOLD:
        return False
    shared = len(np.intersect1d(one, other, assume_unique=True))
    return shared / (smaller + larger - shared) >= THRESHOLD
