"""What run.json says of a run, as rows of dotted keys and values. Must not make text safe.

A run of another trainer may hold anything there: depth, number of rows and lengths are bounded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from tokmon.rundir.records import SCHEMA_VERSION, RunInfo

MAX_ROWS = 5000
_MAX_DEPTH = 16
_MAX_VALUE_CHARACTERS = 2000
_SECTIONS = ("config", "device", "corpus", "tokenizer", "git", "packages", "gate")
_RUN_KEYS = (
    "experiment",
    "schema_version",
    "phase",
    "started",
    "resumed",
    "host",
    "pid",
    "parameters",
    "max_steps",
    "error",
)


@dataclass(frozen=True, slots=True)
class Fact:
    """One value and where it stands."""

    section: str
    """The key in run.json that it stands under; `run` for those beside them."""
    key: str
    """Dotted, within the section."""
    value: str
    """As JSON, but text without its quotes."""

    @property
    def full_key(self) -> str:
        """Section and key: config.optim.lr."""
        return f"{self.section}.{self.key}"


def facts(info: RunInfo) -> tuple[Fact, ...]:
    """Return all that `info` says, section by section; MAX_ROWS at most."""
    fields = msgspec.to_builtins(info)
    rows: list[Fact] = []
    sections = [(name, fields.get(name)) for name in _SECTIONS]
    sections.append(("run", {key: fields[key] for key in _RUN_KEYS if fields.get(key)}))
    sections.append(("extra", fields.get("extra")))
    for section, content in sections:
        for key, value in _flat(content, "", 0):
            if len(rows) == MAX_ROWS:
                return tuple(rows)
            rows.append(Fact(section, key, value))
    return tuple(rows)


def caveat(info: RunInfo) -> str:
    """Return what to keep in mind when reading these facts; mostly nothing."""
    if info.schema_version > SCHEMA_VERSION:
        return (
            f"written with schema {info.schema_version}, this tokmon knows {SCHEMA_VERSION}: "
            "a key may mean something else"
        )
    return ""


def _flat(content: Any, prefix: str, depth: int) -> Iterator[tuple[str, str]]:
    """Yield dotted keys and values; a list is one value, unless it holds objects."""
    if isinstance(content, Mapping) and content and depth < _MAX_DEPTH:
        for key, value in content.items():
            yield from _flat(value, f"{prefix}.{key}" if prefix else str(key), depth + 1)
    elif _holds_objects(content) and depth < _MAX_DEPTH:
        for index, value in enumerate(content):
            yield from _flat(value, f"{prefix}.{index}", depth + 1)
    elif prefix and content is not None:
        yield prefix, _shown(content)


def _holds_objects(content: Any) -> bool:
    return isinstance(content, list) and any(isinstance(value, Mapping) for value in content)


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    left_out = len(text) - _MAX_VALUE_CHARACTERS
    return text if left_out <= 0 else f"{text[:_MAX_VALUE_CHARACTERS]} ({left_out:,} more)"
