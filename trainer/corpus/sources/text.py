"""The source `text`: text files of any name, a document each."""

from collections.abc import Iterator
from pathlib import Path

from trainer.corpus.recipe import TextSource
from trainer.corpus.sources.compression import opened
from trainer.corpus.sources.files import NamedFile, SourceFiles
from trainer.corpus.sources.records import TOO_LARGE, Reason, Record, RecordsReader, Rows
from trainer.corpus.sources.stdin import STDIN
from trainer.corpus.sources.tree import printable


def text_reader(source: TextSource, base: Path, max_file_bytes: int) -> RecordsReader[NamedFile]:
    """Return a reader; a relative path is seen from `base`."""
    unit = "stdin" if source.path == STDIN else None
    return RecordsReader(SourceFiles(source.path, base), _TextRows(max_file_bytes, unit))


class _TextRows(Rows[NamedFile]):
    def __init__(self, max_text_bytes: int, unit: str | None) -> None:
        self._max_text_bytes = max_text_bytes
        self._unit = unit

    def of_file(self, file: NamedFile) -> Iterator[NamedFile]:
        """Yield the file."""
        yield file

    def record(self, row: NamedFile) -> Record | Reason:
        """Return the whole file."""
        with opened(row.path) as stream:
            text = stream.read(self._max_text_bytes + 1)
        if len(text) > self._max_text_bytes:
            return TOO_LARGE
        return Record(text, self._unit or printable(row.name), row.name)
