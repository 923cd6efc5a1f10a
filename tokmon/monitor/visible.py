"""Make foreign text safe to print: what a terminal would act upon is spelled out instead.

An untrained model, a native library and a torn log line all emit escape sequences, NULs and
characters that reorder the line. Must not drop anything silently.
"""

import re

_TAB_WIDTH = 4
# C0 but newline, DEL, C1, zero-width and bidirectional controls, line separators, surrogates.
_CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff"
    "\ufff9-\ufffb\ud800-\udfff]"
)
_C0_END = 0x20
_DEL = 0x7F
_BYTE_END = 0x100


def visible(text: str, *, is_multiline: bool = False) -> str:
    r"""Return `text` with its control characters spelled out: ESC as ^[, others as \x9b, \u202e.

    Args:
        text: from anywhere.
        is_multiline: keep newlines and widen tabs; otherwise a newline shows as ^J.
    """
    if is_multiline:
        text = text.replace("\r\n", "\n").expandtabs(_TAB_WIDTH)
    else:
        text = text.replace("\n", "^J")
    return _CONTROL.sub(_spelled, text)


def excerpt(line: bytes, length: int = 60) -> str:
    """Return the beginning of a line of any bytes, for people."""
    text = visible(line[: length * 4].decode(errors="backslashreplace"))
    return text if len(text) <= length else f"{text[: length - 3]}..."


def _spelled(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < _C0_END or code == _DEL:
        return f"^{chr(code ^ 0x40)}"
    return f"\\x{code:02x}" if code < _BYTE_END else f"\\u{code:04x}"
