"""Typed TOML files; every fault is one line that names the file, the line and the key."""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import msgspec
from msgspec import inspect

from tokmon.rundir.errors import TokmonError

T = TypeVar("T", bound=msgspec.Struct)
Steps: TypeAlias = list[str | int]

_PLACE = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<key>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<key>[^`]*)`")
_HEADER = re.compile(r"\s*\[+\s*(?P<name>[\w.-]+)\s*\]+\s*(#.*)?$")


def parse(text: str) -> dict[str, Any]:
    """Return the content of TOML text.

    Raises:
        ValueError: it is no TOML, is nested deeper than Python goes, or has an endless number.
    """
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError("too many brackets in one another") from error


class TomlFile:
    """A TOML file on its way to a typed value.

    Args:
        path: of the file.
        what: what it should hold, for messages: config, recipe.
        hint: what to do where it is not there.

    Raises:
        TokmonError: it cannot be read or is not TOML.
    """

    def __init__(self, path: Path, what: str, hint: str) -> None:
        self.path = path
        self.text = _read(path, what, hint)
        self.overridden: set[str] = set()
        """Dotted keys whose values come from the command line."""
        try:
            self.tree = parse(self.text)
        except ValueError as error:
            raise TokmonError(f"{path}: not TOML: {error}") from error

    def convert(self, kind: type[T]) -> T:
        """Return the content as `kind`.

        Raises:
            TokmonError: a key is unknown (with the nearest one), missing, or of a wrong value.
        """
        try:
            return msgspec.convert(self.tree, kind)
        except msgspec.ValidationError as error:
            raise self._explain(str(error), kind) from error

    def _explain(self, message: str, kind: type[T]) -> TokmonError:
        place = _PLACE.search(message)
        steps = _steps(place["path"] if place else "")
        what = message[: place.start()] if place else message
        hint = ""
        if unknown := _UNKNOWN.search(what):
            hint = _nearest(unknown["key"], _keys(inspect.type_info(kind), self.tree, steps))
            steps, what = [*steps, unknown["key"]], "unknown key"
        elif missing := _MISSING.search(what):
            what = f"the key {missing['key']} is missing"
        elif choices := _choices(inspect.type_info(kind), self.tree, steps):
            hint = f"known: {', '.join(choices)}"
        return TokmonError(f"{self._place(steps)}{what}", hint)

    def _place(self, steps: Steps) -> str:
        key = _dotted(steps)
        if key in self.overridden:
            return f"--set {key}: "
        line = _line_of(self.text, steps)
        where = f"{self.path}:{line}: " if line else f"{self.path}: "
        return f"{where}{key}: " if key else where


def _read(path: Path, what: str, hint: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise TokmonError(f"{path}: no such {what}", hint) from error
    except OSError as error:
        raise TokmonError(f"{path}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise TokmonError(f"{path}: not UTF-8 text (byte {error.start})") from error


def _steps(path: str) -> Steps:
    """Split `source[1].include[...]` into its steps."""
    words = re.findall(r"[^.\[\]]+", path)
    return [int(word) if word.isdigit() else word for word in words]


def _dotted(steps: Steps) -> str:
    words = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return "".join(words).lstrip(".")


def _nearest(key: str, known: list[str]) -> str:
    matches = get_close_matches(key, known, n=1, cutoff=0.5)
    return f"did you mean {matches[0]}?" if matches else f"known keys: {', '.join(known)}"


def _keys(info: inspect.Type, tree: Any, steps: Steps) -> list[str]:
    """Return the keys that the table at `steps` may have."""
    found = _walk(info, tree, steps)
    if not isinstance(found, inspect.StructType):
        return []
    tag = [found.tag_field] if found.tag_field else []
    return [*tag, *(field.encode_name for field in found.fields)]


def _choices(info: inspect.Type, tree: Any, steps: Steps) -> list[str]:
    """Return the tags that a table may have, where `steps` is a tag that none has."""
    found = _walk(info, tree, steps[:-1])
    if not isinstance(found, inspect.UnionType):
        return []
    return [str(kind.tag) for kind in found.types if isinstance(kind, inspect.StructType)]


def _walk(info: inspect.Type, tree: Any, steps: Steps) -> inspect.Type:
    """Return the type at `steps`; of tagged ones the one that the tree's tag names."""
    if isinstance(info, inspect.UnionType):
        info = next((kind for kind in info.types if _has_tag_of(kind, tree)), info)
    if not steps:
        return info
    step, rest = steps[0], steps[1:]
    if isinstance(info, inspect.StructType) and isinstance(tree, dict):
        for field in info.fields:
            if field.encode_name == step:
                return _walk(field.type, tree.get(step), rest)
    if isinstance(info, inspect.VarTupleType | inspect.ListType) and isinstance(step, int):
        return _walk(info.item_type, tree[step], rest)
    return inspect.AnyType()


def _has_tag_of(kind: inspect.Type, tree: Any) -> bool:
    return (
        isinstance(kind, inspect.StructType)
        and isinstance(tree, dict)
        and kind.tag_field is not None
        and tree.get(kind.tag_field) == kind.tag
    )


def _line_of(text: str, steps: Steps) -> int | None:
    """Return the line of the key at `steps`, else of its table; None where it is not spelled so.

    Knows `key = value` under `[table]` and `[[table]]`.
    """
    steps = [step for step in steps if step != "..."]
    while steps:
        *parents, last = steps
        key = re.compile(rf"""\s*["']?{re.escape(str(last))}["']?\s*=""")
        for number, line, table in _places(text):
            if table == _table(parents) and isinstance(last, str) and key.match(line):
                return number
            if table == _table(steps) and _HEADER.match(line):
                return number
        steps = parents
    return None


def _table(steps: Steps) -> tuple[str, int]:
    """Return name and number of the table at `steps`: `source[1]` is the second `[[source]]`."""
    index = steps[-1] if steps and isinstance(steps[-1], int) else 0
    return ".".join(step for step in steps if isinstance(step, str)), index


def _places(text: str) -> Iterator[tuple[int, str, tuple[str, int]]]:
    """Yield each line with its number and the table it is in, counted among those of its name."""
    seen: Counter[str] = Counter()
    place = ("", 0)
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            place = (header["name"], seen[header["name"]])
            seen[header["name"]] += 1
        yield number, line, place
