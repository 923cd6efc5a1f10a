"""Whether text is Python: what parses, what tokenises, where keywords are. Runs none of it.

The text may be anything: a model writes null bytes and ten thousand brackets.
"""

import ast
import io
import tokenize
import warnings
from dataclasses import dataclass
from enum import StrEnum

from trainer.scoring.lexer import Kind, Word, words

_OPENING, _CLOSING = "([{", ")]}"
_CLAUSES = frozenset({"elif", "else", "except", "finally"})
_COMPOUND = frozenset({"async", "class", "def", "for", "if", "try", "while", "with"})
_NOT_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
MAX_DEPTH = 100
"""Of brackets in one another. CPython refuses 200, and not before it has tried for long."""


class Verdict(StrEnum):
    """What `judge` finds."""

    VALID = "valid"
    INVALID = "invalid"
    NOTHING = "nothing"
    """No statement was completed by the continuation."""


@dataclass(frozen=True, slots=True)
class Line:
    """A logical line: up to a line end outside of brackets and strings. Blank ones are none."""

    start: int
    """Of its first word, in characters."""
    end: int
    """Behind its line end."""
    first: str
    """Its first word."""
    is_top_level: bool
    """Whether it begins in column 0."""
    is_ended: bool
    """Whether the line end is there."""


def logical_lines(text: str) -> list[Line]:
    """Return the logical lines; comments alone on a line belong to none."""
    found: list[Line] = []
    first: Word | None = None
    depth = 0
    for word in words(text):
        if word.kind == Kind.WHITESPACE:
            if first is None or depth or (line_end := _line_end(text, word)) < 0:
                continue
            found.append(_line(text, first, line_end + 1, is_ended=True))
            first = None
        elif word.kind != Kind.COMMENT:
            first = first or word
            depth = max(0, depth + _step(text, word))
    if first is not None:
        found.append(_line(text, first, len(text), is_ended=False))
    return found


def statement_starts(text: str) -> list[int]:
    """Return where top-level statements begin, in characters.

    A decorator begins the statement that it decorates; `else` and its like continue one.
    """
    return _statement_starts(logical_lines(text))


def _statement_starts(lines: list[Line]) -> list[int]:
    top = [line for line in lines if line.is_top_level]
    firsts = ["", *(line.first for line in top)]
    return [
        line.start
        for before, line in zip(firsts, top, strict=False)
        if before != "@" and line.first not in _CLAUSES
    ]


def complete_part(text: str, *, is_finished: bool = False) -> str:
    """Return `text` up to the end of its last complete top-level statement.

    A statement is complete if another begins after it in column 0, or if it is a simple one
    and its line end is there. What is cut off could still have become Python: an open bracket or
    string, a block that may go on, half a line.

    Args:
        text: any.
        is_finished: whether the author ended it here; then all of it is complete.
    """
    text = _with_newlines(text)
    if is_finished:
        return text
    lines = logical_lines(text)
    starts = _statement_starts(lines)
    if not starts:
        return ""
    is_simple = lines[-1].start == starts[-1] and _is_simple(text, lines[-1])
    return text[: lines[-1].end if is_simple else starts[-1]]


def judge(prompt: str, continuation: str, *, is_finished: bool = False) -> Verdict:
    """Say whether prompt and continuation, cut by `complete_part`, are Python to `ast.parse`.

    NOTHING where the rest has no word of the continuation: then it would be the prompt that is
    judged. Where to cut is a definition of tokmon's own (design, section 4).
    """
    rest = complete_part(prompt + continuation, is_finished=is_finished)
    if not _reaches(rest, prompt):
        return Verdict.NOTHING
    return Verdict.VALID if parses(rest) else Verdict.INVALID


def parses(text: str) -> bool:
    """Say whether `ast.parse` accepts `text`; brackets beyond `MAX_DEPTH` are refused unread."""
    if _depth(text) > MAX_DEPTH:
        return False
    with warnings.catch_warnings():
        # Of escapes and comparisons in the text; there is nobody here to heed them.
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except _NOT_PYTHON:
            return False
    return True


def tokenises(prompt: str, continuation: str, *, is_finished: bool = False) -> bool:
    """Say whether Python's `tokenize` reads all complete logical lines without an error.

    As `judge`, where nothing of the continuation is left the answer is no. Weaker than to parse:
    it asks for closed strings, known characters and dedents that fit.
    """
    text = _with_newlines(prompt + continuation)
    if not is_finished:
        ended = [line.end for line in logical_lines(text) if line.is_ended]
        text = text[: ended[-1]] if ended else ""
    if not _reaches(text, prompt) or "\0" in text:
        return False
    try:
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return all(token.type != tokenize.ERRORTOKEN or token.string.isspace() for token in tokens)
    except (tokenize.TokenError, *_NOT_PYTHON):
        return False


def has_keyword(prompt: str, continuation: str) -> bool:
    """Say whether a keyword begins in the continuation, as a word and not in a string or comment.

    By `keyword.kwlist`; the text need not parse.
    """
    return any(
        word.kind == Kind.KEYWORD and word.start >= len(prompt)
        for word in words(prompt + continuation)
    )


def _with_newlines(text: str) -> str:
    """Return the text with the line ends that Python sees in it."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _reaches(rest: str, prompt: str) -> bool:
    return bool(rest[len(_with_newlines(prompt)) :].strip())


def _line(text: str, first: Word, end: int, *, is_ended: bool) -> Line:
    is_top_level = first.start == 0 or text[first.start - 1] == "\n"
    return Line(first.start, end, text[first.start : first.end], is_top_level, is_ended)


def _line_end(text: str, word: Word) -> int:
    """Return where a line ends in whitespace; -1 if every line end in it has its backslash."""
    place = text.find("\n", word.start, word.end)
    while place > word.start and text[place - 1] == "\\":
        place = text.find("\n", place + 1, word.end)
    return place


def _is_simple(text: str, line: Line) -> bool:
    """Say whether a logical line is a whole statement, that no next line can belong to."""
    has_block = line.first in _COMPOUND or text[line.start : line.end].rstrip().endswith(":")
    return line.is_ended and not has_block and line.first != "@"


def _step(text: str, word: Word) -> int:
    """Return by how much a word changes the depth of brackets."""
    character = text[word.start]
    if word.kind != Kind.OPERATOR:
        return 0
    return (character in _OPENING) - (character in _CLOSING)


def _depth(text: str) -> int:
    depth = deepest = 0
    for word in words(text):
        depth = max(0, depth + _step(text, word))
        deepest = max(deepest, depth)
    return deepest
