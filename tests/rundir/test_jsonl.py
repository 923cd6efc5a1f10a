"""Reading a file that grows, is torn, truncated or replaced while it is read."""

import itertools
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tokmon.rundir import jsonl
from tokmon.rundir.jsonl import Tail, append_line

LINE = st.binary(min_size=1, max_size=40).filter(
    lambda line: b"\n" not in line and line.strip(b"\r")
)


def read_all(tail: Tail, max_bytes: int = 4 * 2**20) -> list[bytes]:
    lines: list[bytes] = []
    while True:
        new = tail.read(max_bytes)
        if new.restarted:
            lines.clear()
        lines += new.lines
        if new.at_end:
            return lines


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, max_size=20), cuts=st.lists(st.integers(0, 800), max_size=12))
def test_lines_are_the_same_however_the_file_is_cut_into_writes(
    tmp_path: Path, lines: list[bytes], cuts: list[int]
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"")
    content = b"".join(line + b"\n" for line in lines)
    tail, seen = Tail(path), []

    bounds = [0, *sorted(min(cut, len(content)) for cut in cuts), len(content)]
    for start, end in itertools.pairwise(bounds):
        with path.open("ab") as file:
            file.write(content[start:end])
        seen += tail.read().lines

    assert seen == [line.strip(b"\r") for line in lines]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE, max_size=20), max_bytes=st.integers(1, 50))
def test_lines_are_the_same_however_little_is_read_at_once(
    tmp_path: Path, lines: list[bytes], max_bytes: int
) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(line + b"\n" for line in lines))

    assert read_all(Tail(path), max_bytes) == [line.strip(b"\r") for line in lines]


def test_line_without_its_newline_is_held_back(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"one\ntw")
    tail = Tail(path)

    assert tail.read().lines == (b"one",)
    with path.open("ab") as file:
        file.write(b"o\n")

    assert tail.read().lines == (b"two",)


def test_missing_file_is_empty_until_it_comes(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    tail = Tail(path)

    assert tail.read() == jsonl.Lines()
    append_line(path, b"one")

    assert tail.read().lines == (b"one",)


def test_truncation_restarts(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"one\ntwo\n")
    tail = Tail(path)
    tail.read()
    path.write_bytes(b"1\n")

    new = tail.read()

    assert (new.restarted, new.lines) == (True, (b"1",))


def test_replacement_by_a_longer_file_restarts(tmp_path: Path) -> None:
    path, other = tmp_path / "log.jsonl", tmp_path / "other"
    path.write_bytes(b"one\n")
    tail = Tail(path)
    tail.read()
    other.write_bytes(b"uno\ndue\ntre\n")
    other.replace(path)

    new = tail.read()

    assert (new.restarted, new.lines) == (True, (b"uno", b"due", b"tre"))


def test_overwriting_in_place_with_other_content_restarts(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"one\ntwo\n")
    tail = Tail(path)
    tail.read()
    with path.open("rb+") as file:
        file.write(b"uno\ndue\ntre\n")

    new = tail.read()

    assert (new.restarted, new.lines) == (True, (b"uno", b"due", b"tre"))


def test_vanished_file_restarts_once(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"one\n")
    tail = Tail(path)
    tail.read()
    path.unlink()

    assert tail.read().restarted
    assert not tail.read().restarted


def test_line_without_end_is_given_up_and_what_follows_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jsonl, "MAX_LINE_BYTES", 100)
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"x" * 1000 + b"\nnext\n")

    lines = read_all(Tail(path), max_bytes=64)

    assert lines == [b"x" * 64, b"next"]


def test_append_closes_off_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'{"step": 1}\n{"st')

    append_line(path, b'{"step": 2}')

    assert path.read_bytes() == b'{"step": 1}\n{"st\n{"step": 2}\n'
