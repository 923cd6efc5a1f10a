"""From the bytes of a file to the text of a document, or to the reason why it is none."""

from enum import StrEnum

from trainer.corpus.filters import reason_to_skip
from trainer.corpus.recipe import Filters


class Skip(StrEnum):
    """Why a file is no document; the values are keys of the manifest's counts."""

    UNREADABLE = "unreadable"
    EMPTY = "empty"
    NUL = "nul"
    NOT_UTF8 = "not_utf8"
    GENERATED = "generated"
    MINIFIED = "minified"
    DATA_TABLE = "data_table"
    LICENCE_ONLY = "licence_only"


NO_FILTERS = Filters(generated=False, minified=False, data_table=False, licence_only=False)
"""Takes every text."""


def document_text(content: bytes, filters: Filters = NO_FILTERS) -> str | Skip:
    """Return a file's text as Python reads it: no byte order mark, every line end a newline.

    So the same package gives the same tokens on every system. Blank files count as empty; of the
    others those go that one of the filters leaves out.
    """
    if b"\0" in content:
        return Skip.NUL
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Skip.NOT_UTF8
    if not text or text.isspace():
        return Skip.EMPTY
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    reason = reason_to_skip(text, filters)
    return Skip(reason) if reason else text
