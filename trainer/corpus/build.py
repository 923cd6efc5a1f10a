"""From what a user names to an opened corpus: built if it is not in the cache, else opened."""

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

import msgspec

from tokmon.rundir.errors import TokmonError
from trainer.corpus.assemble import Assembly
from trainer.corpus.cache import corpora_folder
from trainer.corpus.existing import existing
from trainer.corpus.packed import is_packed, open_packed
from trainer.corpus.progress import Report, no_progress
from trainer.corpus.publish import building
from trainer.corpus.recipe import FolderSource, Recipe
from trainer.corpus.recipe_file import load_recipe
from trainer.corpus.sources.base import Reader
from trainer.corpus.sources.opening import open_sources
from trainer.corpus.sources.references import file_recipe
from trainer.corpus.store import Corpus, is_corpus
from trainer.tokenizer import load_tokenizer

_BUILD_VERSION = 2
"""Raised when the same recipe and sources give other tokens than before."""
_KEY_DIGITS = 16
_NAME_CHARS = 60


def open_or_build(
    reference: Path, progress: Report = no_progress, output: Path | None = None
) -> Corpus:
    """Return the corpus that `reference` names, building it if that has not been done.

    Args:
        reference: a recipe (.toml), a built corpus folder, a packed corpus, a folder of source
            files, an archive, a .jsonl or .parquet file, or `-` for standard input.
        progress: called as the work goes on.
        output: where to build; the cache if None.

    Raises:
        TokmonError: anything a user can mend, in one line.
    """
    if reference.is_dir() and is_corpus(reference):
        return Corpus.open(reference)
    if is_packed(reference):
        return open_packed(reference, progress, output)
    recipe, base = _recipe_of(reference)
    readers = open_sources(recipe, base)
    key = _build_key(recipe, readers)
    folder = output or corpora_folder() / f"{recipe.name}-{key[:_KEY_DIGITS]}"
    found = existing(
        folder, lambda manifest: manifest.build_key == key, progress, is_ours=output is None
    )
    if found:
        return found
    try:
        _build(_Job(recipe, readers, key, folder), progress)
    except OSError as error:
        raise TokmonError(
            f"{error.filename or folder}: building the corpus failed ({error.strerror or error})",
            "check the disk, or set TOKMON_CACHE to another folder",
        ) from error
    return Corpus.open(folder)


@dataclass(frozen=True, slots=True)
class _Job:
    recipe: Recipe
    readers: list[Reader]
    key: str
    folder: Path


def _build(job: _Job, progress: Report) -> None:
    to_fetch = sum(not reader.is_ready for reader in job.readers)
    fetched = 0
    for reader in job.readers:
        if not reader.is_ready:
            progress(f"fetching {reader.label}", fetched, to_fetch)
            fetched += 1
        reader.prepare()
    job.folder.parent.mkdir(parents=True, exist_ok=True)
    with building(job.folder) as folder:
        Assembly(job.recipe, job.readers, load_tokenizer()).write(folder, job.key, progress)


def _recipe_of(reference: Path) -> tuple[Recipe, Path]:
    """Return the recipe and the folder from which its relative paths are seen."""
    if reference.is_dir():
        return folder_recipe(reference), reference
    if recipe := file_recipe(reference):
        return recipe, reference.parent
    if reference.suffix != ".toml" and reference.exists():
        raise TokmonError(
            f"{reference}: neither a recipe (.toml) nor a folder nor a file of source",
            "name a recipe, a built or packed corpus, a folder of source files, an archive, "
            "a .jsonl or .parquet file, or - for standard input",
        )
    return load_recipe(reference), reference.parent


def folder_recipe(folder: Path) -> Recipe:
    """Return the recipe that a folder of source files gets: all of it, 5 % held out."""
    folder = folder.absolute()
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", folder.name)[:_NAME_CHARS].strip(".-_") or "folder"
    return Recipe(name=name, source=(FolderSource(path=str(folder)),))


def _build_key(recipe: Recipe, readers: list[Reader]) -> str:
    """Return a hash of all that the tokens depend on."""
    parts = [
        _BUILD_VERSION,
        msgspec.to_builtins(msgspec.structs.replace(recipe, description="")),
        [reader.identity() for reader in readers],
        load_tokenizer().sha256,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
