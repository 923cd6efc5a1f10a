"""From the bytes of a file to the text of a document, or to the reason why it is none."""

from enum import StrEnum


class Skip(StrEnum):
    """Why a file is no document; the values are keys of the manifest's counts."""

    UNREADABLE = "unreadable"
    EMPTY = "empty"
    NUL = "nul"
    NOT_UTF8 = "not_utf8"


def document_text(content: bytes) -> str | Skip:
    """Return a file's text as Python reads it: no byte order mark, every line end a newline.

    So the same package gives the same tokens on every system. Blank files count as empty.
    """
    if b"\0" in content:
        return Skip.NUL
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Skip.NOT_UTF8
    if not text or text.isspace():
        return Skip.EMPTY
    return text.replace("\r\n", "\n").replace("\r", "\n")
