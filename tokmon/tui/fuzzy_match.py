"""How well a few letters name something. Textual's search, kept from names that would stall it."""

from collections.abc import Sequence
from math import prod

from textual.fuzzy import FuzzySearch

_MAX_WAYS = 10_000
"""FuzzySearch tries every way to find the letters in a name: `aaaab` in sixty a's has millions."""


def fuzzy_match(search: FuzzySearch, query: str, name: str) -> tuple[float, Sequence[int]]:
    """Return a score, 0 without a match, and the offsets of the letters of `query` in `name`."""
    lower, letters = name.lower(), query.lower()
    if not letters:
        return 0.0, ()
    if letters in lower or prod(lower.count(letter) for letter in letters) <= _MAX_WAYS:
        return search.match(query, name)
    offsets = _first_ways(letters, lower)
    return (search.score(name, offsets), offsets) if offsets else (0.0, ())


def _first_ways(letters: str, name: str) -> list[int]:
    """Return where each letter is found first behind the one before; nothing if one is not."""
    offsets: list[int] = []
    for letter in letters:
        at = name.find(letter, offsets[-1] + 1 if offsets else 0)
        if at < 0:
            return []
        offsets.append(at)
    return offsets
