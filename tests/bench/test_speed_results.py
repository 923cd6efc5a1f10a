"""The pure parts of bench/speed: what is asked, what comes of it, and how it is told."""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bench.speed.heading import heading
from bench.speed.job import Job, Outcome, Shape, parse_contestant
from bench.speed.output import markdown_file, positive, write
from bench.speed.overhead_plan import Plan, Round, overhead_of
from bench.speed.overhead_report import overhead_report
from bench.speed.peers_report import comparison_report
from bench.speed.result import compare
from bench.speed.rounds import NO_TURN, Pit, whole_rounds
from bench.speed.table import paragraph, percent, table, times
from tokmon.rundir.errors import TokmonError
from trainer.config import Config
from trainer.config_file import load_config

SHAPE = Shape(batch_size=2, seq_len=50)
JOB = Job("tokmon", SHAPE, "cpu", "corpus", warmup=1, steps=2, block=1)
FACTS: dict[str, Any] = {
    "command": "python bench/x.py",
    "revision": "abc",
    "machine": {"cpu": "A CPU", "cores": 2, "memory_gib": 8.0, "system": "Linux"},
}


def measured(*step_s: float, **more: Any) -> Outcome:
    defaults = {"peak_bytes": 10**9, "linear_weights": 1000, "dtype": "float32"}
    return Outcome(step_s=list(step_s), **defaults | more)


def test_a_contestant_is_a_name_and_what_it_is_told() -> None:
    assert parse_contestant("hf") == ("hf", {})
    assert parse_contestant("tokmon:dtype=float32,compile=on") == (
        "tokmon",
        {"dtype": "float32", "compile": "on"},
    )


@pytest.mark.parametrize(
    "text", ["", "nobody", "tokmon:dtype=int8", "nanogpt:dtype=float32", "tokmon:compile", "hf:=on"]
)
def test_a_contestant_that_cannot_be_told_that_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is none of|cannot be told"):
        parse_contestant(text)


def test_a_job_survives_the_command_line() -> None:
    job = replace(JOB, contestant="hf:dtype=bfloat16", nanogpt="a folder")

    again = Job.decode(job.encode())

    assert again == job
    assert (again.name, again.settings) == ("hf", {"dtype": "bfloat16"})


def test_all_rounds_of_a_contestant_become_one_result() -> None:
    rounds = [measured(0.1, 0.2, 0.3, peak_bytes=5), measured(0.4, 0.5, 0.6, peak_bytes=7)]

    one = compare({"tokmon": rounds}, SHAPE).results[0]

    assert one.step_s == pytest.approx(0.35)
    assert one.tokens_per_sec == pytest.approx(100 / 0.35)
    assert one.rounds == pytest.approx([100 / 0.2, 100 / 0.5])
    assert (one.peak_bytes, one.least_peak_bytes) == (7, 5)
    assert one.flop_per_sec == pytest.approx(6 * 1000 * 100 / 0.35)


def test_everybody_is_compared_with_nanogpt_and_with_products_of_the_same_dtype() -> None:
    comparison = compare(
        {
            "tokmon": [measured(0.1)],
            "tokmon:dtype=bfloat16": [measured(0.05, dtype="bfloat16")],
            "nanogpt": [measured(0.2, peak_bytes=4 * 10**9)],
            "hf": [Outcome(missing="no transformers")],
            "gemm:dtype=float32": [measured(0.05)],
        },
        SHAPE,
    )

    ours, half, _ = comparison.results
    assert comparison.absent == {"hf": "no transformers"}
    assert comparison.speed_ratio(ours) == pytest.approx(2.0)
    assert comparison.memory_ratio(ours) == pytest.approx(0.25)
    assert comparison.gemm_share(ours) == pytest.approx(0.5)
    assert comparison.gemm_share(half) is None


def test_without_nanogpt_there_is_nothing_to_compare_with() -> None:
    comparison = compare({"tokmon": [measured(0.1)]}, SHAPE)

    assert comparison.speed_ratio(comparison.results[0]) is None
    assert comparison.memory_ratio(comparison.results[0]) is None


def test_of_rounds_that_were_cut_short_those_that_were_whole_count() -> None:
    outcomes = {
        "a": [measured(0.1), measured(0.2), measured(0.3)],
        "b": [measured(0.1), measured(0.2)],
        "absent": [Outcome(missing="gone")],
    }

    whole, counted = whole_rounds(outcomes)

    assert whole == 2
    assert {name: len(rounds) for name, rounds in counted.items()} == {"a": 2, "b": 2, "absent": 1}


def test_who_had_no_turn_in_a_first_round_that_was_cut_short_is_missing() -> None:
    whole, counted = whole_rounds({"a": [measured(0.1)], "b": []})

    assert whole == 0
    assert compare(counted, SHAPE).absent == {"b": NO_TURN}


def test_the_page_of_a_comparison_names_who_was_absent_and_whether_goals_are_met() -> None:
    comparison = compare(
        {
            "tokmon": [measured(0.1, peak_bytes=10**9)],
            "nanogpt": [measured(0.2, peak_bytes=4 * 10**9)],
            "hf": [Outcome(missing="no transformers")],
            "gemm:dtype=float32": [measured(0.02)],
        },
        SHAPE,
    )

    page = comparison_report(comparison, JOB, ["TOP"], ["tokmon", "nanogpt", "hf"], 3)

    assert "| tokmon | 1,000 | 1,000-1,000 | 2.00 | 0.1 | 1,000 | 25 % | float32 | 20 % |" in page
    assert "- hf was not measured: no transformers" in page
    assert "- tokmon: 2.00 x nanoGPT's tokens/s, at least 1.3 asked: met" in page
    assert "- tokmon: 0.20 x the GEMM rate, at least 0.85 asked: NOT met" in page
    assert "in turn (tokmon, nanogpt, hf), 3 times" in page


def test_a_page_of_products_alone_has_no_empty_table() -> None:
    comparison = compare({"gemm:dtype=float32": [measured(0.02)]}, SHAPE)

    page = comparison_report(comparison, JOB, [], [], 1)

    assert "x nanoGPT" not in page
    assert "| float32 | 0 | 0.02 | 1,000 |" in page


@pytest.fixture
def plan() -> Plan:
    return Plan(
        SHAPE,
        "cpu",
        "auto",
        "off",
        "corpus",
        log_every=100,
        eval_every=500,
        evaluations=1,
        checkpoint_every=500,
    )


def test_the_overhead_of_a_run_is_of_its_steps_and_of_what_stands_between(plan: Plan) -> None:
    account = {"gap": 0.001, "save": 0.002, "eval": 0.03}
    rounds = [Round([0.1, 0.11, 0.1], [0.102] * 3, interrupted_s=2.0, saved=2, account=account)]

    overhead = overhead_of(rounds, plan)

    assert plan.counted == 500
    assert overhead.steps == pytest.approx(0.02)
    assert overhead.interruption == pytest.approx(2.0 / 500 / 0.1)
    assert overhead.everything == pytest.approx(0.06)
    page = overhead_report(plan, rounds, overhead, ["TOP"])
    assert "2.00 % over bare steps, at most 3 % asked: met" in page
    assert "6.00 % over bare steps, at most 3 % asked: NOT met" in page
    assert "differences below 10 % are the machine's" in page
    assert "0.20 % waiting for checkpoints" in page


def test_the_config_of_an_overhead_run_is_one_the_trainer_reads(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "speed.toml"
    path.write_text(plan.config(), encoding="utf-8")

    config: Config = load_config(path)

    assert config.schedule.steps == plan.last + 1
    assert config.data.seq_len == SHAPE.seq_len


def test_the_heading_says_how_quiet_the_machine_was_and_that_it_was_cut_short() -> None:
    pit = Pit("", 2, Path(), busy_pct=[1.0, 30.0])

    text = "\n".join(heading(FACTS | {"cut_short": "SIGTERM came"}, {"torch": "2"}, pit, "A GPU"))

    assert "NOT quiet" in text
    assert "30 % at most" in text
    assert "**Cut short:** SIGTERM came." in text
    assert "A CPU, 2 cores, A GPU, 8.0 GiB, Linux; 2 threads" in text
    whole = "\n".join(heading(FACTS, {}, Pit("", 2, Path(), busy_pct=[1.0]), ""))
    assert "was quiet" in whole
    assert "Cut short" not in whole


def test_tables_and_numbers() -> None:
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
    assert (times(None), times(1.234)) == ("-", "1.23")
    assert (percent(None), percent(0.5), percent(0.123, 1)) == ("-", "50 %", "12.3 %")
    assert max(map(len, paragraph("{what} " * 60, what="words").splitlines())) <= 100


def test_options_that_make_no_sense_are_refused() -> None:
    assert positive("3") == 3
    assert markdown_file("a/b.md") == Path("a/b.md")
    with pytest.raises(argparse.ArgumentTypeError):
        positive("0")
    with pytest.raises(argparse.ArgumentTypeError):
        markdown_file("page.txt")


def test_page_and_numbers_lie_beside_each_other(tmp_path: Path) -> None:
    write(tmp_path / "new" / "page.md", "# Page\n", {"a": 1})

    assert (tmp_path / "new" / "page.md").read_text() == "# Page\n"
    assert (tmp_path / "new" / "page.json").read_text() == '{\n "a": 1\n}\n'


def test_a_place_that_cannot_be_written_is_an_error_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(TokmonError, match="--out"):
        write(tmp_path / "file" / "page.md", "", {})
