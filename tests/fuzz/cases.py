"""How fuzz tests make their cases: real content, changed in a few places.

`TOKMON_FUZZ=50 pytest tests/fuzz` runs fifty times as many cases, other ones each time.
"""

import os
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_MORE = int(os.environ.get("TOKMON_FUZZ", "1"))

HOSTILE_VALUES = (
    b"null",
    b"true",
    b"[]",
    b"{}",
    b"-1",
    b"0",
    b"1e308",
    b"-1e308",
    b"1e-320",
    b"1e400",
    b"NaN",
    b"-Infinity",
    b"9223372036854775807",
    b"9223372036854775808",
    b"1" + b"0" * 40,
    b"9" * 400,
    b"9" * 5000,
    b'""',
    b'"\\ud800"',
    b'"\xed\xa0\x80"',
    b'"\xff\xfe"',
    b'"\\u0000\\u001b[2J\\u202e"',
    b'"[/x][bold"',
    b'"0001-01-01T00:00:00+14:00"',
    b'"9999-12-31T23:59:59-14:00"',
    b'"2026-01-01T00:00:00"',
    b'"finished"',
    b'"training"',
    b"[" * 3000,
    b"[" * 200 + b"]" * 200,
    b'{"a":' * 3000,
    b'{"step":1,"step":"x"}',
    b'"' + b"x" * 70_000 + b'"',
)
"""JSON values, and what is none, that a reader may trip over."""

_VALUE = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null')


def fuzzed(examples: int) -> Callable[[Any], Any]:
    """Return the settings of a fuzz test: the same cases each time, and none that hangs."""
    return settings(
        max_examples=examples * _MORE,
        derandomize=_MORE == 1,
        database=None,
        # Reading a case takes milliseconds; this tells a hang from a busy machine.
        deadline=timedelta(seconds=20),
        suppress_health_check=list(HealthCheck),
    )


def edited(originals: Sequence[bytes], tokens: Sequence[bytes] = ()) -> st.SearchStrategy[bytes]:
    """Return contents with some of their bytes flipped, cut, doubled or overwritten.

    Args:
        originals: what to begin with.
        tokens: what to put in besides any bytes.
    """
    new = st.binary(max_size=8)
    if tokens:
        new |= st.lists(st.sampled_from(tokens), max_size=4).map(b"".join)
    kinds = st.sampled_from(("flip", "cut", "double", "insert", "overwrite", "truncate"))
    edit = st.tuples(kinds, st.integers(0, 2**20), st.integers(1, 64), new)
    return st.builds(_edit, st.sampled_from(originals), st.lists(edit, min_size=1, max_size=4))


def hostile_json(originals: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Return JSON texts with some of their keys and values replaced by HOSTILE_VALUES."""
    replacements = st.tuples(st.integers(0, 2**16), st.sampled_from(HOSTILE_VALUES))
    changes = st.lists(replacements, min_size=1, max_size=3)
    return st.builds(_replace_values, st.sampled_from(originals), changes)


_Edit = tuple[str, int, int, bytes]


def _edit(content: bytes, edits: list[_Edit]) -> bytes:
    for kind, place, length, new in edits:
        at = place % max(1, len(content))
        before, part, after = content[:at], content[at : at + length], content[at + length :]
        content = {
            "flip": before + bytes(byte ^ length for byte in part[:1]) + part[1:] + after,
            "cut": before + after,
            "double": before + part + part + after,
            "insert": before + new + part + after,
            "overwrite": before + new + content[at + len(new) :],
            "truncate": before,
        }[kind]
    return content


def _replace_values(text: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    for place, value in changes:
        found = list(_VALUE.finditer(text))
        if not found:
            return text
        start, end = found[place % len(found)].span()
        text = text[:start] + value + text[end:]
    return text
