"""Conditions on runs, as words: `state=finished lr>=1e-4 experiment~v1`. Reads no run.

The grammar: conditions one after the other, all of which have to hold; each a key, an operator and
a value, the value in quotes where it has spaces.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tokmon.rundir.errors import TokmonError

OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "~")
_CONDITION = re.compile(
    r"""\s*(?P<key>[A-Za-z_][\w.-]*)\s*(?P<operator><=|>=|!=|==|=|<|>|~)\s*"""
    r"""(?:"(?P<double>[^"]*)"|'(?P<single>[^']*)'|(?P<bare>[^\s"'<>=!~]\S*))(?=\s|$)"""
)
_NUMBER = re.compile(r"([+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([a-zA-Z%]*)", re.IGNORECASE)
_FACTORS = {"": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12}
_SECONDS = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "m": 60.0}
AGE_KEY = "age"
"""Its value is a duration: 90s, 20min, 36h, 2d, 1w."""
TIME_KEYS = frozenset({"started", "updated"})
"""Their values are dates or times of ISO 8601, local where they have no offset."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, as it was written."""

    key: str
    operator: str
    """One of OPERATORS."""
    value: str

    def __str__(self) -> str:
        is_bare = re.fullmatch(r"[^\s\"'<>=!~][^\s]*", self.value)
        quote = "'" if '"' in self.value else '"'
        value = self.value if is_bare else f"{quote}{self.value}{quote}"
        return f"{self.key}{self.operator}{value}"


def parse_filter(text: str) -> tuple[Condition, ...]:
    """Return the conditions in a text; none in an empty one.

    Raises:
        TokmonError: a part of it is no condition.
    """
    found, at = [], 0
    while text[at:].strip():
        match = _CONDITION.match(text, at)
        if match is None:
            raise TokmonError(
                f"{text[at:].strip()!r} is no condition",
                f"write KEY OPERATOR VALUE, as in state=finished; operators: {' '.join(OPERATORS)}",
            )
        value = next(
            part for part in (match["double"], match["single"], match["bare"]) if part is not None
        )
        operator = "=" if match["operator"] == "==" else match["operator"]
        found.append(Condition(match["key"], operator, value))
        at = match.end()
    return tuple(found)


def predicate_for(condition: Condition) -> Callable[[Any], bool]:
    """Return what a run's value of the condition's key has to pass.

    `=` and `!=` compare numbers as numbers and text without regard to case; `~` looks for the value
    in the text; the others are for numbers, durations and times. A run without the key has no value
    that is equal, less, more or contains anything, so that `!=` alone holds for it.

    Raises:
        TokmonError: the value is not one that the operator can compare.
    """
    if condition.operator == "~":
        wanted = condition.value.casefold()
        return lambda value: value is not None and wanted in text_of(value).casefold()
    if condition.operator in ("=", "!="):
        is_equal = _equality(condition)
        return is_equal if condition.operator == "=" else lambda value: not is_equal(value)
    limit = _limit(condition)
    if limit is None:
        raise TokmonError(
            f"{condition}: {condition.value!r} is {_expected(condition.key)}",
            f"only = != and ~ compare text, as in {condition.key}~{condition.value}",
        )
    compares = _ORDERS[condition.operator]
    return lambda value: (number := number_of(value)) is not None and compares(number, limit)


def text_of(value: Any) -> str:
    """Return a value as people write it: true, 0.0003, v1."""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def number_of(value: Any) -> float | None:
    """Return a value as a number; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer beyond all floats
        return None


_ORDERS: Mapping[str, Callable[[float, float], bool]] = {
    "<": lambda value, limit: value < limit,
    "<=": lambda value, limit: value <= limit,
    ">": lambda value, limit: value > limit,
    ">=": lambda value, limit: value >= limit,
}


def _equality(condition: Condition) -> Callable[[Any], bool]:
    limit, wanted = _limit(condition), condition.value.casefold()

    def is_equal(value: Any) -> bool:
        number = number_of(value)
        if number is not None and limit is not None:
            return number == limit
        return value is not None and text_of(value).casefold() == wanted

    return is_equal


def _limit(condition: Condition) -> float | None:
    """Return the number that the condition's value means for its key; None if it means none."""
    if condition.key == AGE_KEY:
        return _scaled(condition.value, _SECONDS)
    if condition.key in TIME_KEYS:
        return _moment(condition.value)
    return _scaled(condition.value, _FACTORS)


def _scaled(text: str, factors: Mapping[str, float]) -> float | None:
    match = _NUMBER.fullmatch(text.strip())
    if match is None or match[2] not in factors:
        return None
    return float(match[1].replace("_", "")) * factors[match[2]]


def _moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError):
        return None


def _expected(key: str) -> str:
    if key == AGE_KEY:
        return "no duration like 20min, 36h or 2d"
    return "no date like 2026-11-23" if key in TIME_KEYS else "no number"
