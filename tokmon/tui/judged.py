"""How a text's judgement is worded, in the panel and among the samples."""

from textual.content import Content

from tokmon.tui.text import MUTED, foreign, words

_VALIDITY = {
    "valid": ("valid", "$success"),
    "invalid": ("INVALID", "bold $warning"),
    "nothing": ("no statement", MUTED),
}


def collapse(is_collapsed: bool) -> Content:
    """Return whether a text repeats itself or is blank."""
    return words(("COLLAPSED", "bold $error") if is_collapsed else ("not collapsed", "$success"))


def validity(verdict: str) -> Content:
    """Return whether a text is Python; a verdict of someone else's is shown as it is."""
    known = _VALIDITY.get(verdict)
    return words(known) if known is not None else foreign(verdict)
