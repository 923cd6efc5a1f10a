"""Sources of records with columns: what JSON lines, Parquet and plain texts share."""

import hashlib
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import RecordsBase
from trainer.corpus.sources.base import Listing, ReadFile, SourceFile
from trainer.corpus.sources.compression import StreamError
from trainer.corpus.sources.files import NamedFile, SourceFiles
from trainer.corpus.sources.forward import Forward

TEXT_COLUMNS = ("text", "content", "code")
UNIT_COLUMNS = ("repo_name", "repository_name", "max_stars_repo_name", "repo")
PATH_COLUMNS = ("path", "max_stars_repo_path", "file_path")
BUCKETS = 1024
"""Units of records that name none: enough that a share of them is close to that of the records."""
BAD_RECORD = "bad_record"
NO_TEXT = "no_text"
NOT_UTF8 = "not_utf8"
TOO_LARGE = "too_large"

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Record:
    """One document on its way in."""

    text: bytes
    """UTF-8."""
    unit: str | None = None
    """What the unit column says; None without one."""
    path: str | None = None
    """What the path column says; None without one."""


Reason: TypeAlias = str
"""Why a row is no record: a key of the manifest's counts."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns, the first that a row has of each counts."""

    text: Sequence[str]
    unit: Sequence[str]
    path: Sequence[str]

    @classmethod
    def of(cls, source: RecordsBase) -> "Columns":
        """Return those that a recipe names, the usual ones where it names none."""
        return cls(
            TEXT_COLUMNS if source.text_column is None else (source.text_column,),
            UNIT_COLUMNS if source.unit_column is None else (source.unit_column,),
            PATH_COLUMNS if source.path_column is None else (source.path_column,),
        )


class Rows(ABC, Generic[Row]):
    """One format: how its files become rows, and rows records."""

    @abstractmethod
    def of_file(self, file: NamedFile) -> Iterator[Row]:
        """Yield the rows in order; raises StreamError, OSError and TokmonError."""

    @abstractmethod
    def record(self, row: Row) -> Record | Reason:
        """Return what is in a row. Separate, as most rows of a walk are only passed by."""

    def hint(self) -> str:
        """Return what to do where no row had a text, or a column that the recipe names."""
        return "check source.path in the recipe"

    def missing_column(self) -> str | None:
        """Return a column that the recipe names and no row so far had."""
        return None


class RecordsReader(Generic[Row]):
    """Reads the records of a file, or of all files of a glob, one at a time."""

    def __init__(self, files: SourceFiles, rows: Rows[Row]) -> None:
        self._files = files
        self._rows = rows

    @property
    def label(self) -> str:
        """The path."""
        return self._files.label

    @property
    def is_ready(self) -> bool:
        """True: the files are there."""
        return True

    def identity(self) -> object:
        """Return names, sizes and modification times; raises TokmonError without a file."""
        return self._files.identity()

    def prepare(self) -> None:
        """Fetch nothing."""

    def list_files(self) -> Listing:
        """Return the records in their order, about 160 bytes each; reads all of them.

        Raises:
            TokmonError: there is none, or a column that the recipe names is in none.
        """
        skipped: Counter[str] = Counter()
        files: list[SourceFile] = []
        for number, file in enumerate(self._files.find()):
            try:
                for index, row in enumerate(self._rows.of_file(file)):
                    record = self._rows.record(row)
                    if isinstance(record, Record):
                        files.append(_listed(record, _key(number, index)))
                    else:
                        skipped[record] += 1
            except StreamError as error:
                skipped[error.reason] += 1
            except OSError:
                skipped["unreadable"] += 1
        if files and (missing := self._rows.missing_column()):
            raise TokmonError(f"{self.label}: no record has a column {missing}", self._rows.hint())
        if not files:
            reasons = ", ".join(f"{what} {count}" for what, count in sorted(skipped.items()))
            raise TokmonError(
                f"{self.label}: no record with a text{f' ({reasons})' if reasons else ''}",
                self._rows.hint(),
            )
        return Listing(tuple(files), dict(skipped))

    @contextmanager
    def reading(self) -> Iterator[ReadFile]:
        """Yield a function that reads one record; cheap in the order of the listing."""
        with Forward(self._keyed_rows, self.label) as rows:

            def read(path: str) -> bytes:
                record = self._rows.record(rows.find(path))
                if isinstance(record, Record):
                    return record.text
                raise StreamError(record, "it was a record when the source was listed")

            yield read

    def _keyed_rows(self) -> Generator[tuple[str, Row]]:
        for number, file in enumerate(self._files.find()):
            try:
                for index, row in enumerate(self._rows.of_file(file)):
                    yield _key(number, index), row
            except OSError:
                continue  # counted by the listing, which came to the same place


def _key(file: int, row: int) -> str:
    return f"{file}:{row}"


def _listed(record: Record, key: str) -> SourceFile:
    # A unit has many records: one string for all of them.
    unit = sys.intern(record.unit or _bucket(record.text))
    return SourceFile(unit, key, len(record.text), record.path or "")


def _bucket(text: bytes) -> str:
    number = int.from_bytes(hashlib.sha256(text).digest()[:4], "big") % BUCKETS
    return f"bucket {number:04}"
