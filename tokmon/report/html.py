"""A document as one HTML file that needs nothing else: style and drawings are in it.

No script, no link to anywhere. Every character of a text is escaped; foreign text is made visible.
"""

from html import escape
from pathlib import Path

from tokmon.monitor.visible import visible
from tokmon.report.document import (
    Block,
    Bullets,
    Code,
    CodeBlock,
    Document,
    Figure,
    Inline,
    Paragraph,
    Strong,
    Table,
    Text,
    pieces,
)

_STYLES = ("page.css", "chart.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def as_html(document: Document, *, refresh_s: int | None = None) -> str:
    """Return the page.

    Args:
        document: what to write.
        refresh_s: a browser loads the page again after so many seconds; None for never.
    """
    title = escape("".join(_plain(piece) for piece in document.title))
    refresh = f'<meta http-equiv="refresh" content="{refresh_s}">\n' if refresh_s else ""
    sections = [
        f"<section>\n<h2>{_line(section.title)}</h2>\n{_blocks(section.blocks)}\n</section>"
        for section in document.sections
    ]
    style = "".join(_style(name) for name in _STYLES)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n{refresh}'
        f"<title>{title}</title>\n<style>\n{style}</style>\n"
        f"</head>\n<body>\n<main>\n<header>\n<h1>{_line(document.title)}</h1>\n"
        f"{_blocks(document.lead)}\n</header>\n"
        + "\n".join(sections)
        + "\n</main>\n</body>\n</html>\n"
    )


def _style(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _blocks(blocks: tuple[Block, ...]) -> str:
    return "\n".join(_block(block) for block in blocks)


def _block(block: Block) -> str:
    match block:
        case Paragraph(text):
            return f"<p>{_line(text)}</p>"
        case Bullets(items):
            return "<ul>\n" + "\n".join(f"<li>{_line(item)}</li>" for item in items) + "\n</ul>"
        case Table():
            return _table(block)
        case CodeBlock(text, _):
            return f"<pre><code>{escape(visible(text, is_multiline=True))}</code></pre>"
        case Figure(name, title, svg):
            caption = f"<figcaption>{_line(title)}</figcaption>"
            return f'<figure id="figure-{escape(name)}">\n{svg}\n{caption}\n</figure>'


def _table(table: Table) -> str:
    """Return a table that scrolls by itself where the window is narrower."""
    heading = "".join(
        f'<th scope="col"{_number(table, column)}>{_line(name)}</th>'
        for column, name in enumerate(table.heading)
    )
    rows = "\n".join(
        "<tr>"
        + "".join(
            f"<td{_number(table, column)}>{_line(cell)}</td>" for column, cell in enumerate(row)
        )
        + "</tr>"
        for row in table.rows
    )
    # Reached by keyboard, as a mouse would scroll it.
    return (
        '<div class="table" tabindex="0" role="group" aria-label="table">\n<table>\n'
        f"<thead><tr>{heading}</tr></thead>\n"
        f"<tbody>\n{rows}\n</tbody>\n</table>\n</div>"
    )


def _number(table: Table, column: int) -> str:
    return ' class="number"' if column in table.numbers else ""


def _line(text: Text) -> str:
    return "".join(_inline(piece) for piece in pieces(text))


def _inline(piece: Inline) -> str:
    match piece:
        case Code(text):
            return f"<code>{escape(visible(text))}</code>" if text else "(empty)"
        case Strong(text):
            return f"<strong>{escape(visible(text))}</strong>"
        case _:
            return escape(visible(piece))


def _plain(piece: Inline) -> str:
    return visible(piece if isinstance(piece, str) else piece.text)
