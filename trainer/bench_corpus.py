"""Tokens to time training on where there is no corpus: made in memory, of no meaning.

They are drawn by Zipf's law, as words of a text are: which rows of the embedding collide in its
gradient depends on that, and uniform tokens would collide less than real ones.
"""

from pathlib import Path

import numpy as np

from trainer.corpus.manifest import (
    ALL_TOKENS,
    WITHOUT_WHITESPACE,
    Manifest,
    Overlap,
    SplitCounts,
    TokenizerId,
)
from trainer.corpus.store import OFFSET_TYPE, SPLITS, TOKEN_TYPE, Corpus, Split
from trainer.tokenizer import Tokenizer

NAME = "random"
_DOCUMENT_TOKENS = 1000
_ZIPF_SHIFT = 2.7  # Mandelbrot's correction for the most frequent words
_NO_OVERLAP = Overlap(n=13, ngrams=0, seen=0, share=0.0)


def random_corpus(tokenizer: Tokenizer, vocab: int, tokens: int, seed: int) -> Corpus:
    """Return a corpus of `tokens` tokens a split, ids below `vocab`, that lies nowhere."""
    generator = np.random.default_rng(seed)
    train, val = (_split(generator, vocab, tokens) for _ in SPLITS)
    return Corpus(Path(NAME), _manifest(tokenizer, train), train, val)


def _split(generator: np.random.Generator, vocab: int, tokens: int) -> Split:
    ranks = np.arange(min(vocab, np.iinfo(TOKEN_TYPE).max + 1))
    shares = np.cumsum(1 / (ranks + _ZIPF_SHIFT))
    ids = np.searchsorted(shares, generator.random(tokens) * shares[-1])
    offsets = np.arange(0, tokens, _DOCUMENT_TOKENS, dtype=OFFSET_TYPE)
    return Split(ids.astype(TOKEN_TYPE), np.append(offsets, tokens).astype(OFFSET_TYPE))


def _manifest(tokenizer: Tokenizer, split: Split) -> Manifest:
    documents, tokens = len(split.offsets) - 1, len(split.tokens)
    counts = SplitCounts(documents=documents, bytes=0, tokens=tokens, bytes_per_token=0.0, units=())
    return Manifest(
        name=NAME,
        fingerprint="",
        build_key="",
        documents=2 * documents,
        bytes=0,
        tokens=2 * tokens,
        bytes_per_token=0.0,
        splits=dict.fromkeys(SPLITS, counts),
        duplicates_removed=0,
        duplicates={},
        near_duplicates={},
        overlap=0.0,
        overlap_counts=dict.fromkeys((ALL_TOKENS, WITHOUT_WHITESPACE), _NO_OVERLAP),
        skipped={},
        sources=(),
        tokenizer=TokenizerId(
            name=tokenizer.name, sha256=tokenizer.sha256, vocab_size=tokenizer.vocab_size
        ),
        recipe={},
        files={},
    )
