"""A log from its ends: what is read of it is true, whatever its length and whatever is in it."""

import json
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.history import History
from tokmon.monitor.log_ends import (
    HEAD_BYTES,
    PROBE_BYTES,
    PROBES,
    TAIL_BYTES,
    LogEnds,
    read_ends,
)
from tokmon.monitor.run_files import thinned
from tokmon.monitor.sources.step_lines import parse


def line(step: int, **fields: object) -> bytes:
    known = {"train_loss": 10.0 / step, "elapsed_s": step / 10, "time": "2026-09-21T14:13:20+00:00"}
    return json.dumps({"step": step, **known, **fields}).encode() + b"\n"


def log_of(folder: Path, content: bytes) -> Path:
    path = folder / "x_log.jsonl"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("count", [1, 300, 330, 350, 400, 20_000])
def test_the_first_and_the_last_line_are_always_read(tmp_path: Path, count: int) -> None:
    path = log_of(tmp_path, b"".join(line(step) for step in range(1, count + 1)))

    ends = read_ends(path)

    steps = ends.frame.steps
    assert (steps[0], steps[-1], ends.bad_lines) == (1, count, 0)
    assert np.array_equal(ends.frame.series("train_loss").values, 10.0 / steps)
    assert ends.is_whole == (len(steps) == count)


def test_of_a_long_log_a_bounded_part_is_read_all_over_it(tmp_path: Path) -> None:
    path = log_of(tmp_path, b"".join(line(step) for step in range(1, 50_000)))

    steps = read_ends(path).frame.steps

    assert len(steps) <= (HEAD_BYTES + TAIL_BYTES + PROBES * PROBE_BYTES) / len(line(1))
    assert np.diff(steps).max() < 50_000 / PROBES * 1.1


def test_newer_wins_where_the_steps_go_back(tmp_path: Path) -> None:
    lines = [line(step) for step in (10, 20, 30, 40)] + [line(30, train_loss=7.0)]

    frame = read_ends(log_of(tmp_path, b"".join(lines))).frame

    assert frame.steps.tolist() == [10, 20, 30]
    assert frame.series("train_loss").values[-1] == 7.0


@pytest.mark.parametrize(
    ("content", "steps", "bad_lines"),
    [
        (b"", [], 0),
        (line(1) + line(2)[:-9], [1], 0),
        (line(1) + b'{"step": \n' + line(2), [1, 2], 1),
        (line(1) + b"\x00\x01\xff\n" + line(2), [1, 2], 1),
        (line(1) + b'{"step": 2, "train_loss": NaN}\n', [1, 2], 0),
        (line(1) + b'{"step": 1e99}\n[]\n{"step": -1}\n', [1], 3),
        (line(1).replace(b"\n", b"\r\n"), [1], 0),
        (bytes(HEAD_BYTES + 1), [], 1),
        (bytes(10**6), [], 1),
        (b"x" * 10**6, [], 1),
    ],
    ids=["empty", "torn", "json", "binary", "nan", "steps", "crlf", "nuls", "many-nuls", "endless"],
)
def test_a_fault_costs_its_own_line(
    tmp_path: Path, content: bytes, steps: list[int], bad_lines: int
) -> None:
    ends = read_ends(log_of(tmp_path, content))

    assert (ends.frame.steps.tolist(), ends.bad_lines) == (steps, bad_lines)


@given(st.lists(st.tuples(st.integers(0, 40), st.none() | st.floats(-5, 5)), max_size=40))
def test_a_short_log_says_what_the_full_reader_says(rows: list[tuple[int, float | None]]) -> None:
    lines = [json.dumps({"step": step, "train_loss": loss}).encode() for step, loss in rows]
    batch, history = parse(lines), History()
    history.extend(batch.steps, batch.columns)

    frame = read(b"".join(text + b"\n" for text in lines)).frame

    full = history.frame()
    assert frame.steps.tolist() == full.steps.tolist()
    if any(loss is not None for _, loss in rows) and len(full):
        shown = np.nan_to_num(frame.series("train_loss").finite().values)
        assert shown.tolist() == full.series("train_loss").finite().values.tolist()


@given(st.binary(max_size=300))
def test_any_bytes_are_read(content: bytes) -> None:
    read(content)


def test_a_spike_is_in_the_thinned_curve_and_a_null_is_a_gap(tmp_path: Path) -> None:
    rows = [line(step, train_loss=99.0 if step == 70 else 1.0) for step in range(1, 101)]
    rows[-6:] = [line(step, train_loss=None) for step in range(95, 101)]

    losses = thinned(read_ends(log_of(tmp_path, b"".join(rows))).frame, points=20)

    assert len(losses) == 20
    assert max(losses[:-2]) == 99.0
    assert np.isnan(losses[-1])


def read(content: bytes) -> LogEnds:
    """Read a log of one example's own."""
    with tempfile.TemporaryDirectory() as folder:
        return read_ends(log_of(Path(folder), content))
