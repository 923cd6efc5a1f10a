"""Lines of a growing file of any bytes: found by number, bounded in work, after any fault."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tokmon.monitor import line_index
from tokmon.monitor.line_index import (
    BLOCK_BYTES,
    MAX_SHOWN_BYTES,
    Extent,
    LineIndex,
    line_at,
    offset_of,
    read_block,
)
from tokmon.rundir.atomic import write_atomic

LINES = st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"")), max_size=60)


def all_lines(extent: Extent) -> list[bytes]:
    """Return every line, as a view would read them."""
    found = []
    for line in range(extent.line_count):
        block = extent.block_of(line)
        found.append(read_block(extent, block)[line - extent.lines[block]])
    return found


def scanned(path: Path) -> LineIndex:
    index = LineIndex(path)
    index.scan()
    while not index.at_end:
        index.scan()
    return index


@settings(max_examples=60, deadline=None)
@given(LINES, st.booleans(), st.integers(1, 50), st.integers(4, 40))
def test_any_cut_of_any_bytes_gives_the_same_lines(
    lines: list[bytes], has_end: bool, cut: int, block_bytes: int
) -> None:
    """However the file is read, and however few bytes a block has."""
    content = b"\n".join(lines) + (b"\n" if has_end and lines else b"")
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(line_index, "BLOCK_BYTES", block_bytes)
        path = Path(folder) / "output.log"
        path.write_bytes(content)
        index = LineIndex(path)
        index.scan(cut)
        while not index.at_end:
            assert not index.scan(cut)
        extent = index.extent

        expected = content.removesuffix(b"\n").split(b"\n") if content else []
        assert extent.line_count == len(expected)
        shown = [line.rstrip(b"\r").rsplit(b"\r", 1)[-1] for line in expected]
        assert all_lines(extent) == shown
        starts = [offset_of(extent, line) for line in range(extent.line_count + 1)]
        assert [line_at(extent, start) for start in starts[:-1]] == list(range(len(expected)))
        assert starts[-1] == len(content)


def test_what_is_appended_is_found_and_an_unfinished_line_grows(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_bytes(b"one\ntw")
    index = scanned(path)
    first = all_lines(index.extent)
    with path.open("ab") as file:
        file.write(b"o\nthree\n")
    assert not index.scan()

    assert first == [b"one", b"tw"]
    assert all_lines(index.extent) == [b"one", b"two", b"three"]


@pytest.mark.parametrize("new", [b"other\n", b"x\ny\n", b"ONE\ntwo\nthree\nfour\n"])
def test_a_file_that_is_cut_or_replaced_begins_anew(tmp_path: Path, new: bytes) -> None:
    path = tmp_path / "output.log"
    path.write_bytes(b"one\ntwo\nthree\n")
    index = scanned(path)
    path.write_bytes(new)
    was_cut = index.scan()
    write_atomic(path, b"again\n")
    was_replaced = index.scan()

    assert was_cut
    assert was_replaced
    assert all_lines(index.extent) == [b"again"]


def test_a_file_that_comes_goes_and_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    index = scanned(path)
    assert (index.fault, index.extent.line_count) == ("No such file or directory", 0)
    path.write_bytes(b"here\n")
    assert not index.scan()
    assert (index.fault, index.extent.line_count) == ("", 1)
    path.unlink()
    assert index.scan(), "what was known is forgotten"
    assert index.extent.line_count == 0


def test_a_line_of_many_megabytes_is_cut_and_costs_little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "output.log"
    length = 40 * 2**20
    path.write_bytes(b"before\n" + b"x" * length + b"\nafter\n")
    extent = scanned(path).extent
    before, long, after = all_lines(extent)

    assert (before, after) == (b"before", b"after")
    assert long.startswith(b"x" * MAX_SHOWN_BYTES + b" (")
    assert long.endswith(f" ({length - MAX_SHOWN_BYTES:,} bytes more)".encode())
    assert len(long) < MAX_SHOWN_BYTES + 40
    assert offset_of(extent, 2) == length + 8
    assert line_at(extent, length) == 1


def test_of_a_line_that_a_progress_bar_rewrites_the_last_state_is_shown(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    bar = b"".join(b"\r%d of 20000" % count for count in range(20_001))
    path.write_bytes(b"short 1\rshort 2\r\n" + bar + b"\ndone\n")
    assert len(bar) > BLOCK_BYTES + MAX_SHOWN_BYTES

    assert all_lines(scanned(path).extent) == [b"short 2", b"20000 of 20000", b"done"]


def test_blocks_are_few_and_small(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    path.write_bytes(b"".join(b"line %d of a long log\n" % number for number in range(200_000)))
    extent = scanned(path).extent
    sizes = [end - start for start, end in map(extent.span, range(len(extent.offsets)))]

    assert max(sizes) < BLOCK_BYTES + 100
    assert len(sizes) < extent.size / BLOCK_BYTES + 2
    block = extent.block_of(123_456)
    assert read_block(extent, block)[123_456 - extent.lines[block]] == b"line 123456 of a long log"
