"""What a person had set is there again at the next visit, and never in the way."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.rundir.layout import RunDir
from tokmon.tui.view_state import MAX_RUNS, ChartsView, DrawnView, View, ViewMemory

FULL = View(
    visited_at=1_790_000_000.0,
    is_log=True,
    view="table",
    x_axis="tokens",
    smoothing=0.95,
    chart_range=(100.0, 5000.5),
    is_following=True,
    focused="log",
    charts=ChartsView(
        keys=("train_loss", "lr"),
        current="lr",
        is_alone=True,
        x_axis="wall time",
        chart_range=(1.0, 2.0),
        drawn={"lr": DrawnView(is_log=True, smoothing=0.6)},
    ),
)


def run_at(folder: Path, name: str = "v1") -> RunDir:
    return RunDir.of_experiment(folder, name)


def test_a_view_comes_back_and_another_run_has_its_own(tmp_path: Path) -> None:
    assert ViewMemory(tmp_path).view_of(run_at(tmp_path)) == View()
    assert ViewMemory(tmp_path).keep(run_at(tmp_path), FULL, theme="tokmon-light") == ""
    assert ViewMemory(tmp_path).keep(run_at(tmp_path, "v2"), View(view="log")) == ""
    memory = ViewMemory(tmp_path)

    assert memory.view_of(run_at(tmp_path)) == FULL
    assert memory.view_of(run_at(tmp_path, "v2")).view == "log"
    assert memory.theme == "tokmon-light"
    assert memory.notice == ""


def test_a_folder_is_known_however_it_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ViewMemory(tmp_path).keep(run_at(tmp_path), FULL)
    monkeypatch.chdir(tmp_path)

    assert ViewMemory(tmp_path).view_of(run_at(Path())) == FULL


def test_the_runs_not_seen_for_longest_are_forgotten(tmp_path: Path) -> None:
    memory = ViewMemory(tmp_path)
    runs = {f"run{n}": View(visited_at=float(n), view="log") for n in range(MAX_RUNS + 50)}
    memory.path.write_bytes(msgspec.json.encode({"version": 1, "runs": runs}))
    memory.keep(run_at(tmp_path), FULL)
    kept = msgspec.json.decode(memory.path.read_bytes())["runs"]

    assert len(kept) == MAX_RUNS
    assert "run51" in kept
    assert "run50" not in kept


@pytest.mark.parametrize(
    "content", [b"", b"{torn", b"\xff\x00", b"[]", b'{"runs": 3}', b'{"runs": {"x": {"view": 3}}}']
)
def test_a_broken_file_is_said_and_replaced(tmp_path: Path, content: bytes) -> None:
    memory = ViewMemory(tmp_path)
    memory.path.write_bytes(content)

    assert memory.view_of(run_at(tmp_path)) == View()
    assert "views start afresh" in memory.notice
    assert memory.keep(run_at(tmp_path), FULL) == ""
    assert ViewMemory(tmp_path).view_of(run_at(tmp_path)) == FULL


@given(st.binary(max_size=80))
def test_any_bytes_are_survived(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    memory = ViewMemory(tmp_path_factory.getbasetemp())
    memory.path.write_bytes(content)

    assert isinstance(memory.view_of(run_at(Path("x"))), View)


def test_the_file_of_a_newer_tokmon_is_left_as_it_is(tmp_path: Path) -> None:
    memory = ViewMemory(tmp_path)
    content = b'{"version": 3, "runs": {}, "panes": []}'
    memory.path.write_bytes(content)

    assert memory.view_of(run_at(tmp_path)) == View()
    assert "newer tokmon" in memory.notice
    assert "newer tokmon" in memory.keep(run_at(tmp_path), FULL)
    assert memory.path.read_bytes() == content


def test_the_file_of_an_older_tokmon_is_read(tmp_path: Path) -> None:
    memory = ViewMemory(tmp_path)
    run = str(run_at(tmp_path).path)
    left = {"visited_at": 5.0, "alert_count": 2, "is_log": True, "view": "log", "metric": None}
    older = {"version": 1, "theme": "tokmon-light", "runs": {run: left}}
    memory.path.write_bytes(msgspec.json.encode(older))

    assert memory.view_of(run_at(tmp_path)) == View(visited_at=5.0, is_log=True, view="log")
    assert (memory.theme, memory.notice) == ("tokmon-light", "")
    assert memory.keep(run_at(tmp_path, "v2"), FULL) == ""
    assert ViewMemory(tmp_path).view_of(run_at(tmp_path)).view == "log"


def test_keys_that_are_not_known_are_passed_over(tmp_path: Path) -> None:
    memory = ViewMemory(tmp_path)
    memory.keep(run_at(tmp_path), FULL)
    text = memory.path.read_text(encoding="utf-8")
    memory.path.write_text(text.replace('"is_log"', '"crosshair": 3, "is_log"'), encoding="utf-8")

    assert memory.view_of(run_at(tmp_path)) == FULL


def test_a_range_without_end_does_not_cost_the_file(tmp_path: Path) -> None:
    endless = (0.0, float("inf"))
    view = View(chart_range=endless, is_log=True, charts=ChartsView(chart_range=endless))
    ViewMemory(tmp_path).keep(run_at(tmp_path), view)

    kept = ViewMemory(tmp_path).view_of(run_at(tmp_path))
    assert kept == View(is_log=True, charts=ChartsView())


def test_a_name_that_is_not_unicode_is_told_and_leaves_the_file(tmp_path: Path) -> None:
    memory = ViewMemory(tmp_path)
    memory.keep(run_at(tmp_path), FULL)

    assert "not Unicode" in memory.keep(run_at(tmp_path, "bad\udcff"), View())
    assert ViewMemory(tmp_path).view_of(run_at(tmp_path)) == FULL


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    memory = ViewMemory(blocked / "state")

    assert memory.view_of(run_at(tmp_path)) == View()
    assert "views are not kept" in memory.keep(run_at(tmp_path), FULL)
