import time
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.scoring.lexer import Kind, words

PYTHONISH = st.text(alphabet="ab1_ \n\t\\'\"#()[]{}:=.fr\u00e9\u4e2d\U0001f600\0\r", max_size=80)


def spelled(text):
    return [(word.kind.name[:2], text[word.start : word.end]) for word in words(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("if x:", [("KE", "if"), ("WH", " "), ("ID", "x"), ("OP", ":")]),
        ("iffy", [("ID", "iffy")]),
        ("None", [("KE", "None")]),
        ("match", [("ID", "match")]),
        ("a**=2", [("ID", "a"), ("OP", "**="), ("LI", "2")]),
        (
            "0xFf 1_0.5e-3j .5",
            [("LI", "0xFf"), ("WH", " "), ("LI", "1_0.5e-3j"), ("WH", " "), ("LI", ".5")],
        ),
        ("x.y", [("ID", "x"), ("OP", "."), ("ID", "y")]),
        ("'if' # if\n", [("LI", "'if'"), ("WH", " "), ("CO", "# if"), ("WH", "\n")]),
        ('"a\\"b" c', [("LI", '"a\\"b"'), ("WH", " "), ("ID", "c")]),
        ("rb'x' Rr", [("LI", "rb'x'"), ("WH", " "), ("ID", "Rr")]),
        ("f'{a}'", [("LI", "f'{a}'")]),
        ('"""a\n"b"\nc"""d', [("LI", '"""a\n"b"\nc"""'), ("ID", "d")]),
        # What is not closed ends with the line, or in three quotes with the text.
        ("'a\nb", [("LI", "'a"), ("WH", "\n"), ("ID", "b")]),
        ("'''a\nb", [("LI", "'''a\nb")]),
        ("a \\\n b", [("ID", "a"), ("WH", " \\\n "), ("ID", "b")]),
        ("$?\0", [("OP", "$"), ("OP", "?"), ("OP", "\0")]),
        ("\u00e9t\u00e9", [("ID", "\u00e9t\u00e9")]),
    ],
)
def test_splits_text_into_words(text, expected):
    assert spelled(text) == expected


@given(PYTHONISH | st.text(max_size=60))
def test_words_are_the_text_without_gaps(text):
    found = list(words(text))

    assert "".join(text[word.start : word.end] for word in found) == text
    assert all(left.end == right.start for left, right in pairwise(found))
    assert all(word.end > word.start for word in found)


def test_agrees_with_pythons_tokenizer_on_keywords():
    import keyword
    import tokenize

    path = Path(tokenize.__file__)
    with path.open("rb") as file:
        expected = [
            token.string
            for token in tokenize.tokenize(file.readline)
            if token.type == tokenize.NAME and keyword.iskeyword(token.string)
        ]
    text = path.read_text(encoding="utf-8")

    assert [text[w.start : w.end] for w in words(text) if w.kind == Kind.KEYWORD] == expected


@pytest.mark.parametrize(
    "unit", ["'", '"', "'\"", "\\", "\\\n", "(", "f'{", "1_", "a ", '"""', "#", "'\\"]
)
def test_a_long_line_takes_no_longer_than_its_length(unit):
    started = time.process_time()

    list(words(unit * 50_000))

    # Half a second where it is linear, minutes where it is not.
    assert time.process_time() - started < 10
