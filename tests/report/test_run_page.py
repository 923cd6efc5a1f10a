"""The status report of a run in each state, as pages to be looked at and as facts."""

import os
import re
from pathlib import Path

import pytest

from tests.report.golden_pages import check_page
from tests.report.told_runs import TOML, ToldRun, crashed, finished, resumed, running, subject_of
from tokmon.report.document import CodeBlock, Document
from tokmon.report.html import as_html
from tokmon.report.markdown import as_markdown
from tokmon.report.run_page import run_page
from tokmon.report.shell import Shell

pytestmark = pytest.mark.skipif(os.name == "nt", reason="paths and clock of the golden pages")

IMAGES = {name: f"report_{name}.svg" for name in ("loss", "lr", "tokens")}


def text_of(page: Document) -> str:
    return as_markdown(page, {})


def section(text: str, title: str) -> str:
    return text.split(f"## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("write", [running, finished, crashed, resumed])
def test_the_golden_page(tmp_path: Path, write: type[ToldRun]) -> None:
    builder = write(tmp_path / "logs")  # type: ignore[arg-type]
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "v1_token_bigdata.toml").write_text(TOML)

    page = run_page(subject_of(builder, is_alive=None))

    check_page(f"report_{write.__name__}.md", as_markdown(page, IMAGES), tmp_path)


def test_the_golden_html(tmp_path: Path) -> None:
    builder = resumed(tmp_path / "logs")

    page = run_page(subject_of(builder, page=tmp_path / "status.html"))

    check_page("report_resumed.html", as_html(page, refresh_s=15), tmp_path)


def test_the_loss_observation_is_the_table_s_first_and_last_line(tmp_path: Path) -> None:
    builder = running(tmp_path / "logs")
    subject = subject_of(builder)

    text = text_of(run_page(subject))

    losses = subject.state.frame.series("train_loss")
    first, last = losses.values[0], losses.values[-1]
    assert f"fell by {100 * (first - last) / first:.1f} %, from {first:.3f} at step 100" in text
    assert f"to {last:.3f} at step 19,000" in text


@pytest.mark.parametrize(
    ("phase", "is_alive", "said"),
    [
        ("starting", True, "Wait for the first log line"),
        ("training", True, "Let it train; it ends at about"),
        ("paused", True, "waits to be asked to go on"),
        ("finished", False, "See what it writes"),
        ("stopped", False, "Take it up again from its checkpoint of step 5,000"),
        ("crashed", False, "Mend what ended it"),
        ("training", False, "ended from outside"),
    ],
)
def test_the_next_steps_fit_the_state(
    tmp_path: Path, phase: str, is_alive: bool, said: str
) -> None:
    builder = crashed(tmp_path / "logs") if phase == "crashed" else running(tmp_path / "logs")
    if phase != "crashed":
        builder = ToldRun(logs=tmp_path / "logs", experiment="x").told(60)
        builder.heartbeat(phase)

    text = text_of(run_page(subject_of(builder, is_alive=is_alive)))

    assert said in section(text, "Next steps")


def test_a_stalled_run_names_its_process_and_how_to_go_on(tmp_path: Path) -> None:
    builder = running(tmp_path / "logs")
    builder.elapsed_s += 900
    state = subject_of(builder, is_alive=True).state

    text = section(text_of(run_page(subject_of(builder, is_alive=True))), "Next steps")

    assert state.health.phase == "STALLED"
    assert "end process 4242 on `gpu-box-3`" in text
    assert "from its checkpoint of step 15,000" in text


def test_the_resume_command_names_config_logs_and_what_was_overridden(tmp_path: Path) -> None:
    builder = ToldRun(logs=tmp_path / "my logs", max_steps=600).told(5)
    builder.heartbeat("crashed", error="boom")
    (tmp_path / "v1.toml").write_text(TOML)

    text = text_of(run_page(subject_of(builder)))

    assert "tokmon train v1.toml --set schedule.steps=600 --logs 'my logs'\n" in text


def test_a_leak_is_told_first_and_by_its_numbers(tmp_path: Path) -> None:
    builder = ToldRun(logs=tmp_path / "logs")
    for _ in range(6):
        builder.line(val_loss=0.0356, val_ppl=1.036, val_bpb=0.0225)
    builder.heartbeat()

    text = text_of(run_page(subject_of(builder)))

    assert "**Plausibility:** too good to be true: 0.022 bits per byte, where xz needs 1.35" in text
    assert "not met, and still too good to be true" in section(text, "Expected against measured")
    assert section(text, "Next steps").strip().startswith("Find the leak before anything else")


def test_behind_a_closed_gate_nothing_is_believed(tmp_path: Path) -> None:
    builder = ToldRun(logs=tmp_path / "logs")
    for _ in range(6):
        builder.line(val_loss=1.9, val_ppl=6.7, val_bpb=1.2)
    builder.heartbeat(gate={"passed": False, "leaking_positions": 31, "positions": 32})

    text = text_of(run_page(subject_of(builder)))

    assert "CLOSED, no number of this run is to be believed; leaking positions 31 of 32" in text
    assert "**Plausibility:** not to be believed: 1.200 bits per byte, with the causality" in text
    assert "not met, with the causality gate closed" in section(text, "Expected against measured")
    assert "Let it train" not in text
    assert "tokmon ctl logs/train_v1_token_bigdata stop" in section(text, "Next steps")


def test_overfitting_has_its_rise_and_since_when(tmp_path: Path) -> None:
    builder = ToldRun(logs=tmp_path / "logs", eval_every=10**9)
    for val in (4.0, 3.5, 3.0, 3.2, 3.4, 3.6, 3.8):
        builder.line(val_loss=val)
    builder.heartbeat()

    text = text_of(run_page(subject_of(builder)))

    assert (
        "**Overfitting:** yes: 3.800 at step 700 is 0.800 above the best, 4 evaluations ago" in text
    )
    assert "tokmon ctl logs/train_v1_token_bigdata stop" in section(text, "Next steps")


def test_an_unsteady_speed_is_told_with_its_spread(tmp_path: Path) -> None:
    builder = ToldRun(logs=tmp_path / "logs")
    for index in range(40):
        builder.line(steps_per_sec=10.0 if index % 2 else 30.0)

    text = text_of(run_page(subject_of(builder)))

    assert "not stable at" in text
    assert "slowest 10.0 at step" in text


def test_against_another_run_stands_what_both_had_at_the_same_steps(tmp_path: Path) -> None:
    builder = running(tmp_path / "logs")
    other = ToldRun(logs=tmp_path / "logs", experiment="seed_2", seed=8, interval=50).told(200)
    other_state = subject_of(other).state
    subject = subject_of(builder, against=other_state)

    text = section(text_of(run_page(subject)), "Against another run")

    assert "B is `seed_2` (RUNNING, step 10,000)" in text
    rows = [line for line in text.splitlines() if re.match(r"\| +[\d,]+ \|", line)]
    cells = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    at_500 = next(row for row in cells if row[0] == "500")
    mine, theirs = (one.frame.series("train_loss") for one in (subject.state, other_state))
    assert at_500[1] == f"{mine.values[list(mine.steps).index(500)]:.3f}"
    assert at_500[2] == f"{theirs.values[list(theirs.steps).index(500)]:.3f}"
    assert max(int(row[0].replace(",", "")) for row in cells if row[0] != "-") == 10_000


def test_a_run_against_one_without_a_log_says_so(tmp_path: Path) -> None:
    builder = running(tmp_path / "logs")
    empty = ToldRun(logs=tmp_path / "logs", experiment="empty")
    empty.heartbeat("starting")

    text = text_of(run_page(subject_of(builder, against=subject_of(empty).state)))

    assert "B has no log line: there is nothing to hold against it." in text


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "has no line yet"),
        ([b"torn {"], "has no line that can be read"),
        ([b'{"step":10,"train_loss":3.0}'], "one log line does not make a trend"),
        ([b'{"step":1,"train_loss":null}'] * 1, "not one of 1 log lines has a finite train loss"),
        ([b'{"step":10}', b'{"step":20}'], "and not one finite metric"),
    ],
)
def test_logs_that_say_little_still_make_a_page(
    tmp_path: Path, lines: list[bytes], said: str
) -> None:
    builder = ToldRun(logs=tmp_path / "logs")
    builder.heartbeat()
    for line in lines:
        builder.raw_log(line)

    page = run_page(subject_of(builder))

    assert said in text_of(page)
    assert "<svg" not in as_html(page)


def test_a_newer_schema_is_told(tmp_path: Path) -> None:
    builder = ToldRun(logs=tmp_path / "logs")
    builder.line()
    builder.heartbeat(schema_version=9)

    assert "written with schema 9" in text_of(run_page(subject_of(builder)))


def test_no_command_is_named_that_this_tokmon_lacks(tmp_path: Path) -> None:
    builder = finished(tmp_path / "logs")
    few = Shell(folder=tmp_path, commands=frozenset({"watch", "status", "report"}))
    all_of_them = Shell(folder=tmp_path, commands=frozenset({"export", "compare"}))

    without = text_of(run_page(subject_of(builder, shell=few)))
    with_them = text_of(run_page(subject_of(builder, shell=all_of_them)))

    assert "tokmon export" not in without
    assert "tokmon compare" not in without
    assert "tokmon export logs/train_v1_token_bigdata --to hf" in with_them
    assert "tokmon compare RUN RUN" in with_them


def test_commands_are_quoted_for_the_shell(tmp_path: Path) -> None:
    builder = ToldRun(logs=tmp_path / "it's; rm -rf $HOME\n`x`")
    builder.line()
    page = run_page(subject_of(builder))

    blocks = [
        block
        for part in page.sections
        for block in part.blocks
        if isinstance(block, CodeBlock) and block.language == "sh"
    ]

    assert r"tokmon watch $'it\'s; rm -rf $HOME\x0a`x`/train_v1_token_bigdata'" in blocks[0].text
    assert all(line.startswith(("#", "tokmon ", "tail ")) for line in blocks[0].text.splitlines())
