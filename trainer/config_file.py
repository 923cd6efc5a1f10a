"""Read a config from TOML and `--set key=value`; a fault is one line that names file and key."""

import difflib
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeGuard

import msgspec

from tokmon.rundir.errors import TokmonError
from trainer.config import Config

_PATH_IN_MESSAGE = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<key>[^`]*)`)?$", re.DOTALL)


def load_config(path: Path, overrides: Iterable[str] = ()) -> Config:
    """Return the config in `path` with `section.key=value` overrides applied.

    Raises:
        TokmonError: the file is missing or not TOML, a key is unknown, a value is wrong.
    """
    source = _read(path)
    sections = _parse(path, source)
    overridden = {_override(sections, assignment) for assignment in overrides}
    _refuse_unknown_keys(path, source, sections, Config, prefix="")
    try:
        return msgspec.convert(sections, Config)
    except msgspec.ValidationError as error:
        match = _PATH_IN_MESSAGE.match(str(error))
        key, what = (match["key"] or "", match["what"]) if match else ("", str(error))
        place = f"--set {key}" if key in overridden else f"{_place(path, source, key)}{key}"
        raise TokmonError(f"{place}: {what}", "see docs/CONFIG.md for the keys") from error


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TokmonError(f"{path}: no such config file", "see configs/ for examples") from error
    except UnicodeDecodeError as error:
        raise TokmonError(f"{path}: not UTF-8 text (byte {error.start})") from error
    except OSError as error:
        raise TokmonError(f"{path}: {error.strerror or error}") from error


def _parse(path: Path, source: str) -> dict[str, Any]:
    try:
        return tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise TokmonError(f"{path}: not TOML: {error}") from error


def _override(sections: dict[str, Any], assignment: str) -> str:
    """Put `section.key=value` into `sections`; return the key. Values are TOML, else strings."""
    key, separator, text = assignment.partition("=")
    key = key.strip()
    if not separator or not key:
        raise TokmonError(f"--set {assignment}: not of the form key=value")
    table = sections
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
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _refuse_unknown_keys(
    path: Path, source: str, table: dict[str, Any], kind: type[msgspec.Struct], prefix: str
) -> None:
    fields = {field.name: field for field in msgspec.structs.fields(kind)}
    for name, value in table.items():
        key = f"{prefix}{name}"
        if name not in fields:
            nearest = difflib.get_close_matches(name, fields, n=1, cutoff=0.5)
            hint = (
                f"did you mean {prefix}{nearest[0]}?" if nearest else f"known: {', '.join(fields)}"
            )
            raise TokmonError(f"{_place(path, source, key)}unknown key {key}", hint)
        section = fields[name].type
        if isinstance(value, dict) and _is_section(section):
            _refuse_unknown_keys(path, source, value, section, f"{key}.")


def _is_section(kind: object) -> TypeGuard[type[msgspec.Struct]]:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _place(path: Path, source: str, key: str) -> str:
    """Return `file:line: ` of a dotted key, or `file: ` where the line cannot be told."""
    section = ""
    for number, line in enumerate(source.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            section = f"{header[1].strip()}."
        elif assignment := re.match(r"\s*([\w.-]+)\s*=", line):
            found = f"{section}{assignment[1]}"
            if key == found or key.startswith((f"{found}.", f"{found}[")):
                return f"{path}:{number}: "
    return f"{path}: "
