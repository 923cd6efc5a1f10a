"""The manifest of a built corpus: what is in it, where it came from, how it was counted."""

from typing import Any

import msgspec

SCHEMA_VERSION = 1
"""Raised when a file or key of the corpus folder changes its meaning."""
FORMAT = "tokmon-corpus"
"""Tells our manifest from another program's."""


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
    """sha256 over the tokenizer's sha256, offsets and tokens of train, then of val."""
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
    """Exact copies that were left out."""
    duplicates: dict[str, int]
    """The same by place: within train, within val, across (a copy of a val document in train)."""
    skipped: dict[str, int]
    """Files that are no documents, by reason."""
    sources: tuple[SourceCounts, ...]
    """In the recipe's order."""
    tokenizer: TokenizerId
    """Which tokenizer made the tokens."""
    recipe: dict[str, Any]
    """The recipe, as it was read."""
