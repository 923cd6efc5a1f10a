"""Searching a long file: every match, either way, across the pieces that are read."""

import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokmon.monitor import line_search
from tokmon.monitor.line_index import Extent
from tokmon.monitor.line_search import TRACEBACKS, Needle, find, literal, marks


def extent_of(path: Path, content: bytes) -> Extent:
    path.write_bytes(content)
    return Extent(path, size=len(content), line_count=content.count(b"\n"))


@settings(max_examples=80, deadline=None)
@given(
    st.binary(max_size=60).map(lambda text: bytes(65 + byte % 3 for byte in text)),
    st.sampled_from(["A", "AB", "BCA", "b", "bc", "zz"]),
    st.integers(1, 9),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_the_first_and_the_last_match_are_found_across_pieces(
    content: bytes, text: str, piece: int, start: int, end: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(line_search, "_PIECE_BYTES", piece)
        extent = extent_of(Path(folder) / "output.log", content)
        end = min(end, len(content))
        searched = content.lower() if text.islower() else content
        places = [
            place
            for place in range(start, end)
            if searched[place : place + len(text)] == text.encode()
        ]

        assert find(extent, literal(text), start, end) == (places[0] if places else None)
        last = find(extent, literal(text), start, end, is_backwards=True)
        assert last == (places[-1] if places else None)


def test_capitals_matter_only_if_there_are_some(tmp_path: Path) -> None:
    extent = extent_of(tmp_path / "output.log", b"nan NaN\n")

    assert find(extent, literal("nan"), 1, 8) == 4
    assert find(extent, literal("NaN"), 0, 8) == 4
    assert find(extent, literal("NAN"), 0, 8) is None


def test_a_search_that_is_not_wanted_any_more_ends(tmp_path: Path) -> None:
    extent = extent_of(tmp_path / "output.log", b"x" * 10)

    assert find(extent, literal("x"), 0, 10, should_stop=lambda: True) is None


def test_tracebacks_and_echoes_of_events_are_marks(tmp_path: Path) -> None:
    content = b"not best: this\nbest: 3.2\n[rank0]: Traceback (most recent call last):\na.b: no\n"
    extent = extent_of(tmp_path / "output.log", content)
    places = []
    place = find(extent, marks(["best", "a+b"]), 0, extent.size)
    while place is not None:
        places.append(place)
        place = find(extent, marks(["best", "a+b"]), place + 1, extent.size)

    assert places == [15, content.index(b"Traceback")]
    assert find(extent, TRACEBACKS, 0, extent.size) == places[1]
    assert find(extent, marks([]), 0, extent.size) == places[1]


def test_a_pattern_is_taken_as_it_stands(tmp_path: Path) -> None:
    extent = extent_of(tmp_path / "output.log", b"lr 3.00e-04 (a+b)* [x]\n")

    for text in ("3.00", "(a+b)*", "[x]"):
        place = find(extent, literal(text), 0, extent.size)
        assert place == extent.path.read_bytes().index(text.encode())
    assert find(extent, literal("3x00"), 0, extent.size) is None
    assert isinstance(Needle(re.compile(b"x")).pattern, re.Pattern)
