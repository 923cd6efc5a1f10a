"""Reads a config from TOML and applies `--set key=value`."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tokmon.rundir.errors import TokmonError
from trainer.config import Config
from trainer.toml_file import TomlFile, parse


def load_config(path: Path, overrides: Iterable[str] = ()) -> Config:
    """Return the config in `path` with `section.key=value` overrides applied.

    Raises:
        TokmonError: the file is missing or not TOML, a key is unknown, a value is wrong.
    """
    file = TomlFile(path, "config file", "see configs/ for examples")
    for assignment in overrides:
        file.overridden.add(_override(file.tree, assignment))
    return file.convert(Config)


def _override(tree: dict[str, Any], assignment: str) -> str:
    """Put `section.key=value` into `tree`; return the key. Values are TOML, else strings."""
    key, separator, text = assignment.partition("=")
    key = key.strip()
    if not separator or not key:
        raise TokmonError(f"--set {assignment}: not of the form key=value")
    try:
        # Bytes of an argument that are no characters arrive as lone surrogates.
        assignment.encode()
    except UnicodeEncodeError as error:
        raise TokmonError(f"--set {assignment}: not UTF-8 text") from error
    table = tree
    *parents, name = key.split(".")
    for parent in parents:
        table = table.setdefault(parent, {})
        if not isinstance(table, dict):
            raise TokmonError(f"--set {key}: {parent} is not a section")
    # A path given on the command line is seen from where the command was typed.
    table[name] = str(Path(text).absolute()) if key == "data.corpus" else _value(text)
    return key


def _value(text: str) -> object:
    try:
        return parse(f"value = {text}")["value"]
    except ValueError:
        return text
