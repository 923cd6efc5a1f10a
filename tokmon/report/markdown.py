"""A document as GitHub-flavoured Markdown. Every character of a text stands for itself.

Foreign text is made visible and then quoted: in a table cell, too, where a pipe would end it.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

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

# What begins or ends markup anywhere in a line. `_` within a word, `<` before a space and a bracket
# that no target follows do not.
_SPECIAL = re.compile(r"[\\`*|~$]|&(?=[#\w])|<(?=[\w/!?])|\](?=[(\[:])|(?<![^\W_])_|_(?![^\W_])")
# What begins a block, or a target for links, where it begins a line.
_OPENING = re.compile(r"^([#>=+\[-]|\d+(?=[.)]))")
_BACKTICKS = re.compile("`+")
_WIDEST = 60
"""A cell that is wider than this many characters does not widen its column."""


def as_markdown(document: Document, images: Mapping[str, str]) -> str:
    """Return the page.

    Args:
        document: what to write.
        images: file names of figures by their names; a figure without one is left out.
    """
    parts = [f"# {_line(document.title)}", *_blocks(document.lead, images)]
    for section in document.sections:
        parts += [f"## {_line(section.title)}", *_blocks(section.blocks, images)]
    return "\n\n".join(parts) + "\n"


def _blocks(blocks: tuple[Block, ...], images: Mapping[str, str]) -> list[str]:
    return [text for block in blocks if (text := _block(block, images))]


def _block(block: Block, images: Mapping[str, str]) -> str:
    match block:
        case Paragraph(text):
            return _opened(_line(text))
        case Bullets(items):
            return "\n".join(f"- {_opened(_line(item))}" for item in items)
        case Table():
            return _table(block)
        case CodeBlock(text, language):
            return _fenced(visible(text, is_multiline=True), language)
        case Figure(name, title, _):
            file = images.get(name)
            return f"![{_alternative(title)}]({quote(file, errors='replace')})" if file else ""


def _alternative(title: str) -> str:
    """Return what stands for an image: brackets would have to come in pairs there."""
    return re.sub(r"(?<!\\)[\[\]]", lambda match: f"\\{match[0]}", _line(title))


def _table(table: Table) -> str:
    """Return a table whose columns line up, so that it reads as plain text too."""
    rows = [[_line(cell, is_cell=True) for cell in row] for row in (table.heading, *table.rows)]
    widths = [
        max([3, *(len(row[column]) for row in rows if len(row[column]) <= _WIDEST)])
        for column in range(len(rows[0]))
    ]
    rule = [
        "-" * (width - 1) + ":" if column in table.numbers else "-" * width
        for column, width in enumerate(widths)
    ]
    lines = [_row(rows[0], widths, table.numbers), "| " + " | ".join(rule) + " |"]
    return "\n".join(lines + [_row(row, widths, table.numbers) for row in rows[1:]])


def _row(cells: list[str], widths: list[int], numbers: frozenset[int]) -> str:
    padded = [
        cell.rjust(width) if column in numbers else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "| " + " | ".join(padded) + " |"


def _line(text: Text, *, is_cell: bool = False) -> str:
    return "".join(_inline(piece, is_cell) for piece in _merged(pieces(text)))


def _merged(parts: tuple[Inline, ...]) -> list[Inline]:
    """Put plain text together: what two parts make of each other is seen in one of them only."""
    found: list[Inline] = []
    for part in parts:
        if found and isinstance(part, str) and isinstance(found[-1], str):
            found[-1] += part
        elif part != "":
            found.append(part)
    return found


def _inline(piece: Inline, is_cell: bool) -> str:
    match piece:
        case Code(text):
            return _code(visible(text), is_cell)
        case Strong(text):
            return _strong(text)
        case _:
            return _escaped(piece)


def _strong(text: str) -> str:
    """Return bold text; a space at its end stands outside, else it would not end there."""
    core = text.strip()
    if not core:
        return _escaped(text)
    before, after = text[: text.index(core[0])], text[len(text.rstrip()) :]
    return f"{before}**{_escaped(core)}**{after}"


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda match: f"\\{match[0]}", visible(text))


def _opened(line: str) -> str:
    """Keep the beginning of a line from opening a list, a heading or a quotation."""
    return _OPENING.sub(lambda match: _disarmed(match[1]), line.lstrip())


def _disarmed(opening: str) -> str:
    # A number is no punctuation: what comes behind it is what has to be escaped, by an entity.
    return f"&#{ord(opening[0])};{opening[1:]}" if opening[0].isdigit() else f"\\{opening}"


def _code(text: str, is_cell: bool) -> str:
    """Return a code span; within a table cell its pipes are escaped, as that grammar wants it."""
    if not text.strip():
        return f"({len(text)} spaces)" if text else "(empty)"
    fence = "`" * (max((len(run) for run in _BACKTICKS.findall(text)), default=0) + 1)
    is_padded = text[0] in "` " or text[-1] in "` "
    content = f" {text} " if is_padded else text
    return fence + (content.replace("|", "\\|") if is_cell else content) + fence


def _fenced(text: str, language: str) -> str:
    longest = max((len(run) for run in _BACKTICKS.findall(text)), default=0)
    fence = "`" * max(3, longest + 1)
    content = text.rstrip("\n")
    return f"{fence}{language}\n{content}\n{fence}"
