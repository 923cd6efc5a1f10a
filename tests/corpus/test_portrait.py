"""Distributions over the documents of a corpus."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trainer.corpus import portrait
from trainer.corpus.portrait import bytes_per_token, length_histogram
from trainer.corpus.store import Split
from trainer.tokenizer import load_tokenizer

TOKENIZER = load_tokenizer()
TEXTS = st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=12)


def split_of(texts: list[str]) -> Split:
    documents = [[*TOKENIZER.encode(text), TOKENIZER.end_of_text] for text in texts]
    offsets = np.cumsum([0, *map(len, documents)]).astype(np.int64)
    return Split(np.concatenate(documents).astype(np.uint16), offsets)


@given(TEXTS)
def test_bytes_per_token_are_those_of_each_document(texts: list[str]) -> None:
    whole = bytes_per_token(split_of(texts), TOKENIZER)

    expected = [len(text.encode()) / len(TOKENIZER.encode(text)) for text in texts]
    np.testing.assert_allclose(whole, expected)


@given(TEXTS, st.integers(1, 20))
def test_reading_in_chunks_changes_nothing(texts: list[str], chunk: int) -> None:
    split = split_of(texts)
    whole = bytes_per_token(split, TOKENIZER)

    usual, portrait._CHUNK_TOKENS = portrait._CHUNK_TOKENS, chunk
    chunked = bytes_per_token(split, TOKENIZER)
    portrait._CHUNK_TOKENS = usual

    np.testing.assert_array_equal(chunked, whole)


@given(TEXTS)
def test_every_document_is_in_one_bin(texts: list[str]) -> None:
    bins = length_histogram(split_of(texts))

    assert sum(found.documents for found in bins) == len(texts)
    assert all(left.high == right.low for left, right in itertools.pairwise(bins))
