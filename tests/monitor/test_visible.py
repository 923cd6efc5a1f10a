"""Nothing that a terminal acts upon gets through."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.visible import excerpt, visible


@given(st.text())
def test_no_control_character_is_left(text: str) -> None:
    shown = visible(text)

    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "^[[31mred"),
        ("a\x00b", "a^@b"),
        ("one\ntwo", "one^Jtwo"),
        ("\x9b2J", "\\x9b2J"),
        ("evil\u202etxt", "evil\\u202etxt"),
        ("[/x] [red]", "[/x] [red]"),
    ],
)
def test_controls_are_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_code_keeps_its_lines_and_tabs() -> None:
    assert visible("def f():\r\n\treturn\n", is_multiline=True) == "def f():\n    return\n"


@given(st.binary(max_size=400))
def test_an_excerpt_of_any_bytes_is_short_and_safe(line: bytes) -> None:
    assert len(excerpt(line)) <= 60
