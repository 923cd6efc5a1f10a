import time
import warnings
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.scoring.python_text import (
    MAX_DEPTH,
    Verdict,
    complete_part,
    has_keyword,
    judge,
    logical_lines,
    parses,
    statement_starts,
    tokenises,
)

N = 30_000
HOSTILE = {
    "null bytes": "\0" * N,
    "open brackets": "(" * N,
    "open braces": "{" * N,
    "minus": "-" * N + "1\n",
    "not": "not " * N + "1\n",
    "attributes": "a" + ".b" * N + "\n",
    "calls": "a" + "()" * N + "\n",
    "lambdas": "lambda:" * N + "1\n",
    "conditions": "x if y else " * (N // 10) + "1\n",
    "quotes": "'\"" * N,
    "backslashes": "\\" * N,
    "continued lines": "\\\n" * N,
    "f-strings": "f'{" * N,
    "indentation": "".join(" " * depth + "if x:\n" for depth in range(300)),
    "elif": "if x: pass\n" + "elif x: pass\n" * 5000,
    "carriage returns": "\r" * N,
    "lone surrogates": "\ud800" * N,
    "one long name": "a" * N + "\n",
    "bad braces": "{a:" * 60 + "1 1" + "}" * 60 + "\n",
    "bad calls": "f(lambda x:" * 50 + "1 1\n" + ")" * 50 + "\n",
    "form feeds": "\f" * N,
}
WORDS = (
    *("def f():", "if x:", "else:", "class A:", "return", "@d", " x", "1", "=", ";", "\u00e9"),
    *("\n", "\r", "\t", "\0", "    ", "(", ")", "[", "]", "'", '"""', "#", "\\"),
)
PYTHONISH = st.lists(st.sampled_from(WORDS), max_size=30).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("x = 1", ""),
        ("x = 1\n", "x = 1\n"),
        ("x = 1\ny = ", "x = 1\n"),
        ("x = 1  # c\n", "x = 1  # c\n"),
        # A block may go on, until something stands in column 0.
        ("def f():\n    return 1\n", ""),
        ("def f():\n    return 1\n\nx", "def f():\n    return 1\n\n"),
        ("if a:\n    b\nelse:\n    c\nd", "if a:\n    b\nelse:\n    c\n"),
        ("if a: b\n", ""),
        ("match x:\n", ""),
        ("match = 3\n", "match = 3\n"),
        # A decorator belongs to what it decorates.
        ("x\n@d\n", "x\n"),
        ("x\n@d\ndef f():\n    pass\n", "x\n"),
        ("@d\ndef f():\n    pass\ny", "@d\ndef f():\n    pass\n"),
        # Open brackets and strings.
        ("x\nf(1,\n", "x\n"),
        ("x\nf(1,\n  2)\n", "x\nf(1,\n  2)\n"),
        ('x\n"""doc\n', "x\n"),
        ("x = \\\n", ""),
        ("x = \\\n1\n", "x = \\\n1\n"),
        # Faults before the end stay.
        ("x = = 1\ny\n", "x = = 1\ny\n"),
        ("    x\n", ""),
        ("# only a comment\n", ""),
        ("x\r\ny\r\nz", "x\ny\n"),
    ],
)
def test_cuts_behind_the_last_complete_statement(text, expected):
    assert complete_part(text) == expected


def test_a_finished_text_is_not_cut():
    assert complete_part("def f():\n    return", is_finished=True) == "def f():\n    return"


@pytest.mark.parametrize(
    ("prompt", "continuation", "expected"),
    [
        ("def f(x):", "\n    return x\n\ny", Verdict.VALID),
        ("def f(x):", "\n    return return\n\ny", Verdict.INVALID),
        ("def f(x):", "\n    return x", Verdict.NOTHING),
        ("", "", Verdict.NOTHING),
        # The prompt alone parses; that is no merit of the model.
        ("import os\n", ":):):)", Verdict.NOTHING),
        ("import os", "\n", Verdict.NOTHING),
        ("import os", "\n:):):)\n", Verdict.INVALID),
        ("import os", ", sys\n", Verdict.VALID),
        ("", "x = '\\d'\n", Verdict.VALID),
        ("", "1 is 1\n", Verdict.VALID),
        ("", "print 'x'\n", Verdict.INVALID),
        ("", "x = 'a\n", Verdict.INVALID),
        ("", "a\0b\n", Verdict.INVALID),
    ],
)
def test_judges_what_was_completed(prompt, continuation, expected):
    assert judge(prompt, continuation) == expected


def test_a_finished_block_is_judged():
    assert judge("def f(x):", "\n    return x", is_finished=True) == Verdict.VALID
    assert judge("def f(x):", "\n    return (x", is_finished=True) == Verdict.INVALID
    assert judge("def f(x):", "", is_finished=True) == Verdict.NOTHING


def test_texts_warnings_are_not_the_callers():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parses("assert (1, 'x')\nx = '\\d' is 1\n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\n", True),
        ("x = = 1\n", True),
        ("x = $\n", False),
        ("x = 'a\n", False),
        ("if a:\n        b\n    c\n", False),
        ("def f():\n    return (1,", True),
        ("x = 1", False),
        ("", False),
    ],
)
def test_says_whether_complete_lines_tokenise(text, expected):
    assert tokenises("", text) is expected


@pytest.mark.parametrize(
    ("prompt", "continuation", "expected"),
    [
        ("def add(a, b):", "\n    return a", True),
        ("def add(a, b):", "\n    returned", False),
        ("def add(a, b):", "", False),
        # A word that the prompt began is the prompt's.
        ("impo", "rt os", False),
        ("x = ", "'return' # return\n", False),
        ('"""Say', " if it is so", False),
        ('"""Say', ' so"""\nif', True),
        ("", "$$ ((( ' \n if", True),
        ("x = ", "None", True),
    ],
)
def test_finds_keywords_in_the_continuation(prompt, continuation, expected):
    assert has_keyword(prompt, continuation) is expected


def test_statements_begin_in_column_0():
    text = "import a\n\n# c\n@d\ndef f():\n    x\n\nif a:\n    b\nelif c:\n    d\nelse:\n    e\n"

    assert [text[start:].split("\n")[0] for start in statement_starts(text)] == [
        "import a",
        "@d",
        "if a:",
    ]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_neither_crashes_nor_hangs(name):
    text = HOSTILE[name]
    started = time.process_time()

    verdicts = {judge("", text), judge("", text, is_finished=True)}
    tokenises("", text)
    has_keyword("", text)

    assert Verdict.VALID not in verdicts or name in {"one long name", "quotes"}
    assert time.process_time() - started < 20


def test_brackets_in_one_another_are_refused_beyond_a_depth():
    assert parses("(" * MAX_DEPTH + "1" + ")" * MAX_DEPTH)
    assert not parses("(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1))


@given(PYTHONISH | st.text(max_size=60), PYTHONISH | st.text(max_size=60))
def test_no_text_raises(prompt, continuation):
    for is_finished in (False, True):
        assert judge(prompt, continuation, is_finished=is_finished) in Verdict
        assert tokenises(prompt, continuation, is_finished=is_finished) in (True, False)
    assert has_keyword(prompt, continuation) in (True, False)


@given(PYTHONISH)
def test_the_complete_part_is_a_beginning_and_complete_itself(text):
    part = complete_part(text)

    assert text.replace("\r\n", "\n").replace("\r", "\n").startswith(part)
    assert complete_part(part + "x") == part


@given(PYTHONISH)
def test_logical_lines_do_not_overlap(text):
    lines = logical_lines(text)

    assert all(line.start < line.end for line in lines)
    assert all(left.end <= right.start for left, right in pairwise(lines))
