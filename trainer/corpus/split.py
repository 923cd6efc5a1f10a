"""The held-out split, by whole units: never by line or window, so that no text is on both sides."""

import hashlib
from collections.abc import Mapping
from difflib import get_close_matches

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import DEFAULT_SHARE, SplitRule


def held_out_units(unit_bytes: Mapping[str, int], rule: SplitRule) -> frozenset[str]:
    """Return the units of the validation split, at least one, and never all.

    Args:
        unit_bytes: size of each unit.
        rule: names, or a share of the bytes.

    Raises:
        TokmonError: a named unit does not exist, or a side would be empty.
    """
    if sum(size > 0 for size in unit_bytes.values()) < 2:
        raise TokmonError(
            f"only one package with source ({', '.join(unit_bytes)}), and a package is never split",
            "name a folder with two or more modules or packages directly in it",
        )
    if not rule.validation:
        return _share(unit_bytes, rule)
    _require_known(rule.validation, unit_bytes)
    held_out = frozenset(rule.validation)
    if len(held_out) == len(unit_bytes):
        raise TokmonError(
            "split.validation names every package, so nothing is left to train on",
            "leave some of them out",
        )
    return held_out


def _require_known(names: tuple[str, ...], unit_bytes: Mapping[str, int]) -> None:
    for name in names:
        if name not in unit_bytes:
            nearest = get_close_matches(name, unit_bytes, n=1) or sorted(unit_bytes)[:5]
            raise TokmonError(
                f"split.validation: no package is called {name!r}",
                f"the sources have {', '.join(nearest)}",
            )


def _share(unit_bytes: Mapping[str, int], rule: SplitRule) -> frozenset[str]:
    """Take units in hashed order while they fit; if that makes under half the share, one more."""
    wanted = (rule.share or DEFAULT_SHARE) * sum(unit_bytes.values())
    taken: set[str] = set()
    total = 0
    for unit in sorted(unit_bytes, key=lambda unit: _order(unit, rule.seed)):
        if 0 < unit_bytes[unit] <= wanted - total:
            taken.add(unit)
            total += unit_bytes[unit]
    rest = sorted((size, unit) for unit, size in unit_bytes.items() if unit not in taken and size)
    if total < wanted / 2 and len(rest) > 1:
        taken.add(next(unit for size, unit in rest if total + size >= wanted / 2))
    return frozenset(taken)


def _order(unit: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{unit}".encode()).digest()
