"""From a recipe's sources to their readers."""

from pathlib import Path

from trainer.corpus.recipe import FolderSource, Recipe, Source, StdlibSource
from trainer.corpus.sources.base import Reader
from trainer.corpus.sources.folder import FolderReader
from trainer.corpus.sources.stdlib import StdlibReader
from trainer.corpus.sources.wheel import WheelReader


def open_sources(recipe: Recipe, base: Path) -> list[Reader]:
    """Return a reader for each source; relative folders are seen from `base`."""
    return [_open(source, base) for source in recipe.source]


def _open(source: Source, base: Path) -> Reader:
    match source:
        case StdlibSource():
            return StdlibReader()
        case FolderSource():
            return FolderReader(source, base)
        case _:
            return WheelReader(source)
