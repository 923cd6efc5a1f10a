"""Rows, tokens and colours of a text, for any text."""

import re
import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tokmon.monitor.visible import harmless, visible
from tokmon.tui.highlighting import Highlighter, Kind
from tokmon.tui.shown_text import Rows, ShownText

ODD = "\x00\x1b\r\t\n\x9b\u200b\u202e\u2066\ufeff\u0301\u0300\ufe0f\u3164\U000e0041\u4e2d\U0001f40d"
odd_text = st.text(st.one_of(st.sampled_from(ODD + "ab ()[/]"), st.characters(codec=None)))


def is_inert(text: str) -> bool:
    """Whether no terminal acts upon anything in `text` but its newlines."""
    acting = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return not any(unicodedata.category(sign) in acting for sign in text.replace("\n", ""))


@settings(max_examples=50)
@given(st.lists(odd_text, max_size=8), st.integers(2, 30))
def test_rows_hold_the_whole_text_in_cells_however_it_comes(pieces: list[str], width: int) -> None:
    shown = ShownText("p:")
    growing = Rows(width)
    growing.follow(shown.text)
    for piece in pieces:
        shown.append(piece)
        growing.follow(shown.text)
    at_once = Rows(width)
    at_once.follow(shown.text)

    rows = [shown.text[slice(*growing[row])] for row in range(len(growing))]
    assert rows == [shown.text[slice(*at_once[row])] for row in range(len(at_once))]
    assert "".join(rows) == shown.text.replace("\n", "")
    assert all(cell_len(row) <= width for row in rows)
    assert is_inert(shown.text)


@settings(max_examples=50)
@given(st.lists(odd_text, min_size=1, max_size=8))
def test_every_offset_belongs_to_the_token_that_covers_it(pieces: list[str]) -> None:
    shown = ShownText("prompt")
    for piece in pieces:
        shown.append(piece)

    for offset in range(shown.prompt_end, len(shown.text)):
        token = shown.token_at(offset)
        assert token is not None
        start, end = shown.span(token)
        assert start <= offset < end


def test_tabs_reach_to_the_stops_of_the_line_as_it_is_shown() -> None:
    shown = ShownText("ab")
    for piece in ("\t", "c\x1b", "\t", "d"):
        shown.append(piece)

    assert shown.text == "ab  c^[ d"


def test_a_row_breaks_behind_a_word() -> None:
    rows = Rows(12)
    text = "    return values\n\nx"
    rows.follow(text)

    assert [text[slice(*rows[row])] for row in range(len(rows))] == [
        "    return ",
        "values",
        "",
        "x",
    ]


@given(odd_text)
def test_what_is_visible_or_held_in_a_field_is_inert(text: str) -> None:
    assert is_inert(visible(text))
    assert is_inert(visible(text, is_multiline=True))
    assert is_inert(harmless(text).replace("\t", ""))
    assert harmless(harmless(text)) == harmless(text)


def test_marks_do_not_pile_up() -> None:
    assert visible("e" + "\u0301" * 4) == "e\u0301\u0301\\u0301\\u0301"


def kinds(text: str) -> dict[str, Kind]:
    highlighter = Highlighter(time.perf_counter)
    highlighter.follow(text, is_final=True)
    found = [*highlighter.between(0, len(text)), (len(text), Kind.PLAIN)]
    return {text[start:end]: kind for (start, kind), (end, _) in pairwise(found)}


def test_python_is_told_apart() -> None:
    found = kinds('def area(r):\n    # pi\n    return len("x") + 3.5\n')

    assert found["def"] is Kind.KEYWORD
    assert found["area"] is Kind.DEFINITION
    assert found["# pi"] is Kind.COMMENT
    assert found["len"] is Kind.BUILTIN
    assert found['"x"'] is Kind.STRING
    assert found["3.5"] is Kind.NUMBER


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["def f():\n", '"""', "'", "x = 1\n", "\n", "#", "(", "class "])))
def test_growing_and_whole_texts_have_the_same_kinds(pieces: list[str]) -> None:
    clock = iter(range(10**9))
    growing = Highlighter(lambda: next(clock) * 1e-9)
    text = ""
    for piece in pieces:
        text += piece
        growing.follow(text, is_final=True)
    whole = Highlighter(lambda: 0.0)
    whole.follow(text, is_final=True)

    assert per_character(growing, text) == per_character(whole, text)


def per_character(highlighter: Highlighter, text: str) -> list[Kind]:
    return [next(highlighter.between(at, at + 1))[1] for at in range(len(text))]


@pytest.mark.parametrize("text", [" \n" * 5_000, ":)" * 5_000, "a" * 10_000, '"""' * 3_000])
def test_looking_at_a_text_takes_a_bounded_time(text: str) -> None:
    highlighter = Highlighter(time.perf_counter)
    started = time.perf_counter()
    highlighter.follow(text)

    assert time.perf_counter() - started < 0.5
    assert not highlighter.follow(text + "x"), "a costly text is looked at again too soon"


def test_escapes_are_spelled_out_in_one_row() -> None:
    assert re.fullmatch(r"a\^\[b\\u202e", visible("a\x1bb\u202e"))
