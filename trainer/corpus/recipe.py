"""Corpus recipes: what a corpus is made of and how it is split. Reading them is `recipe_file`."""

from typing import Annotated, Literal, TypeAlias

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
    """The folder, or a glob of folders or files: `*` within a part, `**` over parts. A relative one
    is seen from the recipe's folder; globs in `include` begin below its part without wildcards."""


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


class FilesBase(SourceBase, frozen=True, kw_only=True):
    """What sources in files of their own formats have."""

    path: str
    """The file, or a glob of files as in `folder`; a relative one is seen from the recipe's folder;
    `-` is standard input."""


class ArchiveSource(FilesBase, frozen=True, kw_only=True, tag="archive"):
    """The .py members of a zip, wheel, tar or sdist (.gz, .bz2, .xz, .zst), read without unpacking.

    With a glob, the paths that `include` sees begin with the archive's name.
    """

    units: Literal["auto", "project", "top_level"] = "auto"
    """Unit of the split: the archive is one `project`, called as its file without the version, or
    each folder or module at its top is a unit (below the folder that holds all, if there is one).
    `auto`: project for a wheel and where one folder holds all, else top_level."""


class RecordsBase(FilesBase, frozen=True, kw_only=True):
    """What sources of records with columns have.

    Unit of the split: what stands in the unit column; without one, one of 1024 buckets by a hash of
    the text.
    """

    text_column: str | None = None
    """Column of the text; null takes the first of text, content, code that there is."""
    unit_column: str | None = None
    """Column of the repository or package; null takes the first of repo_name, repository_name,
    max_stars_repo_name, repo that there is."""
    path_column: str | None = None
    """Column that `include` and `exclude` look at; null takes the first of path,
    max_stars_repo_path, file_path that there is."""


class JsonlSource(RecordsBase, frozen=True, kw_only=True, tag="jsonl"):
    """JSON lines, plain or compressed (.gz, .bz2, .xz, .zst): an object a line."""


class ParquetSource(RecordsBase, frozen=True, kw_only=True, tag="parquet"):
    """Parquet files; needs pyarrow, which the extra `data` brings."""


class TextSource(FilesBase, frozen=True, kw_only=True, tag="text"):
    """Text files of any name, a document each, plain or compressed.

    Unit of the split: the file.
    """


Source: TypeAlias = (
    StdlibSource
    | FolderSource
    | WheelSource
    | ArchiveSource
    | JsonlSource
    | ParquetSource
    | TextSource
)


DEFAULT_SHARE = 0.05
DEFAULT_MAX_FILE_BYTES = 2**20


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


class Filters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rules leave documents out; `filters` defines them, and counts are by these names."""

    generated: bool = True
    """A mark in the first lines says that a program wrote it."""
    minified: bool = True
    """Lines are longer than people write them."""
    data_table: bool = True
    """Nearly all literals, or mostly digits."""
    licence_only: bool = True
    """Hardly anything but a licence header."""


class Recipe(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One corpus."""

    name: Name
    """Of the corpus; becomes a part of its folder's name."""
    description: str = ""
    """For people."""
    max_file_bytes: Positive = DEFAULT_MAX_FILE_BYTES
    """Larger files are skipped and counted: at that size they are data written as code."""
    min_file_bytes: Annotated[int, Meta(ge=0)] = 0
    """Smaller files are skipped and counted; empty ones are in any case."""
    filters: Filters = Filters()
    """[filters]"""
    split: SplitRule = SplitRule()
    """[split]"""
    source: Annotated[tuple[Source, ...], Meta(min_length=1)]
    """[[source]], in the order in which their documents stand in the corpus."""
