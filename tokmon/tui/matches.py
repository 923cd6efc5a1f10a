"""Where a text stands in a line, as a search on the screen means it. Pure."""

from collections.abc import Iterator


def found(needle: str, text: str) -> Iterator[tuple[int, int]]:
    """Yield where `needle` stands in `text`; without capitals in it, case does not matter."""
    if needle == needle.lower():
        text = _lowered(text)
    start = text.find(needle) if needle else -1
    while start >= 0:
        yield start, start + len(needle)
        start = text.find(needle, start + len(needle))


def _lowered(text: str) -> str:
    """Return `text` in small letters, as long as it was: one capital has two small letters."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)
