"""In what the configurations of several runs differ, and whether their data are the same. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tokmon.rundir.records import RunInfo

_NAME = "experiment"
_MAX_DEPTH = 16
_DIGEST_LENGTH = 12
MAX_KEYS = 2000
"""Of one run; a config that is longer is another program's data."""


SURROUNDINGS = (
    *("parameters", "corpus.name", "corpus.fingerprint", "tokenizer.name", "tokenizer.sha256"),
    *("device.name", "device.dtype", "git.revision", "packages.torch", "gate.leaking_positions"),
)
"""Keys beside the config that bear on the result."""


class _Absent:
    """The value of a key that a run does not have."""


ABSENT = _Absent()
"""Stands where a run lacks a key: that is not the same as null."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A key whose values are not all equal."""

    key: str
    """Dotted, foreign text."""
    values: tuple[str | None, ...]
    """As JSON, one a run, foreign text; None where the run lacks the key."""


def differences(infos: Sequence[RunInfo | None]) -> tuple[Difference, ...]:
    """Return the keys of config and surroundings that differ, in the order of the configs.

    The experiment's name is left out: it always differs. A run without run.json lacks all keys.
    """
    facts = [known_facts(info) if info else {} for info in infos]
    keys = dict.fromkeys(key for of_run in facts for key in of_run if key != _NAME)
    rows = ((key, [of_run.get(key, ABSENT) for of_run in facts]) for key in keys)
    return tuple(
        Difference(key, tuple(None if value is ABSENT else _json(value) for value in values))
        for key, values in rows
        if any(not _is_equal(value, values[0]) for value in values)
    )


def same_data(first: RunInfo | None, second: RunInfo | None) -> tuple[bool | None, bool | None]:
    """Return whether two runs have one corpus, and one tokenizer; None where it is not recorded."""
    if first is None or second is None:
        return None, None
    corpora = first.corpus.get("fingerprint"), second.corpus.get("fingerprint")
    tokenizers = first.tokenizer.get("sha256"), second.tokenizer.get("sha256")
    return _same(*corpora), _same(*tokenizers)


def known_facts(info: RunInfo) -> dict[str, Any]:
    """Return the config with dotted keys, and after it what else bears on the result.

    Keys and values are foreign; there are about MAX_KEYS at most.
    """
    facts: dict[str, Any] = {}
    for key, value in _flat(info.config):
        if len(facts) == MAX_KEYS:
            break
        facts[key] = value
    values = (_surrounding(info, *key.split(".")) for key in SURROUNDINGS)
    known = {k: v for k, v in zip(SURROUNDINGS, values, strict=True) if v is not None}
    return facts | known


def _same(first: object, second: object) -> bool | None:
    return None if first is None or second is None else _is_equal(first, second)


def _surrounding(info: RunInfo, section: str, key: str = "") -> object:
    value = getattr(info, section)
    if not key:
        return value
    is_digest = key in ("fingerprint", "sha256", "revision")
    return _short(value.get(key)) if is_digest else value.get(key)


def _short(digest: object) -> object:
    """Return what people compare of a hash."""
    return digest[:_DIGEST_LENGTH] if isinstance(digest, str) else digest


def _flat(
    mapping: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping) and value and depth < _MAX_DEPTH:
            yield from _flat(value, f"{prefix}{key}.", depth + 1)
        else:
            yield f"{prefix}{key}", value


def _is_equal(first: Any, second: Any) -> bool:
    """Compare as JSON does: true is not 1, while 1 and 1.0 are one number."""
    return isinstance(first, bool) == isinstance(second, bool) and bool(first == second)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
