from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.scoring.pieces import TOKENIZER
from trainer.scoring.token_classes import CLASSES, token_classes


def named(pieces):
    return [CLASSES[kind] for kind in token_classes(pieces)]


def classes_of(text):
    pieces = [TOKENIZER.piece(token) for token in TOKENIZER.encode(text)]
    return list(zip([piece.decode() for piece in pieces], named(pieces), strict=True))


def test_names_the_six_classes():
    assert CLASSES == ("keyword", "identifier", "operator", "literal", "whitespace", "comment")


def test_classes_of_a_function():
    assert classes_of("def add(a):\n  return a + 1  # sum") == [
        ("def", "keyword"),
        (" add", "identifier"),
        ("(", "operator"),
        ("a", "identifier"),
        ("):", "operator"),
        ("\n", "whitespace"),
        (" ", "whitespace"),
        (" return", "keyword"),
        (" a", "identifier"),
        (" +", "operator"),
        (" 1", "literal"),
        (" ", "whitespace"),
        (" #", "comment"),
        (" sum", "comment"),
    ]


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([], []),
        ([b""], ["whitespace"]),
        # The first byte that is no whitespace decides.
        ([b"(x", b"=", b"None", b")"], ["operator", "operator", "keyword", "operator"]),
        ([b"x", b"=None"], ["identifier", "operator"]),
        ([b"\n   if", b" x"], ["keyword", "identifier"]),
        # A keyword in parts, and a longer word that begins like one.
        ([b"non", b"local", b" x"], ["keyword", "keyword", "identifier"]),
        ([b"if", b"fy"], ["identifier", "identifier"]),
        # Blanks in a string are blanks; words in it are the string's.
        (
            [b'"', b"if", b"  ", b" x", b'"'],
            ["literal", "literal", "whitespace", "literal", "literal"],
        ),
        ([b"#", b" if", b"\n", b"if"], ["comment", "comment", "whitespace", "keyword"]),
        # Characters of several bytes, cut anywhere.
        ([b"\xc3", b"\xa9", b" if"], ["identifier", "identifier", "keyword"]),
        ([b"'\xf0\x9f", b"\x98\x80", b"' if"], ["literal", "literal", "literal"]),
        ([b"'\xe4\xb8\xad'", b" is", b" x"], ["literal", "keyword", "identifier"]),
        # What is no UTF-8 at all shifts nothing.
        ([b"'\xff\xfe", b"'", b" in"], ["literal", "literal", "keyword"]),
        ([b"\x80", b"in"], ["operator", "keyword"]),
    ],
)
def test_class_of_tokens_that_straddle_words(pieces, expected):
    assert named(pieces) == expected


@given(st.lists(st.binary(max_size=6), max_size=20))
def test_any_bytes_have_classes(pieces):
    classes = token_classes(pieces)

    assert classes.shape == (len(pieces),)
    assert np.all((classes >= 0) & (classes < len(CLASSES)))


@given(st.text(max_size=60), st.data())
def test_a_character_has_its_class_however_the_text_is_cut(text, data):
    content = text.encode()
    cuts = sorted(data.draw(st.sets(st.integers(0, len(content)), max_size=5)) | {0, len(content)})
    pieces = [content[a:b] for a, b in pairwise(cuts)]
    single = token_classes([bytes([byte]) for byte in content])

    starts = np.cumsum([0, *map(len, pieces)])
    for piece, start, kind in zip(pieces, starts, token_classes(pieces), strict=False):
        solid = [place for place, byte in enumerate(piece) if byte not in b" \t\n\r\f\v"]
        if solid:
            assert kind == single[start + solid[0]]
