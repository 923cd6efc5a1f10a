"""rensa against datasketch on a real corpus: time, memory, recall against exact Jaccard.

    pip install datasketch
    python bench/near_duplicates.py [RECIPE]

Every document of the recipe, before near duplicates are removed. The truth is exact: pairs whose
sets of token 5-grams have a Jaccard similarity of 0.8 or more share one of their rarest fifth of
5-grams (prefix filtering, Bayardo, Ma, Srikant 2007), so that no pair is missed. Every library runs
in a process of its own on the same hashed 5-grams, with 128 slots.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import combinations
from multiprocessing import get_context
from multiprocessing.queues import Queue
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measured_build import ROOT, machine
from trainer.corpus.draft import Draft
from trainer.corpus.intake import Intake
from trainer.corpus.near_duplicates import THRESHOLD, are_alike
from trainer.corpus.ngrams import ngrams_by_document
from trainer.corpus.plan import make_plan
from trainer.corpus.progress import no_progress
from trainer.corpus.recipe_file import load_recipe
from trainer.corpus.signatures import NGRAM
from trainer.corpus.sources.opening import open_sources
from trainer.corpus.tokenise import tokenised
from trainer.tokenizer import load_tokenizer

SLOTS = 128
SEED = 1
BANDINGS = ((32, 4), (25, 5), (16, 8))
Pairs = set[tuple[int, int]]
Signed = tuple[NDArray[np.uint64], float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = ROOT / "configs" / "corpora" / "python_100mb.toml"
    parser.add_argument("recipe", nargs="?", type=Path, default=default)
    recipe = parser.parse_args().recipe
    with tempfile.TemporaryDirectory() as folder, Draft(Path(folder) / "draft") as draft:
        fill(draft, recipe)
        np.save(Path(folder) / "lengths.npy", draft.column("lengths"))
        truth = exact_pairs(draft)
        tokens = int(draft.column("lengths").sum())
        print(f"{machine()}. {recipe.stem}: {len(draft):,} documents, {tokens / 1e6:.1f}M tokens, ")
        print(f"{len(truth):,} pairs of Jaccard >= {THRESHOLD} out of {len(draft) ** 2 // 2:,}.\n")
        print("| library | bands x rows | sketching s | more memory MB | candidates | recall |")
        print("| --- | --- | --- | --- | --- | --- |")
        for library in (rensa_slots, datasketch_slots):
            report(library, Path(folder), truth)


def fill(draft: Draft, path: Path) -> None:
    recipe = load_recipe(path)
    readers = open_sources(recipe, path.parent)
    for reader in readers:
        reader.prepare()
    intake = Intake(make_plan(recipe, readers), readers, no_progress)
    for batch in tokenised(intake.documents(), load_tokenizer()):
        draft.append(batch)


def exact_pairs(draft: Draft) -> Pairs:
    sets = [np.unique(ngrams) for ngrams in documents_ngrams(draft)]
    ngrams, times = np.unique(np.concatenate(sets), return_counts=True)
    postings: dict[int, list[int]] = {}
    for number, ngrams_of in enumerate(sets):
        frequency = times[np.searchsorted(ngrams, ngrams_of)]
        rarest = np.lexsort((ngrams_of, frequency))[: len(ngrams_of) // 5 + 1]
        for ngram in ngrams_of[rarest[frequency[rarest] > 1]].tolist():
            postings.setdefault(ngram, []).append(number)
    candidates = {pair for numbers in postings.values() for pair in combinations(numbers, 2)}
    return {pair for pair in candidates if are_alike(sets[pair[0]], sets[pair[1]])}


def documents_ngrams(draft: Draft) -> Iterator[NDArray[np.uint64]]:
    for piece in draft.pieces(slice(None)):
        ngrams, counts = ngrams_by_document(piece.tokens, piece.lengths, NGRAM)
        yield from np.split(ngrams, np.cumsum(counts)[:-1])


def report(library: Callable[[Path, "Queue[Signed]"], None], folder: Path, truth: Pairs) -> None:
    context = get_context("spawn")
    queue: Queue[Signed] = context.Queue()
    process = context.Process(target=library, args=(folder, queue))
    process.start()
    slots, seconds, megabytes = queue.get()
    process.join()
    for bands, rows in BANDINGS:
        candidates = banded(slots, bands, rows)
        recall = len(truth & candidates) / max(1, len(truth))
        name = library.__name__.removesuffix("_slots")
        print(
            f"| {name} | {bands} x {rows} | {seconds:.1f} | {megabytes:.0f} "
            f"| {len(candidates):,} | {recall:.2%} |"
        )


def banded(slots: NDArray[np.uint64], bands: int, rows: int) -> Pairs:
    """Return the pairs that agree in all slots of a band; documents without 5-grams have none."""
    pairs: Pairs = set()
    numbers = np.flatnonzero((slots != slots.max()).any(axis=1)).tolist()
    for band in range(bands):
        buckets: dict[bytes, list[int]] = {}
        for number in numbers:
            key = slots[number, band * rows : (band + 1) * rows].tobytes()
            buckets.setdefault(key, []).append(number)
        pairs.update(pair for group in buckets.values() for pair in combinations(group, 2))
    return pairs


def rensa_slots(folder: Path, queue: "Queue[Signed]") -> None:
    from rensa import RMinHash

    def sketch(ngrams: NDArray[np.uint64], counts: NDArray[np.int64]) -> NDArray[np.uint64]:
        offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.uint64)
        matrix = RMinHash.digest_matrix_from_flat_token_hashes(ngrams, offsets, SLOTS, SEED)
        return np.array(matrix.to_rows(), dtype=np.uint64)

    queue.put(timed(folder, sketch))


def datasketch_slots(folder: Path, queue: "Queue[Signed]") -> None:
    from datasketch import MinHash

    template = MinHash(num_perm=SLOTS, seed=SEED, hashfunc=int)

    def sketch(ngrams: NDArray[np.uint64], counts: NDArray[np.int64]) -> NDArray[np.uint64]:
        rows = np.empty((len(counts), SLOTS), dtype=np.uint64)
        hashes = np.split(ngrams & np.uint64(0xFFFFFFFF), np.cumsum(counts)[:-1])
        for row, part in zip(rows, hashes, strict=True):
            minhash = template.copy()
            if len(part):
                minhash.update_batch(np.unique(part))
            row[:] = minhash.hashvalues
        return rows

    queue.put(timed(folder, sketch))


def timed(
    folder: Path,
    sketch: Callable[[NDArray[np.uint64], NDArray[np.int64]], NDArray[np.uint64]],
) -> Signed:
    """Sketch all documents a piece at a time; the n-grams are not in the time."""
    lengths = np.load(folder / "lengths.npy")
    process = psutil.Process()
    before = process.memory_info().rss
    seconds, peak, start, rows = 0.0, before, 0, []
    with (folder / "draft").open("rb") as file:
        while start < len(lengths):
            stop = start + max(1, int(np.searchsorted(np.cumsum(lengths[start:]), 2**18)))
            tokens = np.fromfile(file, dtype="<u2", count=int(lengths[start:stop].sum()))
            ngrams, counts = ngrams_by_document(tokens, lengths[start:stop], NGRAM)
            begin = time.perf_counter()
            rows.append(sketch(ngrams, counts))
            seconds += time.perf_counter() - begin
            peak = max(peak, process.memory_info().rss)
            start = stop
    return np.concatenate(rows), seconds, (peak - before) / 1e6


if __name__ == "__main__":
    main()
