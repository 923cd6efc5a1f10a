"""Numbers, tables and paragraphs as Markdown has them."""

import textwrap

_WIDTH = 100


def table(header: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def times(value: float | None) -> str:
    """Return a ratio to two places."""
    return "-" if value is None else f"{value:.2f}"


def percent(value: float | None, places: int = 0) -> str:
    """Return a share in percent."""
    return "-" if value is None else f"{100 * value:.{places}f} %"


def paragraph(text: str, **values: object) -> str:
    """Return `text` with its values, in lines of even length."""
    words = text.format(**values)
    return textwrap.fill(words, _WIDTH, break_long_words=False, break_on_hyphens=False)
