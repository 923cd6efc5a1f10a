"""Tokens a second of the corpus build, beside tiktoken alone and what others do.

    pip install tokenizers datasets          # optional: rows that lack their package say so
    python bench/corpus.py [RECIPE] [--rounds N]

One text, one run, the same number of threads or processes for all; the best of the rounds. In the
build the text comes out of the wheels and goes through the filters; the others have it in memory.
"""

import argparse
import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measured_build import ROOT, machine, measure
from trainer.corpus.cache import wheels_folder
from trainer.corpus.intake import Intake
from trainer.corpus.parallel import THREADS
from trainer.corpus.plan import make_plan
from trainer.corpus.progress import no_progress
from trainer.corpus.recipe_file import load_recipe
from trainer.corpus.sources.opening import open_sources
from trainer.corpus.tokenise import Document, tokenised
from trainer.tokenizer import load_tokenizer

BATCH_CHARS = 2**20
SHARDS = 1024
ALONE = "tiktoken alone (encode_ordinary_batch)"
HF = "HF tokenizers (encode_batch_fast)"
NANOGPT = "nanoGPT's way (HF datasets map, tiktoken, memmap)"
Encode = Callable[[Sequence[str]], int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = ROOT / "configs" / "corpora" / "python_100mb.toml"
    parser.add_argument("recipe", nargs="?", type=Path, default=default)
    parser.add_argument("--rounds", type=int, default=2)
    arguments = parser.parse_args()
    texts = texts_of(arguments.recipe)
    print(
        f"{machine()}. {arguments.recipe.stem}, {len(texts):,} documents, "
        f"{sum(map(len, texts)) / 1e6:.0f}M characters; {THREADS} threads, "
        f"best of {arguments.rounds} rounds.\n"
    )
    print_table(rates(texts, arguments.recipe, arguments.rounds))


def rates(texts: list[str], recipe: Path, rounds: int) -> dict[str, list[str]]:
    """Return tokens a second, share of tiktoken alone and load, by name."""
    seconds: dict[str, float] = {}
    loads: dict[str, float] = {}
    tokens = len(texts) + sum(map(len, tiktoken_batches(texts)))
    if not missing(HF):
        hf_gpt2()  # to make it out of ranks is not in the time
    for _ in range(rounds):
        for name, encode in ENCODERS.items():
            reason = missing(name)
            if reason:
                loads[f"{name}: left out, {reason}"] = 0.0
                continue
            load, begin = os.getloadavg()[0], time.perf_counter()
            encode(texts)
            keep_best(seconds, loads, name, time.perf_counter() - begin, load)
        built = measure(recipe, wheels_folder())
        phases = built.phases_s
        for name, took in (
            ("tokmon: the build's tokenising phase", phases["tokenising"]),
            ("tokmon: the whole build", built.build_s),
        ):
            keep_best(seconds, loads, name, took, built.load_before)
    alone = seconds[ALONE]
    return {
        name: [f"{tokens / took / 1e6:.2f}", f"{alone / took:.0%}", f"{took:.1f}", f"{load:.1f}"]
        for name, load in loads.items()
        if (took := seconds.get(name))
    } | {name: ["", "", "", ""] for name in loads if name not in seconds}


def keep_best(
    seconds: dict[str, float], loads: dict[str, float], name: str, took: float, load: float
) -> None:
    if took < seconds.get(name, float("inf")):
        seconds[name], loads[name] = took, load


def texts_of(path: Path) -> list[str]:
    """Return the documents of a recipe, as the build's tokenising phase gets them."""
    recipe = load_recipe(path)
    readers = open_sources(recipe, path.parent)
    for reader in readers:
        reader.prepare()
    intake = Intake(make_plan(recipe, readers), readers, no_progress)
    return [document.text for document in intake.documents()]


def tiktoken_batches(texts: Sequence[str]) -> Iterator[list[int]]:
    encoding = load_tokenizer()._encoding
    for batch in batches(texts, 4 * BATCH_CHARS):
        yield from encoding.encode_ordinary_batch(batch, num_threads=THREADS)


def tiktoken_alone(texts: Sequence[str]) -> int:
    return sum(map(len, tiktoken_batches(texts)))


def tokmon_threads(texts: Sequence[str]) -> int:
    documents = (Document("train", 0, "", text) for text in texts)
    return sum(len(batch.tokens) for batch in tokenised(documents, load_tokenizer()))


def tokmon_processes(texts: Sequence[str]) -> int:
    with ProcessPoolExecutor(THREADS, mp_context=get_context("spawn")) as pool:
        return sum(map(len, pool.map(encode_in_process, batches(texts, BATCH_CHARS))))


def encode_in_process(batch: list[str]) -> NDArray[np.uint16]:
    return load_tokenizer().encode_documents(batch)


def hf_tokenizers(texts: Sequence[str]) -> int:
    tokenizer = hf_gpt2()
    encoded = (tokenizer.encode_batch_fast(batch) for batch in batches(texts, BATCH_CHARS))
    return sum(len(encoding.ids) for batch in encoded for encoding in batch)


@cache
def hf_gpt2() -> Any:
    """Return HF's GPT-2 tokenizer, its merges recovered from tiktoken's ranks."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    tiktoken_encoding = load_tokenizer()._encoding
    ranks = tiktoken_encoding._mergeable_ranks
    letters = byte_letters()

    def spelled(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    merges = [
        tuple(spelled(part) for part in halves(token, rank, ranks))
        for token, rank in sorted(ranks.items(), key=lambda item: item[1])
        if len(token) > 1
    ]
    vocabulary = {spelled(token): rank for token, rank in ranks.items()}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    probe = "def f(x):\n        return {'a': x}  # caf\u00e9\n"
    if tokenizer.encode(probe).ids != tiktoken_encoding.encode_ordinary(probe):
        raise SystemExit("HF tokenizers gives other ids than tiktoken")
    return tokenizer


def halves(token: bytes, rank: int, ranks: dict[bytes, int]) -> list[bytes]:
    """Return the two parts that merged into `token`: byte-pair encoding short of the last merge."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        pairs = [ranks.get(one + two, rank) for one, two in pairwise(parts)]
        at = int(np.argmin(pairs))
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    return parts


def byte_letters() -> dict[int, str]:
    """Return GPT-2's printable letter for each byte (bytes_to_unicode in OpenAI's encoder.py)."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {
        byte: chr(256 + place) for place, byte in enumerate(others)
    }


def nanogpt(texts: Sequence[str]) -> int:
    """Do as data/openwebtext/prepare.py: map over processes, then shards into a memory map."""
    import datasets

    datasets.disable_caching()
    datasets.disable_progress_bars()
    with tempfile.TemporaryDirectory() as folder:
        dataset = datasets.Dataset.from_dict({"text": list(texts)})
        mapped = dataset.map(nanogpt_process, remove_columns=["text"], num_proc=THREADS)
        tokens = int(np.sum(mapped["len"], dtype=np.uint64))
        written = np.memmap(Path(folder) / "train.bin", dtype=np.uint16, mode="w+", shape=(tokens,))
        start = 0
        shards = min(SHARDS, len(mapped))
        for index in range(shards):
            shard = mapped.shard(num_shards=shards, index=index, contiguous=True)
            ids = np.concatenate(shard.with_format("numpy")["ids"][:])
            written[start : start + len(ids)] = ids
            start += len(ids)
        written.flush()
    return tokens


def nanogpt_process(example: dict[str, str]) -> dict[str, object]:
    ids = load_tokenizer()._encoding.encode_ordinary(example["text"])
    ids.append(load_tokenizer().end_of_text)
    return {"ids": ids, "len": len(ids)}


def missing(name: str) -> str:
    for package in NEEDS.get(name, ()):
        if importlib.util.find_spec(package) is None:
            return f"pip install {package}"
    return ""


def batches(texts: Sequence[str], chars: int) -> Iterator[list[str]]:
    batch: list[str] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= chars:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def print_table(rows: dict[str, list[str]]) -> None:
    print("| what | M tokens/s | of tiktoken alone | seconds | load before |")
    print("| --- | --- | --- | --- | --- |")
    for name, row in rows.items():
        print(f"| {name} | {' | '.join(row)} |")


ENCODERS: dict[str, Encode] = {
    ALONE: tiktoken_alone,
    "tokmon: tokenise.py in threads, text in memory": tokmon_threads,
    "the same in processes": tokmon_processes,
    HF: hf_tokenizers,
    NANOGPT: nanogpt,
}
NEEDS = {
    HF: ["tokenizers"],
    NANOGPT: ["datasets"],
}

if __name__ == "__main__":
    main()
