"""In what the configurations of several runs differ, and which of them differ in the seed alone."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tokmon.rundir.records import RunInfo

_NAME = "experiment"
_SEED = "seed"
_DIGEST_LENGTH = 12
MAX_KEYS = 2000
"""Of one run; a config that is longer is another program's data."""


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
    facts = [_facts(info) if info else {} for info in infos]
    keys = dict.fromkeys(key for of_run in facts for key in of_run if key != _NAME)
    rows = ((key, [of_run.get(key, ABSENT) for of_run in facts]) for key in keys)
    return tuple(
        Difference(key, tuple(None if value is ABSENT else _json(value) for value in values))
        for key, values in rows
        if any(not _is_equal(value, values[0]) for value in values)
    )


def siblings(infos: Sequence[RunInfo | None]) -> tuple[tuple[int, ...], ...]:
    """Return the groups of runs, by index, that are one configuration with different seeds.

    Config, corpus and tokenizer have to be the same, and no two of a group have one seed.
    """
    groups: list[list[int]] = []
    for index, info in enumerate(infos):
        if info is None or _SEED not in info.config:
            continue
        home = next((group for group in groups if _is_sibling(info, group, infos)), None)
        if home is None:
            groups.append([index])
        else:
            home.append(index)
    return tuple(tuple(group) for group in groups if len(group) > 1)


def same_data(first: RunInfo | None, second: RunInfo | None) -> tuple[bool | None, bool | None]:
    """Return whether two runs have one corpus, and one tokenizer; None where it is not recorded."""
    if first is None or second is None:
        return None, None
    corpora = first.corpus.get("fingerprint"), second.corpus.get("fingerprint")
    tokenizers = first.tokenizer.get("sha256"), second.tokenizer.get("sha256")
    return _same(*corpora), _same(*tokenizers)


def _is_sibling(info: RunInfo, group: list[int], infos: Sequence[RunInfo | None]) -> bool:
    others = [other for index in group if (other := infos[index]) is not None]
    first = others[0]
    if any(_is_equal(other.config[_SEED], info.config[_SEED]) for other in others):
        return False
    is_one_config = _is_equal(_seedless(first), _seedless(info))
    return is_one_config and False not in same_data(first, info)


def _seedless(info: RunInfo) -> dict[str, Any]:
    return {key: value for key, value in info.config.items() if key not in (_NAME, _SEED)}


def _same(first: object, second: object) -> bool | None:
    return None if first is None or second is None else _is_equal(first, second)


def _facts(info: RunInfo) -> dict[str, Any]:
    """Return the config with dotted keys, and after it what else bears on the result."""
    facts: dict[str, Any] = {}
    for key, value in _flat(info.config):
        if len(facts) == MAX_KEYS:
            break
        facts[key] = value
    surroundings = {
        "parameters": info.parameters,
        "corpus.name": info.corpus.get("name"),
        "corpus.fingerprint": _short(info.corpus.get("fingerprint")),
        "tokenizer.name": info.tokenizer.get("name"),
        "tokenizer.sha256": _short(info.tokenizer.get("sha256")),
        "device.name": info.device.get("name"),
        "device.dtype": info.device.get("dtype"),
        "git.revision": _short(info.git.get("revision")),
        "packages.torch": info.packages.get("torch"),
    }
    known = {key: value for key, value in surroundings.items() if value is not None}
    return facts | known


def _short(digest: object) -> object:
    """Return what people compare of a hash."""
    return digest[:_DIGEST_LENGTH] if isinstance(digest, str) else digest


def _flat(mapping: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in mapping.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _is_equal(first: Any, second: Any) -> bool:
    """Compare as JSON does: true is not 1, while 1 and 1.0 are one number."""
    return isinstance(first, bool) == isinstance(second, bool) and bool(first == second)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
