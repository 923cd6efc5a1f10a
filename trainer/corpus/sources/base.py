"""What every kind of source offers to the builder."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

ReadFile: TypeAlias = Callable[[str], bytes]
"""Takes a `SourceFile.path`, returns the content; raises OSError where it cannot."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file of a source, known by name and size, not yet read."""

    unit: str
    """What the split keeps on one side: module, package or project."""
    path: str
    """Unique in the source, `/` between the parts; may hold surrogates for bytes that are no
    UTF-8."""
    size: int
    """Bytes, as the file system or archive says."""
    name: str = ""
    """What globs look at where `path` is only a key: the path column of a record."""


@dataclass(frozen=True, slots=True)
class Listing:
    """All files of a source."""

    files: tuple[SourceFile, ...]
    """Sorted by path, or as they stand in an archive or a file of records."""
    skipped: dict[str, int] = field(default_factory=dict)
    """What could not even be listed, by reason."""


class Reader(Protocol):
    """One source, opened for reading."""

    @property
    def label(self) -> str:
        """Names the source in messages: `django 5.2.19`."""
        ...

    @property
    def is_ready(self) -> bool:
        """Whether `prepare` has nothing to fetch."""
        ...

    def identity(self) -> object:
        """Return what changes when the source's content does, as plain JSON; fetches nothing."""
        ...

    def prepare(self) -> None:
        """Fetch what is missing, check what is there; raises TokmonError."""
        ...

    def list_files(self) -> Listing:
        """Return all files; raises TokmonError where there is no source."""
        ...

    def reading(self) -> AbstractContextManager[ReadFile]:
        """Return a context in which files can be read."""
        ...
