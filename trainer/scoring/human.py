"""Held-out human code, cut as samples are: what their scores are to be compared with."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tokmon.rundir.errors import TokmonError
from trainer.corpus.store import Split
from trainer.scoring.python_text import logical_lines, statement_starts
from trainer.scoring.samples import Sample
from trainer.tokenizer import Tokenizer

_TRIES = 50


class Document(NamedTuple):
    """A document of a split."""

    ids: NDArray[np.uint16]
    """Its tokens, without the end of text."""
    text: str
    """What they decode to."""


def documents(
    split: Split, tokenizer: Tokenizer, limit: int | None = None, seed: int = 0
) -> list[Document]:
    """Return `limit` documents drawn from the split without replacement, or all, in its order."""
    count = len(split.offsets) - 1
    chosen = np.arange(count)
    if limit is not None and limit < count:
        chosen = np.sort(np.random.default_rng(seed).permutation(count)[:limit])
    return [_document(split, tokenizer, int(index)) for index in chosen]


def human_pieces(
    split: Split, like: Sequence[Sample], tokenizer: Tokenizer, seed: int
) -> tuple[Sample, ...]:
    """Return a piece of held-out code for each sample, with as many tokens of both parts.

    A piece begins where a top-level statement does, as a file of its own could. The place is drawn
    by tokens, so that a long document has more pieces than a short one. Pieces overlap only where
    the split seems to have no room left, for what is there twice is not diverse. Where no document
    that was drawn is long enough the piece is the longest that was met.

    Args:
        split: held out.
        like: the samples.
        tokenizer: of the split.
        seed: of the draws: the same pieces each time.

    Raises:
        TokmonError: the split has no statement at all.
    """
    if not like:
        return ()
    random = np.random.default_rng(seed)
    sources = _Sources(split, tokenizer)
    return tuple(_piece(sources, sample, tokenizer, random) for sample in like)


def cut_prefixes(
    split: Split, tokenizer: Tokenizer, count: int, seed: int, max_tokens: int = 64
) -> tuple[str, ...]:
    """Return beginnings of held-out documents, each cut behind a logical line.

    Up to `count`, of different documents and each of at most `max_tokens` tokens; fewer where the
    split has fewer that can be cut so.
    """
    random = np.random.default_rng(seed)
    found: list[str] = []
    for index in random.permutation(len(split.offsets) - 1):
        if len(found) == count:
            break
        document = _document(split, tokenizer, int(index), max_tokens)
        ends = [line.end for line in logical_lines(document.text) if line.is_ended]
        if ends:
            found.append(document.text[: ends[int(random.integers(len(ends)))]])
    return tuple(found)


def _document(
    split: Split, tokenizer: Tokenizer, index: int, max_tokens: int | None = None
) -> Document:
    start, end = int(split.offsets[index]), int(split.offsets[index + 1]) - 1
    if max_tokens is not None:
        end = min(end, start + max_tokens)
    ids = np.asarray(split.tokens[start:end])
    return Document(ids, tokenizer.decode(ids.tolist()))


class _Source:
    """A document that pieces are cut from."""

    def __init__(self, document: Document, tokenizer: Tokenizer) -> None:
        self.document = document
        self.starts = _statement_tokens(document, tokenizer)
        """Tokens that begin a top-level statement, ascending."""
        self._is_taken = np.zeros(len(document.ids), dtype=bool)

    def fitting(self, wanted: int, *, may_overlap: bool) -> NDArray[np.int64]:
        """Return the starts that have `wanted` tokens, none of which is another piece's already."""
        starts = self.starts[self.starts + wanted <= len(self.document.ids)]
        if may_overlap:
            return starts
        taken = np.concatenate(([0], np.cumsum(self._is_taken)))
        return starts[taken[starts + wanted] == taken[starts]]

    def cut(self, start: int, sample: Sample, tokenizer: Tokenizer) -> Sample:
        """Return the piece from `start` on, as long as the sample; its tokens are taken."""
        middle = start + len(sample.prompt_ids)
        end = middle + len(sample.ids)
        self._is_taken[start:end] = True
        prompt = self.document.ids[start:middle].tolist()
        return Sample.of_ids(
            tokenizer,
            tokenizer.decode(prompt),
            self.document.ids[middle:end].tolist(),
            prompt_ids=prompt,
        )


class _Sources:
    """The documents of a split; one is read when first drawn."""

    def __init__(self, split: Split, tokenizer: Tokenizer) -> None:
        self._split = split
        self._tokenizer = tokenizer
        self._known: dict[int, _Source] = {}

    def draw(self, random: np.random.Generator) -> _Source:
        """Return a document, likelier the longer it is."""
        token = int(random.integers(len(self._split.tokens)))
        index = int(np.searchsorted(self._split.offsets, token, side="right")) - 1
        if index not in self._known:
            document = _document(self._split, self._tokenizer, index)
            self._known[index] = _Source(document, self._tokenizer)
        return self._known[index]

    def longest(self) -> _Source:
        """Return of the documents drawn so far the one with most tokens from a first statement on.

        Raises:
            TokmonError: none has a statement.
        """
        found = [source for source in self._known.values() if len(source.starts)]
        if not found:
            raise TokmonError(
                "the held-out split has no Python statement to compare samples with",
                "build a corpus of Python code",
            )
        return max(found, key=lambda source: len(source.document.ids) - int(source.starts[0]))


def _statement_tokens(document: Document, tokenizer: Tokenizer) -> NDArray[np.int64]:
    """Return the tokens that begin a top-level statement; the line end before it is another's."""
    starts = statement_starts(document.text)
    byte_starts = _byte_offsets(document.text, starts)
    sizes = tokenizer.token_bytes[document.ids]
    return np.flatnonzero(np.isin(np.cumsum(sizes) - sizes, byte_starts))


def _byte_offsets(text: str, characters: list[int]) -> list[int]:
    offsets, before, size = [], 0, 0
    for place in characters:
        size += len(text[before:place].encode())
        offsets.append(size)
        before = place
    return offsets


def _piece(
    sources: _Sources, sample: Sample, tokenizer: Tokenizer, random: np.random.Generator
) -> Sample:
    wanted = len(sample.prompt_ids) + len(sample.ids)
    for attempt in range(2 * _TRIES):
        source = sources.draw(random)
        fitting = source.fitting(wanted, may_overlap=attempt >= _TRIES)
        if len(fitting):
            start = int(fitting[int(random.integers(len(fitting)))])
            return source.cut(start, sample, tokenizer)
    source = sources.longest()
    return source.cut(int(source.starts[0]), sample, tokenizer)
