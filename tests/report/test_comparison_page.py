"""The comparison as a page: of two runs, of two groups of seeds, of a run without evaluation."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.monitor.test_eval_results import evaluation, write
from tests.runs.builder import EPOCH, RunBuilder
from tests.tui.screens import GOLDEN
from tokmon.monitor.alignment import Along
from tokmon.monitor.compared import Compared
from tokmon.monitor.comparison import compare
from tokmon.monitor.eval_results import of_runs, read_eval_results
from tokmon.monitor.reading import read_for_comparison
from tokmon.report.comparison_json import as_dict
from tokmon.report.comparison_page import comparison_page
from tokmon.report.markdown import as_markdown
from tokmon.rundir.records import Sample

NOW = EPOCH + 100_000


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page names folders: they are the same wherever the test runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TZ", "UTC")


def make(
    name: str, seed: int, lr: float = 3e-4, lines: int = 40, *, texts: int = 16, **fields: Any
) -> RunBuilder:
    builder = RunBuilder(logs=Path("logs"), experiment=name, seed=seed, max_steps=4_000)
    builder.random.seed(name)
    for key, value in fields.items():
        setattr(builder, key, value)
    builder.write(lines)
    for index in range(texts):
        builder.append(builder.run.samples, sample(index, seed, builder.step))
    config = {"experiment": name, "seed": seed, "optim": {"lr": lr}}
    device = {"type": "cuda", "name": "NVIDIA GeForce RTX 5090", "ranks": 1}
    corpus = {"fingerprint": "9f3c21aa" * 8, "name": "python_100mb"}
    builder.heartbeat("finished", config=config, corpus=corpus, device=device)
    return builder


def sample(index: int, seed: int, step: int) -> Sample:
    return Sample(
        prompt="def double(values):\n",
        text=f"    return [value * {index * seed} for value in values]\n",
        step=step,
        seq_rep_4=index * seed / 400,
        collapsed=index < seed,
        has_keyword=index > 0,
        validity="valid" if index % 2 else "invalid",
        prompt_id=f"prompt-{index}",
    )


def read(*builders: RunBuilder) -> list[Compared]:
    found = [read_for_comparison(builder.run, lambda: NOW) for builder in builders]
    assert not any(isinstance(run, str) for run in found)
    return [run for run in found if not isinstance(run, str)]


def check(name: str, page: str) -> None:
    path = GOLDEN / f"{name}.md"
    if os.environ.get("TOKMON_UPDATE_GOLDEN") == "1":
        path.write_text(page, encoding="utf-8", newline="\n")
    assert page == path.read_text(encoding="utf-8")


def page_of(runs: list[Compared], **options: Any) -> str:
    return as_markdown(comparison_page(compare(runs, **options), NOW), {})


def test_two_runs_with_an_evaluation_of_one() -> None:
    small = make("small", 1)
    large = make("large", 2, 1e-3, 25, tokens_per_step=65_536, eval_every=200)
    runs = read(small, large)
    results = read_eval_results(write(Path("e.json"), evaluation("small")))
    evals, remarks = of_runs([small.run, large.run], results)

    check("compare_two_runs", page_of(runs, evals=evals, eval_remarks=remarks))


def test_two_groups_of_seeds() -> None:
    builders = [
        make(f"lr{lr:g}_seed{seed}", seed, lr, 30 + 2 * seed)
        for lr in (3e-4, 1e-3)
        for seed in (1, 2, 3)
    ]
    builders.append(make("other", 1, 1e-2))

    check("compare_two_groups", page_of(read(*builders)))


def test_a_run_without_evaluation_samples_and_power() -> None:
    without = make("without", 1, texts=0, eval_every=10**9, gpus=0)

    check("compare_without_evaluation", page_of(read(make("with", 2), without)))


def test_along_one_axis_only_that_is_told() -> None:
    runs = read(make("one", 1), make("two", 2))

    page = page_of(runs, along=(Along.TIME,))

    assert "| training time |" in page
    assert "| step |" not in page
    assert "by step" not in page


def test_a_run_that_sees_its_targets_is_told_and_never_the_best() -> None:
    builders = [make(name, 1) for name in ("one", "two", "leak")]
    gate = {"passed": False, "leaking_positions": 31, "positions": 32}
    builders[2].heartbeat("finished", config={"seed": 1}, gate=gate)
    for line in range(5):
        builders[2].raw_log(
            b'{"step": %d, "train_loss": 0.1, "val_loss": 0.0356, "val_bpb": 0.02}' % (5000 + line)
        )

    page = page_of(read(*builders))

    assert "- C sees what it has to predict (31 of 32 positions, by its causality gate)" in page
    assert "0.036" in page
    assert "**0.036**" not in page
    assert "gate.leaking_positions" in page


def test_foreign_text_is_no_markup() -> None:
    one, two = make("one", 1), make("two", 2)
    for builder in (one, two):
        builder.heartbeat("finished", config={"[x](y)|": f"<b>|`{builder.seed}\x1b[31m\n# no"})

    page = page_of(read(one, two))

    assert "\x1b" not in page
    assert "`[x](y)\\|`" in page
    assert "\n# no" not in page


def test_json_has_exactly_the_stable_keys() -> None:
    found = as_dict(compare(read(make("one", 1), make("two", 2))), NOW)

    assert json.loads(json.dumps(found)) == json.loads(json.dumps(found, allow_nan=False))
    assert list(found) == [
        *("compared", "reference", "measure", "runs", "remarks", "config", "aligned"),
        *("reached", "groups", "tests"),
    ]
    assert list(found["runs"][0]) == [
        *(
            "label",
            "experiment",
            "path",
            "state",
            "seed",
            "leaking",
            "parameters",
            "step",
            "max_steps",
        ),
        *("tokens", "train_loss", "val_loss", "val_step", "val_bpb", "best_val_loss"),
        *("best_val_ppl", "best_val_bpb", "best_step", "steps_per_sec", "tokens_per_sec", "mfu"),
        *("bad_lines", "cost", "generation", "evaluation"),
    ]
    assert list(found["runs"][0]["cost"]) == [
        *("elapsed_s", "device", "devices", "gpu_hours", "cpu_core_hours", "energy_kwh"),
        *("energy_gpu_hours", "energy_gaps", "energy_gap_gpu_s", "remark"),
    ]
    assert list(found["runs"][0]["generation"]) == [
        *("step", "samples", "mode_collapse", "keyword_presence", "validity", "seq_rep_4"),
        *("distinct_2_words", "intervals"),
    ]
    assert list(found["aligned"]) == ["step", "tokens", "time"]
    assert list(found["aligned"]["step"]) == ["places", "val_loss", "train_loss"]
    assert list(found["groups"][0]) == ["runs", "seeds", "metrics"]


def test_the_page_is_the_same_whatever_else_was_read_before() -> None:
    builders = [make("one", 1), make("two", 2)]

    assert page_of(read(*builders)) == page_of(read(*builders))
