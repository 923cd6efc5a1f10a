"""A prompt and its growing continuation as a screen may show them: safe, in rows, by token.

Knows cells, not colours. Only what is appended is worked on: a long text costs no more a token
than a short one.
"""

from bisect import bisect_right
from itertools import pairwise

from rich.cells import cell_len, get_character_cell_size

from tokmon.monitor.visible import visible

_TAB_WIDTH = 4


class ShownText:
    """What stands on the screen; offsets are of its characters, not of the model's."""

    def __init__(self, prompt: str) -> None:
        self.text = ""
        self._add(prompt)
        self.prompt_end = len(self.text)
        """Offset where the continuation begins."""
        self.starts: list[int] = []
        """Offset of each token; one that adds no whole character starts where the next does."""

    def append(self, piece: str) -> None:
        """Add the text of the next token."""
        self.starts.append(len(self.text))
        self._add(piece)

    def span(self, token: int) -> tuple[int, int]:
        """Return from where to where a token reaches."""
        is_last = token + 1 == len(self.starts)
        return self.starts[token], len(self.text) if is_last else self.starts[token + 1]

    def token_at(self, offset: int) -> int | None:
        """Return the token that `offset` lies in, or the first one where it lies in the prompt."""
        return max(0, bisect_right(self.starts, offset) - 1) if self.starts else None

    def _add(self, piece: str) -> None:
        """Add text whose tabs reach to the next stop of the line as it is shown."""
        first, *rest = piece.replace("\r\n", "\n").split("\t")
        self.text += visible(first, is_multiline=True)
        for part in rest:
            column = cell_len(self.text[self.text.rfind("\n") + 1 :][-_TAB_REACH:])
            self.text += " " * (_TAB_WIDTH - column % _TAB_WIDTH)
            self.text += visible(part, is_multiline=True)


_TAB_REACH = 4096
"""Characters of a line that are measured for a tab; further ones make no line anyone reads."""


class Rows:
    """A text cut into rows of at most `width` cells, kept up with as the text grows."""

    def __init__(self, width: int) -> None:
        self.width = max(2, width)  # a wide character takes two
        self._rows: list[tuple[int, int]] = []
        self._seen = -1

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, row: int) -> tuple[int, int]:
        """Return the offsets of a row, without its newline."""
        return self._rows[row]

    def at(self, offset: int) -> int:
        """Return the row that `offset` stands on."""
        return max(0, bisect_right(self._rows, (offset, _BEYOND)) - 1)

    def follow(self, text: str) -> None:
        """Take in what was appended; only the last row can change."""
        if len(text) == self._seen:
            return
        start = self._rows.pop()[0] if self._rows else 0
        self._rows += _wrapped(text, start, self.width)
        self._seen = len(text)


_BEYOND = 2**62
"""Beyond any offset."""


def _wrapped(text: str, start: int, width: int) -> list[tuple[int, int]]:
    rows: list[tuple[int, int]] = []
    while True:
        newline = text.find("\n", start)
        end = len(text) if newline < 0 else newline
        cuts = _cuts(text, start, end, width)
        rows += pairwise(cuts)
        if newline < 0:
            return rows
        start = newline + 1


def _cuts(text: str, start: int, end: int, width: int) -> list[int]:
    """Return where the rows of one line begin, and its end; an empty line is one row."""
    cuts = [start]
    while (cut := _reach(text, cuts[-1], end, width)) < end:
        space = text.rfind(" ", cuts[-1] + width // 2, cut)
        cuts.append(cut if space < 0 or text[cut] == " " else space + 1)
    return [*cuts, end]


def _reach(text: str, start: int, end: int, width: int) -> int:
    """Return how far `width` cells reach."""
    window = text[start : min(end, start + width)]
    if window.isascii():
        return start + len(window)
    cells, position = 0, start
    while position < end:
        cells += get_character_cell_size(text[position])
        if cells > width:
            return max(position, start + 1)
        position += 1
    return end
