"""Which files of which source go to which split. Lists names and sizes, reads no file."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import Filters, Recipe
from trainer.corpus.sources.base import Reader, SourceFile
from trainer.corpus.sources.selection import select
from trainer.corpus.split import held_out_units


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build will read."""

    files: tuple[tuple[SourceFile, ...], ...]
    """Of each source, in the recipe's order."""
    held_out: frozenset[str]
    """Units of the validation split."""
    skipped: Counter[str]
    """Files left out by their size, or that could not be listed, by reason."""
    filters: Filters
    """Which rules leave documents out."""

    @property
    def total_bytes(self) -> int:
        """Size of all files."""
        return sum(file.size for files in self.files for file in files)

    def of_split(self, source: int, split: str) -> list[SourceFile]:
        """Return the files of one source that belong to `train` or `val`."""
        is_val = split == "val"
        return [file for file in self.files[source] if (file.unit in self.held_out) == is_val]


def make_plan(recipe: Recipe, readers: Sequence[Reader]) -> Plan:
    """List all sources and split their units.

    Raises:
        TokmonError: a source is missing or yields no file, or the split cannot be made.
    """
    skipped: Counter[str] = Counter()
    unit_bytes: Counter[str] = Counter()
    taken = []
    for source, reader in zip(recipe.source, readers, strict=True):
        listing = reader.list_files()
        files, too_much = select(
            listing.files, source, recipe.max_file_bytes, recipe.min_file_bytes
        )
        if not files:
            raise TokmonError(
                f"{reader.label}: none of its {len(listing.files)} files is taken",
                "see include, exclude, max_bytes and max_file_bytes in the recipe",
            )
        skipped.update(listing.skipped)
        skipped.update(too_much)
        for file in files:
            unit_bytes[file.unit] += file.size
        taken.append(tuple(files))
    return Plan(tuple(taken), held_out_units(unit_bytes, recipe.split), skipped, recipe.filters)
