"""Which files of a source are taken: the recipe's globs and size limits. Reads no file."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from fnmatch import translate

from trainer.corpus.recipe import SourceBase
from trainer.corpus.sources.base import SourceFile


def select(
    files: Iterable[SourceFile], source: SourceBase, max_file_bytes: int, min_file_bytes: int = 0
) -> tuple[list[SourceFile], Counter[str]]:
    """Return the files to read, in their order, and how many were skipped by reason.

    Files that the globs leave out are not counted: the recipe's author knows of them.
    """
    skipped: Counter[str] = Counter()
    named = _matching(files, source.include, source.exclude)
    taken = [file for file in named if min_file_bytes <= file.size <= max_file_bytes]
    skipped["too_large"] = sum(file.size > max_file_bytes for file in named)
    skipped["too_small"] = sum(file.size < min_file_bytes for file in named)
    if source.max_bytes is not None:
        kept = _within(taken, source.max_bytes)
        skipped["over_max_bytes"] = len(taken) - len(kept)
        taken = [file for file in taken if file.path in kept]
    return taken, +skipped


def _matching(
    files: Iterable[SourceFile], include: Sequence[str], exclude: Sequence[str]
) -> list[SourceFile]:
    included = _pattern(include or ["*"])
    excluded = _pattern(exclude)
    named = ((file.name or file.path, file) for file in files)
    return [file for name, file in named if included.match(name) and not excluded.match(name)]


def _pattern(globs: Sequence[str]) -> re.Pattern[str]:
    """Return one pattern for all globs; no glob matches nothing."""
    return re.compile("|".join(translate(glob) for glob in globs) or r"(?!)")


def _within(files: Iterable[SourceFile], max_bytes: int) -> set[str]:
    """Return the paths of files that together make up at most `max_bytes`."""
    kept, total = set(), 0
    for file in sorted(files, key=lambda file: _order(file.path)):
        if total + file.size <= max_bytes:
            kept.add(file.path)
            total += file.size
    return kept


def _order(path: str) -> bytes:
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()
