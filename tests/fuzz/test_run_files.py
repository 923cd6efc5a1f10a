"""Run directories whose files hold anything: the monitor shows what there is, counts the rest."""

import json
import os
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unicodedata import category

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.cases import edited, fuzzed, hostile_json
from tests.runs.builder import RunBuilder
from tokmon.monitor.discover import locate
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import RunState
from tokmon.monitor.visible import visible
from tokmon.report import status
from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.jsonl import Tail
from tokmon.rundir.layout import RunDir
from tokmon.rundir.writer import is_alive
from trainer.claim import refuse_taken
from trainer.resume import trim_log
from trainer.runlog import read_info


def _files(folder: Path) -> dict[str, bytes]:
    """What a trainer on this host writes in its first six lines."""
    builder = RunBuilder(logs=folder, experiment="x", is_this_process=True).write(6)
    builder.sample()
    builder.finish()
    builder.heartbeat()
    return {path.name: path.read_bytes() for path in sorted(builder.run.path.iterdir())}


with TemporaryDirectory() as _folder:
    FILES = _files(Path(_folder))
NINES = b"9" * 400
NOW = RunBuilder.started + 60.0
Change = tuple[str, bytes]


def _changes() -> st.SearchStrategy[Change]:
    """One file of a run, with another content."""
    return st.one_of(
        st.tuples(st.just(name), hostile_json([content]) | edited([content]))
        for name, content in FILES.items()
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    folder = RunDir.of_experiment(tmp_path_factory.mktemp("logs"), "x")
    folder.path.mkdir()
    return folder


def write(run: RunDir, changes: list[Change]) -> None:
    for name, content in (FILES | dict(changes)).items():
        (run.path / name).write_bytes(content)


def look(source: RunSource, now: float) -> RunState:
    """Poll to the end of all files and say in every way what is there."""
    state = source.poll(now)
    while state.is_loading:
        state = source.poll(now)
    text = "".join(visible(line) for line in [*status.as_text(state), status.in_one_line(state)])
    assert {"Cc", "Cs"}.isdisjoint(map(category, text))
    told = json.loads(status.as_json(state))
    assert told["experiment"] == "x"
    assert told["bad_lines"] >= len(state.bad_lines)
    assert status.exit_code(state) in (0, 3, 4)
    return state


@pytest.mark.slow
@fuzzed(900)
@given(
    first=st.lists(_changes(), min_size=1, max_size=3),
    then=st.lists(_changes(), max_size=2),
    later_s=st.sampled_from((0.0, 5.0, 1e5, -1e5)),
)
@example([("x_log.jsonl", b'{"step": 1, "\\ud800": NaN}\n')], [], 0.0)
@example([("x_log.jsonl", b'{"step": 1, "time": "9999-12-31T23:59:59-14:00"}\n')], [], 0.0)
@example([("x_system.jsonl", b'{"time": "", "memory_used_bytes": %s}\n' % NINES)], [], 0.0)
@example(
    [("x_run.json", b'{"experiment": "x", "config": {"schedule": {"steps": 9%s}}}' % NINES)],
    [],
    0.0,
)
def test_status_of_any_files(
    run: RunDir, first: list[Change], then: list[Change], later_s: float
) -> None:
    write(run, first)
    source = RunSource(run)
    look(source, NOW)
    write(run, then)

    look(source, NOW + later_s)


@fuzzed(300)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(("append", "replace", "truncate", "delete")),
            st.lists(st.sampled_from((b"\n", b"\r\n", b"x", b"\0\xff", b"{" * 200))).map(b"".join),
            st.integers(1, 300),
        ),
        max_size=8,
    )
)
def test_a_tail_follows_whatever_is_done_to_the_file(
    run: RunDir, steps: list[tuple[str, bytes, int]]
) -> None:
    path = run.path / "lines"
    path.unlink(missing_ok=True)
    tail, seen = Tail(path), list[bytes]()
    for action, content, max_bytes in [*steps, ("append", b"\nlast\n", 300)]:
        _change(path, action, content)
        for _ in range(1 + path.stat().st_size // max_bytes if path.exists() else 1):
            found = tail.read(max_bytes)
            seen = [*([] if found.restarted else seen), *found.lines]

    assert all(line and b"\n" not in line for line in seen)
    assert seen == [
        line.strip(b"\r") for line in path.read_bytes().split(b"\n") if line.strip(b"\r")
    ]


def _change(path: Path, action: str, content: bytes) -> None:
    if action == "append":
        with path.open("ab") as file:
            file.write(content)
    elif action == "replace":
        write_atomic(path, content)
    elif action == "delete":
        path.unlink(missing_ok=True)
    elif path.exists():
        os.truncate(path, min(len(content), path.stat().st_size))


EXTREME = (1.7e308, -1.7e308, 5e-324, 0.0, -0.0, 1.0, None, 2**53, -(2**63), 2**64, 10**400, "x")
TIMES = ("0001-01-01", "1970-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "9998-12-31", "x", None)
KEYS = ("train_loss", "val_loss", "val_bpb", "elapsed_s", "steps_per_sec", "tokens", "lr", "other")


@fuzzed(400)
@given(
    lines=st.lists(
        st.dictionaries(st.sampled_from(KEYS), st.sampled_from(EXTREME), max_size=6)
        | st.fixed_dictionaries({"time": st.sampled_from(TIMES)}),
        min_size=1,
        max_size=8,
    ),
    gaps=st.lists(st.sampled_from((1, 100, 2**50, -50)), min_size=8, max_size=8),
    max_steps=st.sampled_from((1, 2**40, 2**63 - 1, 2**63, None)),
)
@example([{"elapsed_s": -1.7e308}, {"elapsed_s": 1.7e308}], [1] * 8, 2**62)
def test_any_numbers_in_the_log(
    run: RunDir, lines: list[dict[str, Any]], gaps: list[int], max_steps: int | None
) -> None:
    steps = accumulate(gaps, initial=1)
    rows = [{"step": step} | line for step, line in zip(steps, lines, strict=False)]
    log = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    info = json.dumps({"experiment": "x", "phase": "training", "max_steps": max_steps}).encode()
    write(run, [("x_log.jsonl", log), ("x_run.json", info)])

    look(RunSource(run), NOW)


@fuzzed(500)
@given(content=hostile_json([FILES["x_run.json"]]) | edited([FILES["x_run.json"]]))
@example(FILES["x_run.json"].replace(b'"pid":', b'"pid":-'))
def test_any_run_json(run: RunDir, content: bytes) -> None:
    write(run, [("x_run.json", content)])

    info = read_info(run)

    assert locate(run.path.parent, run.path.parent).run == run
    assert info is None or is_alive(info) in (True, False, None)
    with suppress(TokmonError):
        refuse_taken(run)


@fuzzed(300)
@given(content=hostile_json([FILES["x_log.jsonl"]]) | edited([FILES["x_log.jsonl"]]))
def test_any_log_can_be_trimmed(run: RunDir, content: bytes) -> None:
    write(run, [("x_log.jsonl", content)])
    trim_log(run, 300)

    tail = Tail(run.log)

    assert list(tail.read().lines) == run.log.read_bytes().splitlines()
