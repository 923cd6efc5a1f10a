"""The source `parquet`: read some rows at a time, whatever the size of its row groups."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import ParquetSource
from trainer.corpus.sources.compression import DAMAGED, StreamError
from trainer.corpus.sources.files import NamedFile, SourceFiles
from trainer.corpus.sources.records import (
    NO_TEXT,
    TOO_LARGE,
    Columns,
    Reason,
    Record,
    RecordsReader,
    Rows,
)

_BATCH_ROWS = 64
_BUFFER_BYTES = 2**20
_SHOWN_COLUMNS = 12
_TEXT_TYPES = (
    "string", "large_string", "string_view", "binary", "large_binary", "binary_view",
)  # fmt: skip

Cells: TypeAlias = tuple[Any, Any, Any]
"""Arrow scalars of text, unit and path, the latter None without such a column."""


def parquet_reader(source: ParquetSource, base: Path, max_file_bytes: int) -> RecordsReader[Cells]:
    """Return a reader; a relative path is seen from `base`.

    Raises:
        TokmonError: pyarrow is not installed.
    """
    try:
        import pyarrow.parquet  # 40 MB of memory, which no other source needs
    except ModuleNotFoundError as error:
        raise TokmonError(
            f"{source.path}: Parquet needs pyarrow, which is not installed",
            'pip install "tokmon[data]"',
        ) from error
    files = SourceFiles(source.path, base)
    rows = _ParquetRows(Columns.of(source), max_file_bytes, pyarrow)
    return RecordsReader(files, rows)


class _ParquetRows(Rows[Cells]):
    def __init__(self, columns: Columns, max_text_bytes: int, pyarrow: Any) -> None:
        self._columns = columns
        self._max_text_bytes = max_text_bytes
        self._pyarrow = pyarrow

    def of_file(self, file: NamedFile) -> Iterator[Cells]:
        """Yield the cells of each row."""
        try:
            # Without a buffer of its own, arrow reads a column of a row group whole.
            with self._pyarrow.parquet.ParquetFile(
                file.path, buffer_size=_BUFFER_BYTES, pre_buffer=False
            ) as table:
                names = self._names(table.schema_arrow, file)
                wanted = [name for name in names if name]
                for batch in table.iter_batches(_BATCH_ROWS, columns=wanted, use_threads=False):
                    columns = [self._plain(batch.column(name)) if name else None for name in names]
                    for row in range(batch.num_rows):
                        text, unit, path = (it[row] if it is not None else None for it in columns)
                        yield text, unit, path
        except (self._pyarrow.ArrowException, OSError) as error:
            raise StreamError(DAMAGED, str(error)) from error

    def record(self, row: Cells) -> Record | Reason:
        """Return the record in a row."""
        text, unit, path = row
        if not text.is_valid:
            return NO_TEXT
        buffer = text.as_buffer()
        if buffer.size > self._max_text_bytes:
            return TOO_LARGE  # before it is copied
        return Record(buffer.to_pybytes(), _word(unit), _word(path))

    def _names(self, schema: Any, file: NamedFile) -> list[str | None]:
        """Return the columns of text, unit and path; None for one that the recipe does not name."""
        groups = (self._columns.text, self._columns.unit, self._columns.path)
        names = [next((name for name in group if name in schema.names), None) for group in groups]
        hint = f"its columns are: {', '.join(schema.names[:_SHOWN_COLUMNS])}"
        for name, group in zip(names, groups, strict=True):
            if name is None and (group is self._columns.text or len(group) == 1):
                raise TokmonError(f"{file.path}: no column {' or '.join(group)}", hint)
        kind = schema.field(names[0]).type
        types = self._pyarrow.types
        values = kind.value_type if types.is_dictionary(kind) else kind
        if not any(getattr(types, f"is_{name}")(values) for name in _TEXT_TYPES):
            raise TokmonError(f"{file.path}: column {names[0]} holds {kind}, not text", hint)
        return names

    def _plain(self, column: Any) -> Any:
        is_dictionary = self._pyarrow.types.is_dictionary(column.type)
        return column.dictionary_decode() if is_dictionary else column


def _word(cell: Any) -> str | None:
    value = cell.as_py() if cell is not None else None
    return None if value is None else str(value)
