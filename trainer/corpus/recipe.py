"""Corpus recipes: what a corpus is made of and how it is split. Reading them is `recipe_file`."""

from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

Positive = Annotated[int, Meta(ge=1)]
Share = Annotated[float, Meta(gt=0, lt=1)]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}$")]


class SourceBase(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"
):
    """What sources of all kinds have."""

    include: tuple[str, ...] = ()
    """Globs over the path in the source, `/` between its parts; `*` also matches `/`. Files that
    match none are left out; empty takes all."""
    exclude: tuple[str, ...] = ()
    """Globs as above; files that match one are left out."""
    max_bytes: Positive | None = None
    """Take files until their sizes make up this much, in an order that a hash of the path gives, so
    that all parts of the source stay represented; null takes all."""


class StdlibSource(SourceBase, frozen=True, kw_only=True, tag="stdlib"):
    """The running interpreter's own standard library, without its tests and build settings.

    Unit of the split: the top-level module or package.
    """


class FolderSource(SourceBase, frozen=True, kw_only=True, tag="folder"):
    """A folder of .py files; hidden folders, caches and virtual environments are left out.

    Unit of the split: the first folder below it, or the file.
    """

    path: str
    """The folder; a relative one is seen from the recipe's folder."""


class WheelSource(SourceBase, frozen=True, kw_only=True, tag="wheel"):
    """The .py files of one pinned wheel, fetched by pip with the user's own settings.

    Unit of the split: the project.
    """

    name: Name
    """Project name, as pip takes it."""
    version: Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9.!+_-]*$")]
    """Exact version."""
    sha256: Sha256
    """Of the wheel file; another file is refused."""
    licence: str = ""
    """What the project states, for people."""


Source: TypeAlias = StdlibSource | FolderSource | WheelSource


DEFAULT_SHARE = 0.05


class SplitRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which units are held out for validation: named, or a share; never parts of a unit."""

    validation: tuple[str, ...] = ()
    """Units held out, by name; empty lets `share` choose them."""
    share: Share | None = None
    """Share of the bytes to hold out, in whole units, in an order that a hash of seed and name
    gives; null is 0.05. Not together with `validation`."""
    seed: int = 0
    """Of that order."""

    def __post_init__(self) -> None:
        if self.validation and self.share is not None:
            raise ValueError("either validation or share, not both")


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One corpus."""

    name: Name
    """Of the corpus; becomes a part of its folder's name."""
    description: str = ""
    """For people."""
    max_file_bytes: Positive = 2**20
    """Larger files are skipped and counted: at that size they are data written as code."""
    split: SplitRule = SplitRule()
    """[split]"""
    source: Annotated[tuple[Source, ...], Meta(min_length=1)]
    """[[source]], in the order in which their documents stand in the corpus."""
