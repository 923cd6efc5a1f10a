"""Which documents are code that people did not write: a rule each, its numbers in one place.

docs/CORPUS.md says what each rule catches in real packages. Limits of size are not here: they are
the recipe's.
"""

import re
from collections.abc import Callable, Mapping

from trainer.corpus.recipe import Filters

HEAD_LINES = 20
"""Lines at the top of a document where a generator leaves its mark. ANTLR's wrappers in sympy have
theirs in line 12, pygments its own below the docstring, in line 16."""
_BY_ITSELF = r"(?:automatically |machine[- ]|auto-?)"
BEGINNINGS = (
    rf"this (?:\w+ ){{1,3}}(?:is|was|has been) {_BY_ITSELF}?generated\b",
    rf"{_BY_ITSELF}generated\W*(?:$|(?:by|from|with|using|file|code|data|for|on|please)\b)",
    r"(?:(?:code|contents?|file) )?generated (?:by|from)\b",
)
"""How a comment, or a sentence in the docstring, begins that says so."""
ANYWHERE = (
    r"@generated\b",
    r"\bdo not edit\b",
    r"\bdo not modify\b(?=\W*$| (?:this|it|manually|by hand)\b)",
)
"""What says so anywhere in such a line."""

MEAN_LINE_CHARS = 110
"""Minified: longer lines than this on average. Prose in prompts reaches 103."""
LONG_LINE_CHARS = 1000
"""Minified as well: lines longer than this hold..."""
LONG_LINES_SHARE = 0.25
"""...this share of the text. Serialised blobs in the tests of jax hold 20 to 98 %."""

TABLE_MIN_CHARS = 4096
"""Shorter documents are never data tables: __init__ files with lists of names look like them."""
LITERAL_LINES_SHARE = 0.85
"""Data table: this share of the text, comments aside, stands in lines of literals and brackets."""
CODE_MARKS = ("def ", " = ")
CHARS_PER_CODE_MARK = 250
"""Not looked at line by line: documents with more of these marks than one in so many characters.
That makes the rule twice as fast; of 108 tables it misses plotly's three of colours."""
DIGITS_SHARE = 0.25
"""Data table as well: this share of the bytes are digits."""

LICENCE_WORDS = r"licen[sc]e|copyright|SPDX-|all rights reserved|public domain|warranty"
HEADER_SHARE = 0.9
"""Licence only: the comment at the top makes up this share of the text, with such words in it."""

# Repetitions are possessive, so that no text makes them slow.
_HEAD_LINE = re.compile(r"""(?:\s*+\#[\s#*=<>_!-]*+|["'*\s-]*+(?=[A-Z]))(?P<words>.*)""", re.X)
_GENERATED = re.compile(rf"{'|'.join(BEGINNINGS)}|.*(?:{'|'.join(ANYWHERE)})", re.I)
_LICENCE = re.compile(LICENCE_WORDS, re.I)
_DIGITS = b"0123456789"
_LITERAL_OR_COMMENT_LINE = re.compile(
    r"""^(?:
        (?P<literal>
            (?> [ \t\[\](){},:;+*.-]++
              | [rbuRBU]{0,2} (?: '(?>[^'\\\n]|\\.)*+' | "(?>[^"\\\n]|\\.)*+" )
              | 0[xX][0-9a-fA-F_]++ | [0-9][0-9_.eEjJ]*+ | \b(?:None|True|False)\b
            )++ (?:\#[^\n]*+)?
        )
        | [ \t]*+\#[^\n]*+
    )$""",
    re.M | re.X,
)
_COMMENTS = re.compile(r"(?>[ \t\f]*+(?:\#[^\n]*+)?(?:\n|\Z))*+")
_DOCSTRING = re.compile(
    r"""[rRuU]?(?: \"\"\"(?>[^"\\]|\\.|"(?!""))*+\"\"\" | '''(?>[^'\\]|\\.|'(?!''))*+'''
        | "[^"\\\n]*+" | '[^'\\\n]*+' )""",
    re.S | re.X,
)


def reason_to_skip(text: str, filters: Filters) -> str | None:
    """Return the name of the first rule that `text` falls under, of those that are on."""
    for name, applies in RULES.items():
        if getattr(filters, name) and applies(text):
            return name
    return None


def is_generated(text: str) -> bool:
    """Say whether a mark in the first lines says that a program wrote this."""
    for line in text.split("\n", HEAD_LINES)[:HEAD_LINES]:
        head = _HEAD_LINE.match(line)
        if head and _GENERATED.match(head["words"]):
            return True
    return False


def is_minified(text: str) -> bool:
    """Say whether lines are longer than people write them."""
    lines = text.split("\n")
    if len(text) >= MEAN_LINE_CHARS * len(lines):
        return True
    long = sum(len(line) for line in lines if len(line) > LONG_LINE_CHARS)
    return long >= LONG_LINES_SHARE * len(text)


def is_data_table(text: str) -> bool:
    """Say whether this is data written as code: literals line by line, or mostly digits."""
    if len(text) < TABLE_MIN_CHARS:
        return False
    content = text.encode()
    if len(content) - len(content.translate(None, _DIGITS)) >= DIGITS_SHARE * len(content):
        return True
    if sum(map(text.count, CODE_MARKS)) * CHARS_PER_CODE_MARK > len(text):
        return False
    literal = comment = 0
    for line in _LITERAL_OR_COMMENT_LINE.finditer(text):
        if line.lastgroup:
            literal += line.end() - line.start()
        else:
            comment += line.end() - line.start()
    return literal >= LITERAL_LINES_SHARE * (len(text) - comment) > 0


def is_licence_only(text: str) -> bool:
    """Say whether there is hardly anything but a header with licence words."""
    text = text.strip()
    header = _COMMENTS.match(text)
    end = header.end() if header else 0
    if end >= HEADER_SHARE * len(text):
        return _LICENCE.search(text, 0, end) is not None
    docstring = _DOCSTRING.match(text, end)
    rest = _COMMENTS.match(text, docstring.end()) if docstring else None
    is_all = rest is not None and rest.end() == len(text)
    return is_all and _LICENCE.search(text) is not None


RULES: Mapping[str, Callable[[str], bool]] = {
    "generated": is_generated,
    "minified": is_minified,
    "data_table": is_data_table,
    "licence_only": is_licence_only,
}
"""Name in the recipe and in the manifest's counts, and rule; applied in this order."""
