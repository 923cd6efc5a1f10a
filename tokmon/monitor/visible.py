"""Make foreign text safe to print: what a terminal would act upon or hide is spelled out instead.

An untrained model, a native library and a torn log line all emit escape sequences, NULs and
characters that reorder the line. Must not drop anything silently.
"""

import re
import unicodedata
from collections.abc import Iterator

_TAB_WIDTH = 4
# All that ASCII has of them: C0 but newline, and DEL.
_ASCII_CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f]")
# Controls, formats (zero-width, bidirectional, tags), surrogates, line and paragraph separators.
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
# Letters and marks by category, but drawn as nothing or changing the width of what they follow.
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0")
_MARK_CATEGORIES = frozenset({"Mn", "Me"})
_MAX_MARKS = 2  # on one letter; a pile of them runs over the lines above
_C0_END, _DEL, _BYTE_END, _PLANE_END = 0x20, 0x7F, 0x100, 0x10000


def visible(text: str, *, is_multiline: bool = False) -> str:
    r"""Return `text` with nothing in it that acts, hides, joins or piles up.

    Spelled out are control characters (ESC as ^[, others as \x9b, \u202e), format characters of all
    planes, variation selectors, letters without a picture, and combining marks from the third on
    one letter on. What is left takes as many cells as it seems to.

    Args:
        text: from anywhere.
        is_multiline: keep newlines and widen tabs; otherwise a newline shows as ^J.
    """
    if is_multiline:
        text = text.replace("\r\n", "\n").expandtabs(_TAB_WIDTH)
    else:
        text = text.replace("\n", "^J")
    if text.isascii():
        return _ASCII_CONTROL.sub(lambda match: _spelled(match[0]), text)
    return "".join(
        character if _has_picture(character, marks) else _spelled(character)
        for character, marks in _with_marks(text)
    )


def harmless(text: str) -> str:
    """Return foreign text without what `visible` spells out, for a field that holds it.

    Newlines and tabs stay; a carriage return becomes a newline.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        character
        for character, marks in _with_marks(text)
        if character == "\t" or _has_picture(character, marks)
    )


def excerpt(line: bytes, length: int = 60) -> str:
    """Return the beginning of a line of any bytes, for people."""
    text = visible(line[: length * 4].decode(errors="backslashreplace"))
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _with_marks(text: str) -> Iterator[tuple[str, int]]:
    """Yield each character and how many combining marks stand in a row up to it."""
    marks = 0
    for character in text:
        marks = marks + 1 if unicodedata.category(character) in _MARK_CATEGORIES else 0
        yield character, marks


def _has_picture(character: str, marks: int) -> bool:
    if character == "\n":
        return True
    if character in _INVISIBLE or unicodedata.category(character) in _INVISIBLE_CATEGORIES:
        return False
    return marks <= _MAX_MARKS and not unicodedata.name(character, "").startswith("VARIATION")


def _spelled(character: str) -> str:
    code = ord(character)
    if code < _C0_END or code == _DEL:
        return f"^{chr(code ^ 0x40)}"
    if code < _BYTE_END:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _PLANE_END else f"\\U{code:08x}"
