"""Which kind of Python word each token of a tokenizer lies in. Pure; knows no tokenizer."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.scoring.lexer import Kind, words

CLASSES = tuple(kind.name.lower() for kind in Kind)
"""keyword, identifier, operator, literal, whitespace, comment; a class is an index into these."""
_BLANK = b" \t\n\r\f\v"


def token_classes(pieces: Sequence[bytes]) -> NDArray[np.int8]:
    """Return the class of each token, (len(pieces),), an index into `CLASSES`.

    A token has the class of the word that its first byte which is no whitespace lies in, and
    whitespace if it has none, also within strings and comments. So GPT-2's " return" is a keyword,
    and "):" an operator. A keyword of several tokens makes each of them one. Losses by kind of
    syntax element: Perplexed, arXiv 2404.06634.

    Args:
        pieces: bytes of each token. They may cut characters; together they may lack the beginning
            or the end of the text.
    """
    by_byte = _byte_classes(b"".join(pieces))
    classes = np.full(len(pieces), Kind.WHITESPACE, dtype=np.int8)
    start = 0
    for index, piece in enumerate(pieces):
        blank = len(piece) - len(piece.lstrip(_BLANK))
        if blank < len(piece):
            classes[index] = by_byte[start + blank]
        start += len(piece)
    return classes


def _byte_classes(content: bytes) -> NDArray[np.int8]:
    # Bytes that are no UTF-8 become a character each, so that none is lost.
    text = content.decode("utf-8", "surrogateescape")
    found = list(words(text))
    by_character = np.repeat(
        np.array([word.kind for word in found], dtype=np.int8),
        np.array([word.end - word.start for word in found], dtype=np.int64),
    )
    if len(text) == len(content):
        return by_character
    points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return np.repeat(by_character, _utf8_lengths(points))


def _utf8_lengths(points: NDArray[np.uint32]) -> NDArray[np.int64]:
    lengths = 1 + (points >= 0x80).astype(np.int64) + (points >= 0x800) + (points >= 0x10000)
    lengths[(points >= 0xDC80) & (points <= 0xDCFF)] = 1
    return lengths
