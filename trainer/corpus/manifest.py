"""The manifest of a built corpus: what is in it, where it came from, how it was counted."""

from typing import Any

import msgspec

SCHEMA_VERSION = 2
"""Raised when a file or key of the corpus folder changes its meaning."""
FORMAT = "tokmon-corpus"
"""Tells our manifest from another program's."""
ALL_TOKENS = "all_tokens"
WITHOUT_WHITESPACE = "without_whitespace"


class SplitCounts(msgspec.Struct, frozen=True, kw_only=True):
    """One split in numbers."""

    documents: int
    """Files taken."""
    bytes: int
    """UTF-8 bytes of their text, line ends as newlines."""
    tokens: int
    """Tokens, one end-of-text a document included."""
    bytes_per_token: float
    """bytes / tokens."""
    units: tuple[str, ...]
    """Packages, modules or projects, sorted."""


class SourceCounts(msgspec.Struct, frozen=True, kw_only=True):
    """One source in numbers, over both splits."""

    kind: str
    """As in the recipe."""
    label: str
    """For people: name and version, or the folder."""
    licence: str = ""
    """As the recipe states it."""
    documents: int
    """Files taken."""
    bytes: int
    """As in SplitCounts."""
    tokens: int
    """As in SplitCounts."""


class Overlap(msgspec.Struct, frozen=True, kw_only=True):
    """How much of validation stands in training word for word."""

    n: int
    """Tokens of an n-gram."""
    ngrams: int
    """N-grams of validation, every place counted; none reaches over two documents."""
    seen: int
    """Those of them that stand anywhere in a document of training."""
    share: float
    """seen / ngrams; 0 where validation has no n-gram."""


class TokenizerId(msgspec.Struct, frozen=True, kw_only=True):
    """Which tokenizer made the tokens."""

    name: str
    """gpt2."""
    sha256: str
    """Of the vocabulary file."""
    vocab_size: int
    """Ids are below this."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """The whole manifest; stands as manifest.json in the corpus folder."""

    format: str = FORMAT
    """Always tokmon-corpus."""
    schema_version: int = SCHEMA_VERSION
    """Of the folder."""
    name: str
    """The recipe's."""
    fingerprint: str
    """sha256 over the tokenizer's sha256 and those in `files`."""
    build_key: str
    """Hash of recipe, sources and tokenizer: equal keys need no second build."""
    documents: int
    """Over both splits."""
    bytes: int
    """Over both splits."""
    tokens: int
    """Over both splits."""
    bytes_per_token: float
    """bytes / tokens."""
    splits: dict[str, SplitCounts]
    """train and val."""
    duplicates_removed: int
    """Documents left out as exact or near duplicates."""
    duplicates: dict[str, int]
    """Exact copies left out, by place: within train, within val, across (a copy of a val document
    in train)."""
    near_duplicates: dict[str, int]
    """Documents whose token 5-grams have a Jaccard similarity of 0.8 or more with those of another.
    Left out: train (with one that stays in train), across (with one in val). Kept: val."""
    overlap: float
    """Share of the 13-grams of validation, counted in tokens, that stand in training."""
    overlap_counts: dict[str, Overlap]
    """The same in numbers as `all_tokens`, and as `without_whitespace` after leaving out the tokens
    that are whitespace only. GPT-2 spends a token on each column of an indentation, so that many
    13-grams are hardly more than a line's end and an indentation."""
    skipped: dict[str, int]
    """Files that are no documents, by reason."""
    sources: tuple[SourceCounts, ...]
    """In the recipe's order."""
    tokenizer: TokenizerId
    """Which tokenizer made the tokens."""
    recipe: dict[str, Any]
    """The recipe, as it was read."""
    files: dict[str, str]
    """sha256 of each file of tokens and of offsets, by its name."""
