"""A document before it is Markdown or HTML: headings, tables, lists, code, figures.

Text is never markup here. The renderers escape all of it, so that nothing foreign can break out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Code:
    """Text to be shown as it is: anything foreign, file names, keys."""

    text: str


@dataclass(frozen=True, slots=True)
class Strong:
    """Words that matter more than those around them."""

    text: str


Inline: TypeAlias = str | Code | Strong
Text: TypeAlias = Inline | tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences."""

    text: Text


@dataclass(frozen=True, slots=True)
class Bullets:
    """A list."""

    items: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells. A column of numbers is set to the right."""

    heading: tuple[str, ...]
    rows: tuple[tuple[Text, ...], ...]
    """Each as long as the heading."""
    numbers: frozenset[int] = frozenset()
    """Columns of numbers, from 0."""

    def __post_init__(self) -> None:
        assert all(len(row) == len(self.heading) for row in self.rows), "a row has other columns"


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Lines to be shown, or copied, as they are."""

    text: str
    language: str = ""
    """As Markdown knows it: console, python, sh."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing."""

    name: str
    """Part of its file name: loss."""
    title: str
    """What it shows, for those who cannot see it too."""
    svg: str
    """The element <svg>, which takes its colours from the page."""


Block: TypeAlias = Paragraph | Bullets | Table | CodeBlock | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A page."""

    title: tuple[Inline, ...]
    lead: tuple[Block, ...]
    """Under the title."""
    sections: tuple[Section, ...]

    @property
    def figures(self) -> list[Figure]:
        """All drawings, in their order."""
        blocks = [block for section in self.sections for block in section.blocks]
        return [block for block in (*self.lead, *blocks) if isinstance(block, Figure)]


def pieces(text: Text) -> tuple[Inline, ...]:
    """Return the parts of a text."""
    return text if isinstance(text, tuple) else (text,)


def joined(texts: Sequence[Text], separator: str) -> tuple[Inline, ...]:
    """Return several texts as one, with something between them."""
    found: list[Inline] = []
    for index, text in enumerate(texts):
        found += [separator] if index else []
        found += pieces(text)
    return tuple(found)
