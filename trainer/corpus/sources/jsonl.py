"""The source `jsonl`: JSON lines, an object a line, read a line at a time."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import msgspec

from trainer.corpus.recipe import JsonlSource
from trainer.corpus.sources.compression import opened
from trainer.corpus.sources.files import NamedFile, SourceFiles
from trainer.corpus.sources.records import (
    BAD_RECORD,
    NO_TEXT,
    NOT_UTF8,
    TOO_LARGE,
    Columns,
    Reason,
    Record,
    RecordsReader,
    Rows,
)

LINE_PER_TEXT = 8
"""A line may be so many times as long as a text: JSON writes a byte as six characters at worst."""
_BOM = b"\xef\xbb\xbf"
_SHOWN_COLUMNS = 12

Line: TypeAlias = bytes | None
"""None stands for one that is too long."""
Fields: TypeAlias = dict[str, msgspec.Raw]


def jsonl_reader(source: JsonlSource, base: Path, max_file_bytes: int) -> RecordsReader[Line]:
    """Return a reader; a relative path is seen from `base`."""
    files = SourceFiles(source.path, base)
    return RecordsReader(files, _JsonRows(source, LINE_PER_TEXT * max_file_bytes))


class _JsonRows(Rows[Line]):
    def __init__(self, source: JsonlSource, max_line_bytes: int) -> None:
        self._columns = Columns.of(source)
        self._unseen = {source.unit_column, source.path_column} - {None}
        self._max_line_bytes = max_line_bytes
        self._decode_fields = msgspec.json.Decoder(Fields).decode
        self._decode_text = msgspec.json.Decoder(str).decode
        self._decode_unit = msgspec.json.Decoder(str | int | None).decode
        self._seen_columns: list[str] = []

    def of_file(self, file: NamedFile) -> Iterator[Line]:
        """Yield the lines that are not blank."""
        with opened(file.path) as stream:
            most = self._max_line_bytes
            while line := stream.readline(most):
                if len(line) < most or line.endswith(b"\n"):
                    if line := line.removeprefix(_BOM).strip():
                        yield line
                    continue
                while (rest := stream.readline(most)) and not rest.endswith(b"\n"):
                    pass
                yield None

    def record(self, row: Line) -> Record | Reason:
        """Return the record in a line."""
        if row is None:
            return TOO_LARGE
        try:
            fields = self._decode_fields(row)
            self._seen_columns = self._seen_columns or list(fields)
            if self._unseen:
                self._unseen -= fields.keys()
            text = _first(fields, self._columns.text)
            if text is None:
                return NO_TEXT
            return Record(
                self._decode_text(text).encode(),
                self._word(fields, self._columns.unit),
                self._word(fields, self._columns.path),
            )
        except msgspec.ValidationError:
            return NO_TEXT if row.startswith(b"{") else BAD_RECORD
        except UnicodeDecodeError:
            return NOT_UTF8
        except (msgspec.DecodeError, RecursionError):
            return BAD_RECORD

    def hint(self) -> str:
        """Name the columns of the first record."""
        if not self._seen_columns:
            return "a source of kind jsonl has a JSON object a line"
        columns = ", ".join(self._seen_columns[:_SHOWN_COLUMNS])
        return f"its columns are: {columns}; see text_column, unit_column, path_column"

    def missing_column(self) -> str | None:
        """Return a column that the recipe names and no record so far had."""
        return next(iter(sorted(filter(None, self._unseen))), None)

    def _word(self, fields: Fields, columns: Sequence[str]) -> str | None:
        value = _first(fields, columns)
        word = None if value is None else self._decode_unit(value)
        return None if word is None else str(word)


def _first(fields: Fields, columns: Sequence[str]) -> msgspec.Raw | None:
    return next((fields[name] for name in columns if name in fields), None)
