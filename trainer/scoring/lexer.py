r"""The words of Python text that need not be Python: errors are words too, and nothing raises.

Python's own tokenizer gives up at the first fault, and not at the same ones from version to
version. This one always reaches the end, in linear time. An f-string is one literal.
"""

import re
from collections.abc import Iterator
from enum import IntEnum
from keyword import kwlist
from typing import NamedTuple


class Kind(IntEnum):
    """What a word is. Whitespace holds line ends and backslashes before them."""

    KEYWORD = 0
    IDENTIFIER = 1
    OPERATOR = 2
    LITERAL = 3
    WHITESPACE = 4
    COMMENT = 5


class Word(NamedTuple):
    """A piece of text; words lie one after the other without gaps."""

    kind: Kind
    start: int
    """In characters."""
    end: int
    """Exclusive."""


_KEYWORDS = frozenset(kwlist)
# Possessive quantifiers keep it linear. A string without its end reaches to the end of the line,
# one in three quotes to the end of the text. What no other pattern takes is an operator.
_WORD = re.compile(
    r"""
    (?P<whitespace> (?: [ \t\f\r\n] | \\\r?\n )++ )
  | (?P<comment> \#[^\n]*+ )
  | (?P<literal>
        (?: [rR][bBfFtT]? | [bBfFtT][rR]? | [uU] )?
        (?: \"{3} (?: [^"\\] | \\. | "(?!"") )*+ (?: \"{3} )?
          | '{3} (?: [^'\\] | \\. | '(?!'') )*+ (?: '{3} )?
          | " (?: [^"\\\n] | \\. )*+ "?
          | ' (?: [^'\\\n] | \\. )*+ '?
        )
      | 0[xXoObB][0-9a-fA-F_]++
      | (?: [0-9][0-9_]*+ (?: \.[0-9_]*+ )? | \.[0-9][0-9_]*+ ) (?: [eE][+-]?[0-9][0-9_]*+ )? [jJ]?
    )
  | (?P<name> [^\W\d]\w*+ )
  | (?P<operator> \*\*=? | //=? | >>=? | <<=? | -> | := | \.\.\. | [-+*/%@&|^=<>!]=? | . )
    """,
    re.VERBOSE | re.DOTALL,
)


def words(text: str) -> Iterator[Word]:
    """Yield the words of `text` in their order; together they are the text."""
    for match in _WORD.finditer(text):
        yield Word(_kind(match), match.start(), match.end())


def _kind(match: re.Match[str]) -> Kind:
    if match.lastgroup == "name":
        return Kind.KEYWORD if match[0] in _KEYWORDS else Kind.IDENTIFIER
    return Kind[(match.lastgroup or "operator").upper()]
