"""The recipe that a file, a glob or standard input gets: all of it, 5 % held out."""

import re
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import (
    ArchiveSource,
    FolderSource,
    JsonlSource,
    ParquetSource,
    Recipe,
    Source,
)
from trainer.corpus.sources.globs import split_glob
from trainer.corpus.sources.kinds import (
    ARCHIVE_SUFFIXES,
    JSONL_SUFFIXES,
    PARQUET_SUFFIXES,
    kind_by_content,
    kind_by_name,
    without_suffix,
)
from trainer.corpus.sources.stdin import STDIN, stdin_file

_NAME_CHARS = 60
_RECIPE_SUFFIX = ".toml"
_SUFFIXES = (*ARCHIVE_SUFFIXES, *JSONL_SUFFIXES, *PARQUET_SUFFIXES)


def file_recipe(reference: Path) -> Recipe | None:
    """Return the recipe of an archive, JSONL or Parquet file, of a glob, or of `-`.

    None for what is none of these. A glob is of such files by its suffix, else of .py files.

    Raises:
        TokmonError: standard input holds nothing that makes a corpus.
    """
    if str(reference) == STDIN:
        return Recipe(name="stdin", source=(_source(_stdin_kind(), STDIN),))
    kind = kind_by_name(reference.name.rstrip("*"))
    root, glob = split_glob(reference.absolute())
    if glob and reference.suffix != _RECIPE_SUFFIX:
        kind = kind or "folder"
    elif kind is None or not reference.is_file():
        return None
    return Recipe(name=_name(root) or kind, source=(_source(kind, str(reference.absolute())),))


def _name(path: Path) -> str:
    stem = without_suffix(path.name, _SUFFIXES)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem)[:_NAME_CHARS].strip(".-_")


def _stdin_kind() -> str:
    try:
        kind = kind_by_content(stdin_file())
    except OSError as error:
        raise TokmonError(f"-: standard input cannot be read ({error})") from error
    if kind == "text":
        raise TokmonError(
            "-: standard input is one plain document, and a document is never split",
            "pipe JSON lines or a tar archive, or use a recipe whose sources of kind text are "
            "this and another",
        )
    return kind


def _source(kind: str, path: str) -> Source:
    match kind:
        case "archive":
            return ArchiveSource(path=path, units="top_level")
        case "jsonl":
            return JsonlSource(path=path)
        case "parquet":
            return ParquetSource(path=path)
        case _:
            return FolderSource(path=path)
