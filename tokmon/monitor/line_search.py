"""Where something stands in a long file, forwards or backwards from a place, wrapping around.

Bounded memory; asks between pieces whether it is still wanted. Must not decode.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tokmon.monitor.line_index import Extent

_PIECE_BYTES = 2**20
_OVERLAP_BYTES = 256
MAX_NEEDLE_BYTES = _OVERLAP_BYTES
"""A longer text is searched for by its beginning."""


@dataclass(frozen=True, slots=True)
class Needle:
    """What is looked for in bytes; no match is longer than MAX_NEEDLE_BYTES."""

    pattern: re.Pattern[bytes]
    is_folded: bool = False
    """Whether ASCII capitals count as small letters; the pattern has small ones only."""


TRACEBACKS = Needle(re.compile(rb"Traceback \(most recent call last\)|Fatal Python error"))
"""Where an uncaught exception, or a crash of the interpreter (faulthandler), begins."""


def literal(text: str) -> Needle:
    """Return a needle for a text as it stands; without capitals in it, case does not matter."""
    is_folded = text == text.lower()
    needle = text.encode(errors="surrogateescape")[:MAX_NEEDLE_BYTES]
    return Needle(re.compile(re.escape(needle)), is_folded)


def marks(kinds: Iterator[str] | list[str] | tuple[str, ...]) -> Needle:
    """Return a needle for tracebacks and for lines that echo an event: `best: validation loss`."""
    names = b"|".join(re.escape(kind.encode(errors="replace")[:64]) for kind in kinds if kind)
    echo = rb"|(?m:^)(?:" + names + rb"): " if names else b""
    return Needle(re.compile(TRACEBACKS.pattern.pattern + echo))


def find(
    extent: Extent,
    needle: Needle,
    start: int,
    end: int,
    *,
    is_backwards: bool = False,
    should_stop: Callable[[], bool] = lambda: False,
) -> int | None:
    """Return where the first match between two byte offsets begins; the last one if backwards.

    Args:
        extent: of the file.
        needle: what to look for.
        start: a match begins here or behind.
        end: and before this.
        is_backwards: look from the end.
        should_stop: asked a few times a second.

    Raises:
        OSError: the file cannot be read.
    """
    pieces = range(start, end, _PIECE_BYTES)
    for first in reversed(pieces) if is_backwards else pieces:
        if should_stop():
            return None
        last = min(first + _PIECE_BYTES, end)
        found = list(_matches(extent.path, needle, first, last, extent.size, all_=is_backwards))
        if found:
            return found[-1]
    return None


def _matches(
    path: Path, needle: Needle, first: int, last: int, size: int, *, all_: bool
) -> Iterator[int]:
    """Yield where matches begin in one piece: the first one, or all of them."""
    with path.open("rb") as file:
        # One byte more in front, so that a line's beginning is seen to be one.
        lead = min(first, 1)
        file.seek(first - lead)
        piece = file.read(min(last + _OVERLAP_BYTES, size) - first + lead)
    if needle.is_folded:
        piece = piece.lower()
    for match in needle.pattern.finditer(piece, lead):
        if first - lead + match.start() >= last:
            return
        yield first - lead + match.start()
        if not all_:
            return
