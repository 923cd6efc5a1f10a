"""Reads a recipe from TOML."""

from pathlib import Path

from trainer.corpus.recipe import Recipe
from trainer.toml_file import TomlFile

_HINT = (
    "name a recipe (.toml), a built corpus folder, a folder of source files, an archive, a .jsonl "
    "or .parquet file, or - for standard input"
)


def load_recipe(path: Path) -> Recipe:
    """Return the recipe in a TOML file.

    Raises:
        TokmonError: it cannot be read, is not TOML, or is not a recipe.
    """
    return TomlFile(path, "recipe", _HINT).convert(Recipe)
