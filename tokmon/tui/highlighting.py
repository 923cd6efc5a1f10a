"""What is a keyword, a string, a comment in a growing Python text. Draws nothing."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from enum import StrEnum

# Pygments comes without types.
from pygments.lexers.python import PythonLexer  # type: ignore[import-untyped]
from pygments.token import (  # type: ignore[import-untyped]
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    String,
)


class Kind(StrEnum):
    """What a piece of Python is, as far as colours tell it."""

    PLAIN = "plain"
    KEYWORD = "keyword"
    STRING = "string"
    COMMENT = "comment"
    NUMBER = "number"
    DEFINITION = "definition"
    BUILTIN = "builtin"


STYLES = {
    Kind.PLAIN: "$foreground",
    Kind.KEYWORD: "bold $primary",
    Kind.STRING: "$success",
    Kind.COMMENT: "italic $text-muted",
    Kind.NUMBER: "$secondary",
    Kind.DEFINITION: "bold $warning",
    Kind.BUILTIN: "$secondary",
}
"""In the theme's colours; tokmon.tcss has the same for the widget."""
# First match wins.
_KINDS = (
    (Comment, Kind.COMMENT),
    (String, Kind.STRING),
    (Number, Kind.NUMBER),
    (Keyword, Kind.KEYWORD),
    (Operator.Word, Kind.KEYWORD),
    (Name.Function, Kind.DEFINITION),
    (Name.Class, Kind.DEFINITION),
    (Name.Decorator, Kind.DEFINITION),
    (Name.Builtin, Kind.BUILTIN),
    (Name.Exception, Kind.BUILTIN),
)
_BUDGET_S = 0.03
"""Of one look at the text. Measured: 12 kB of code take 16 ms; 10 kB of blank lines, 1.5 s."""
_SHARE = 0.1
"""Of the time at most goes into looking; between looks the newest text is plain."""
_lexer = PythonLexer(ensurenl=False, stripnl=False)


class Highlighter:
    """The kinds of one text, as far as it was looked at."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take a clock in seconds that only rises."""
        self._clock = clock
        self._starts: list[int] = [0]
        self._kinds: list[Kind] = [Kind.PLAIN]
        self._restart = 0
        self._seen = 0
        self._next_look = -1e9

    def follow(self, text: str, *, is_final: bool = False) -> bool:
        """Look at `text`, which has grown; return whether anything may be of another kind now.

        Args:
            text: as it is shown, so that offsets fit.
            is_final: no more will come, so now is the time.
        """
        now = self._clock()
        if len(text) == self._seen or (now < self._next_look and not is_final):
            return False
        self._look(text, now + _BUDGET_S)
        self._seen = len(text)
        self._next_look = now + (self._clock() - now) / _SHARE
        return True

    def between(self, start: int, end: int) -> Iterator[tuple[int, Kind]]:
        """Yield where each kind begins that stands between two offsets, the first at `start`."""
        index = bisect_right(self._starts, start) - 1
        yield start, self._kinds[index]
        for position in range(index + 1, len(self._starts)):
            if self._starts[position] >= end:
                return
            yield self._starts[position], self._kinds[position]

    def _look(self, text: str, deadline: float) -> None:
        """Read on from the last statement that surely began a line outside of any string."""
        keep = bisect_right(self._starts, self._restart) - 1
        origin, position = self._restart, self._restart
        del self._starts[keep:], self._kinds[keep:]
        for offset, token_type, value in _lexer.get_tokens_unprocessed(text[origin:]):
            position = origin + offset
            if token_type in Keyword and text[position - 1 : position] == "\n":
                self._restart = position
            self._mark(position, _kind(token_type))
            position += len(value)
            if self._clock() > deadline:
                break
        self._mark(position, Kind.PLAIN)

    def _mark(self, position: int, kind: Kind) -> None:
        if not self._kinds or self._kinds[-1] is not kind:
            self._starts.append(position)
            self._kinds.append(kind)


def _kind(token_type: object) -> Kind:
    return next((kind for family, kind in _KINDS if token_type in family), Kind.PLAIN)
