"""Words, numbers and signs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.content import Content

from tokmon.monitor.durations import age, duration
from tokmon.report import figures
from tokmon.tui import glyphs
from tokmon.tui.text import Part, bar, fit, plain, shortened, spread


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.036, "1.036"), (77.6, "77.6"), (311.2, "311"), (18_752, "18,752"), (1304, "1,304"),
     (9.9949, "9.995"), (9.9996, "10.0"), (99.97, "100"), (0, "0"), (1e-7, "1.0e-07"),
     (1.2e9, "1.2e+09"), (float("nan"), "-"), (float("inf"), "-"), (None, "-")],
)  # fmt: skip
def test_figures_have_the_digits_they_are_worth(value: float | None, text: str) -> None:
    assert figures.figure(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(463_000, "463k"), (28_355_328, "28.4M"), (999.96, "1.00k"), (12, "12"), (1.5, "1.50")],
)
def test_compact_numbers(value: float, text: str) -> None:
    assert figures.compact(value) == text


@pytest.mark.parametrize(
    ("seconds", "long", "short"),
    [(0.4, "0.4 s", "0 s"), (59.4, "59 s", "59 s"), (59.6, "1 min 00 s", "59 s"),
     (3_720, "1 h 02 min", "1 h"), (200_000, "2 d 7 h", "2 d"), (-5, "-5 s", "0 s")],
)  # fmt: skip
def test_durations(seconds: float, long: str, short: str) -> None:
    assert (duration(seconds), age(seconds)) == (long, short)


def parts(*texts: str) -> list[Part]:
    return [Part(Content(text), priority) for priority, text in enumerate(texts)]


@given(st.lists(st.text("ab", max_size=9), max_size=6), st.integers(0, 40))
def test_a_line_never_exceeds_its_room_and_never_cuts_a_part(texts: list[str], width: int) -> None:
    shown = fit(parts(*texts), width, gap=" | ").plain

    assert len(shown) <= width
    assert not shown or set(shown.split(" | ")) <= set(texts)
    assert len(spread(parts(*texts), parts("right"), width).plain) <= max(width, 0)


def test_what_matters_least_goes_first() -> None:
    assert fit(parts("first", "second", "third"), 14, gap=" ").plain == "first second"


@given(st.floats(-1, 2), st.integers(1, 50))
def test_a_bar_has_its_width_and_is_full_only_at_the_end(fraction: float, width: int) -> None:
    text = bar(fraction, width, glyphs.UNICODE).plain

    assert len(text) == width
    assert (text == "━" * width) == (fraction >= 1)


def test_foreign_text_has_no_markup_and_no_controls() -> None:
    text = plain("[red][/x]\x1b[0m")

    assert text.plain == "[red][/x]^[[0m"
    assert text.spans == []


def test_a_long_name_is_shortened_visibly() -> None:
    assert shortened("a" * 50, 10, glyphs.UNICODE) == "aaaaaaaaa…"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LANG": "en_US.UTF-8"}, glyphs.UNICODE),
        ({"LC_ALL": "C", "LANG": "en_US.UTF-8"}, glyphs.ASCII),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, glyphs.ASCII),
        ({"LANG": "C.UTF-8", "LC_CTYPE": "C.UTF-8"}, glyphs.UNICODE),
        ({"LC_CTYPE": "UTF-8"}, glyphs.UNICODE),
        ({"LANG": "de_DE.ISO-8859-1"}, glyphs.ASCII),
        ({}, glyphs.ASCII),
        ({"TOKMON_ASCII": "0"}, glyphs.UNICODE),
        ({"TOKMON_ASCII": "1", "LANG": "en_US.utf8"}, glyphs.ASCII),
    ],
)
def test_the_locale_chooses_the_signs(environment: dict[str, str], expected: glyphs.Glyphs) -> None:
    assert glyphs.suited_to(environment) is expected


def test_both_sets_have_a_sign_for_every_state_and_the_same_widths() -> None:
    assert glyphs.ASCII.phases.keys() == glyphs.UNICODE.phases.keys()
    for signs in (glyphs.ASCII, glyphs.UNICODE):
        assert all(Content(sign).cell_length == 1 for sign in signs.phases.values())
        assert len(signs.spark) == 8
