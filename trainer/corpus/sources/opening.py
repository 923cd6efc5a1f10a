"""From a recipe's sources to their readers."""

from pathlib import Path

from trainer.corpus.recipe import (
    ArchiveSource,
    FolderSource,
    JsonlSource,
    ParquetSource,
    Recipe,
    Source,
    StdlibSource,
    TextSource,
)
from trainer.corpus.sources.archive import ArchiveReader
from trainer.corpus.sources.base import Reader
from trainer.corpus.sources.folder import FolderReader
from trainer.corpus.sources.jsonl import jsonl_reader
from trainer.corpus.sources.parquet import parquet_reader
from trainer.corpus.sources.stdlib import StdlibReader
from trainer.corpus.sources.text import text_reader
from trainer.corpus.sources.wheel import WheelReader


def open_sources(recipe: Recipe, base: Path) -> list[Reader]:
    """Return a reader for each source; relative paths are seen from `base`."""
    return [_open(source, base, recipe.max_file_bytes) for source in recipe.source]


def _open(source: Source, base: Path, max_file_bytes: int) -> Reader:
    match source:
        case StdlibSource():
            return StdlibReader(max_file_bytes)
        case FolderSource():
            return FolderReader(source, base, max_file_bytes)
        case ArchiveSource():
            return ArchiveReader(source, base)
        case JsonlSource():
            return jsonl_reader(source, base, max_file_bytes)
        case ParquetSource():
            return parquet_reader(source, base, max_file_bytes)
        case TextSource():
            return text_reader(source, base, max_file_bytes)
        case _:
            return WheelReader(source)
