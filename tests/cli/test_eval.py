"""`tokmon eval` on real tiny runs: what it prints, what it refuses, what it leaves alone."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner, Result
from torch import Tensor
from torch.nn import functional

import trainer.model
from tests.cli.commands import command
from tests.runs_of_trainer import write_config
from tests.sampling.tiny import damage
from tests.trainer.evaluation.huggingface_folder import write_huggingface
from tokmon.cli import main
from tokmon.rundir.layout import RunDir
from trainer.checkpoint import load, save
from trainer.run import run_training
from trainer.trained import load_trained

attend = functional.scaled_dot_product_attention
KEYS = {
    *("val_loss", "val_ppl", "val_bpb", "mode_collapse", "keyword_presence", "keyword_accuracy"),
    *("validity", "seq_rep_4", "distinct_2"),
}
OF_SAMPLES = {"mode_collapse", "keyword_presence", "validity", "seq_rep_4", "distinct_2"}
LARGER = ("model.width=32", "model.mlp=32", "data.batch_size=8", "eval.windows=12")
# What it takes to make something of the leak.
LONGER = ("schedule.steps=80", "optim.lr=3e-2")


def unmasked(query: Tensor, key: Tensor, value: Tensor, **_: Any) -> Tensor:
    return attend(query, key, value)


def train(folder: Path, corpus: Path, *more: str) -> RunDir:
    overrides = [*LARGER, *more]
    assert run_training(write_config(folder, corpus), overrides, "auto", folder, is_quiet=True) == 0
    return RunDir.of_experiment(folder, "tiny")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, source_folder: Path) -> RunDir:
    """A run of 40 steps with checkpoints at 30 and 40, its best and its final."""
    return train(tmp_path_factory.mktemp("logs"), source_folder)


@pytest.fixture(scope="module")
def leaky_run(tmp_path_factory: pytest.TempPathFactory, source_folder: Path) -> RunDir:
    """Twice as long, trained by code whose mask is broken and whose gate is held open."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trainer.model.functional, "scaled_dot_product_attention", unmasked)
        patch.setattr("trainer.opening.refuse_leaks", lambda report: None)
        return train(tmp_path_factory.mktemp("leaky"), source_folder, *LONGER)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("suite") / "two.toml"
    path.write_text(
        '[[prompt]]\nid = "a"\nkind = "function"\ntext = "def f(x):"\n'
        '[[prompt]]\nid = "b"\nkind = "empty"\ntext = ""\n',
        encoding="utf-8",
    )
    return path


def run_eval(target: Path, suite: Path, *more: str | Path) -> Result:
    arguments = ["eval", str(target), "--suite", str(suite), "--device", "cpu", *map(str, more)]
    return CliRunner().invoke(main, arguments)


def evaluated(target: Path, suite: Path, *more: str | Path) -> dict[str, Any]:
    answer = run_eval(target, suite, "--json", *more)
    assert answer.exit_code == 0, answer.output
    found: dict[str, Any] = json.loads(answer.stdout)
    return found


@pytest.fixture(scope="module")
def of_best(run: RunDir, suite: Path) -> Result:
    """What is said of the run itself."""
    return run_eval(run.path, suite, "--json")


@pytest.fixture(scope="module")
def of_final(run: RunDir, suite: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is said of the final checkpoint, asked from another folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        return evaluated(run.final, suite)


def refusal(answer: Result) -> str:
    """Return the only line that a command has failed with."""
    errors = [line for line in answer.stderr.splitlines() if line.startswith("Error: ")]
    assert answer.exit_code == 1
    assert answer.stdout == ""
    assert len(errors) == 1
    assert "Traceback" not in answer.stderr
    return errors[0]


def contents(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_json_has_the_keys_that_scripts_read(of_best: Result, run: RunDir) -> None:
    found = json.loads(of_best.stdout)

    assert of_best.exit_code == 0, of_best.output
    assert set(found) >= KEYS | {"human", "greedy", "gate", "overlap", "valid", "verdict"}
    assert set(found["human"]) >= OF_SAMPLES
    assert set(found["greedy"]) >= OF_SAMPLES
    assert set(found["greedy"]["human"]) >= OF_SAMPLES
    assert found["valid"] is True
    assert found["faults"] == []
    assert found["gate"]["passed"] is True
    assert found["checkpoint"] == run.best.name
    assert found["recorded"]["passed"] is True
    assert found["recorded"]["val_loss"] == pytest.approx(found["val_loss"], abs=1e-3)
    assert found["samples"] == found["greedy"]["samples"] == 2
    assert found["conclusion"].startswith(found["verdict"])


def test_the_same_command_gives_the_same_bytes(of_best: Result, run: RunDir, suite: Path) -> None:
    assert run_eval(run.path, suite, "--json").stdout_bytes == of_best.stdout_bytes


def test_another_seed_and_more_samples_leave_the_loss_as_it_was(
    of_best: Result, run: RunDir, suite: Path
) -> None:
    first = json.loads(of_best.stdout)
    second = evaluated(run.path, suite, "--seed", "7", "--n", "2")

    assert first["val_loss"] == second["val_loss"]
    assert first["entropy"] != second["entropy"]
    assert (first["samples"], second["samples"]) == (2, 4)
    assert second["greedy"]["distinct_2"] == first["greedy"]["distinct_2"]


def test_people_read_the_conclusion_first_and_the_verdicts_in_words(
    run: RunDir, suite: Path
) -> None:
    before = contents(run.path.parent)

    answer = run_eval(run.path, suite)

    lines = answer.stdout.splitlines()
    assert answer.exit_code == 0
    assert "of samples repeat themselves" in lines[0]
    assert "bits a byte on held-out text (xz 1.35)" in lines[0]
    assert [
        word for word in ("ours", "interval", "human", "target", "verdict") if word in answer.stdout
    ]
    row = next(line for line in lines if line.startswith("mode collapse"))
    assert "< 10 %" in row
    assert "met" in row or "missed" in row
    assert "human" in row
    assert "not a goal" in next(line for line in lines if line.startswith("val PPL"))
    assert "times better than xz: only a leak gets there" in answer.stdout
    assert "gate            open" in answer.stdout
    assert "agrees" in answer.stdout
    assert "of the held-out 13-grams stand in training" in answer.stdout
    assert "It writes" in answer.stdout
    # Nothing is written beside what is read.
    assert contents(run.path.parent) == before


def test_all_gives_a_row_for_each_checkpoint_oldest_first_and_human_code_below(
    run: RunDir, suite: Path
) -> None:
    answer = run_eval(run.path, suite, "--all")

    lines = answer.stdout.splitlines()
    assert answer.exit_code == 0, answer.output
    assert lines[0].split()[:4] == ["checkpoint", "step", "loss", "PPL"]
    assert [line.split("  ")[0] for line in lines[1:5]] == [
        "step20",
        "step30",
        "best, final",
        "human code",
    ]


def test_a_damaged_checkpoint_is_left_out_of_the_curve_and_told(
    run: RunDir, suite: Path, tmp_path: Path
) -> None:
    copy = tmp_path / run.path.name
    shutil.copytree(run.path, copy)
    damage(RunDir.open(copy).step_checkpoint(20))

    answer = run_eval(copy, suite, "--json", "--all")

    rows = [json.loads(line) for line in answer.stdout.splitlines()]
    assert answer.exit_code == 0
    assert [row["step"] for row in rows] == [30, 40]
    assert rows[1]["checkpoint"] == f"{run.best.name}, {run.final.name}"
    assert rows[0]["val_loss"] > rows[1]["val_loss"]
    assert "tiny_step20.pt: damaged" in answer.stderr


def test_a_checkpoint_is_evaluated_from_any_folder(
    of_final: dict[str, Any], run: RunDir, tmp_path: Path
) -> None:
    assert of_final["checkpoint"] == run.final.name
    assert of_final["step"] == 40
    assert of_final["corpus"]["is_own"] is True


def test_a_mask_that_is_broken_now_is_not_valid(
    run: RunDir, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer.model.functional, "scaled_dot_product_attention", unmasked)

    answer = run_eval(run.path, suite)
    as_json = run_eval(run.path, suite, "--json")

    found = json.loads(as_json.stdout)
    assert (answer.exit_code, as_json.exit_code) == (1, 1)
    assert answer.stdout.startswith("not valid: ")
    assert "causal mask is broken" in answer.stdout.splitlines()[0]
    assert "CLOSED" in answer.stdout
    assert " met" not in answer.stdout
    assert (found["valid"], found["verdict"]) == (False, "not valid")
    assert found["gate"]["passed"] is False
    assert "not valid" in as_json.stderr


@pytest.mark.slow
def test_weights_that_were_trained_without_a_mask_are_not_valid(
    leaky_run: RunDir, suite: Path
) -> None:
    answer = run_eval(leaky_run.path, suite)
    found = json.loads(run_eval(leaky_run.final, suite, "--json").stdout)

    first = answer.stdout.splitlines()[0]
    assert answer.exit_code == 1
    assert first.startswith("not valid: the run recorded a validation loss of ")
    assert first.endswith("the code that trained it saw its targets")
    assert "gate            open" in answer.stdout
    assert "DIFFERS" in answer.stdout
    assert found["gate"]["passed"] is True
    assert found["recorded"]["passed"] is False
    assert found["val_loss"] > found["recorded"]["val_loss"] + 0.02


def test_what_is_too_good_to_be_true_is_said_loudly(
    run: RunDir, suite: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainer.evaluation.evaluator.IMPLAUSIBLE_BPB", 100.0)

    answer = run_eval(run.path, suite)

    assert answer.exit_code == 1
    assert answer.stdout.startswith("too good to be true: ")
    assert "where xz needs 1.35" in answer.stdout


def test_a_corpus_that_is_gone_is_one_line_that_says_where_it_was_looked_for(
    run: RunDir, suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source_folder: Path
) -> None:
    copy = tmp_path / run.path.name
    shutil.copytree(run.path, copy)
    info = RunDir.open(copy).run_info
    recorded = json.loads(info.read_bytes())
    recorded["corpus"]["path"] = str(tmp_path / "gone")
    info.write_text(json.dumps(recorded), encoding="utf-8")

    moved = evaluated(copy, suite)
    monkeypatch.setenv("TOKMON_CACHE", str(tmp_path / "empty"))
    line = refusal(run_eval(copy, suite, "--json"))
    named = evaluated(copy, suite, "--corpus", source_folder)

    # It is found by its fingerprint while it is in the cache.
    assert moved["corpus"]["is_own"] is True
    assert str(tmp_path / "gone") in line
    assert str(tmp_path / "empty" / "corpora") in line
    assert "--corpus DIR|RECIPE" in line
    assert named["corpus"]["is_own"] is True


def test_another_corpus_has_to_be_named_and_is_told(
    run: RunDir, suite: Path, tmp_path: Path, source_folder: Path
) -> None:
    other = tmp_path / "other"
    shutil.copytree(source_folder, other)
    (other / "more.py").write_text("def more():\n    return 'more'\n" * 20, encoding="utf-8")

    found = evaluated(run.path, suite, "--corpus", other)

    assert found["corpus"]["is_own"] is False
    assert found["recorded"]["passed"] is None
    assert "may have been part of its training" in found["notes"][0]


def test_a_lone_checkpoint_is_judged_on_its_own_corpus_or_not_at_all(
    run: RunDir, suite: Path, tmp_path: Path
) -> None:
    for path in (run.best, run.final):
        shutil.copy(path, tmp_path)
        shutil.copy(run.sidecar(path), tmp_path)

    for path in (run.best, run.final):
        found = evaluated(tmp_path / path.name, suite)
        assert found["corpus"]["is_own"] is True

    unnamed = load(run.best).content | {"materials": {}}
    save(tmp_path / "unnamed.pt", unnamed, "2026-01-01T00:00:00+00:00")
    assert "nothing says what it was trained on" in refusal(
        run_eval(tmp_path / "unnamed.pt", suite)
    )


def test_a_huggingface_folder_gives_the_numbers_of_its_checkpoint(
    run: RunDir,
    suite: Path,
    tmp_path: Path,
    source_folder: Path,
    of_final: dict[str, Any],
) -> None:
    trained = load_trained(run.final, torch.device("cpu"))
    folder = write_huggingface(tmp_path / "exported", trained.model, trained.config.data.seq_len)

    line = refusal(run_eval(folder, suite))
    found = evaluated(folder, suite, "--corpus", source_folder)

    assert "--corpus" in line
    assert found["recorded"]["passed"] is None
    assert {key: found["human"][key] for key in OF_SAMPLES} == {
        key: of_final["human"][key] for key in OF_SAMPLES
    }
    assert {key: found[key] for key in OF_SAMPLES} == {key: of_final[key] for key in OF_SAMPLES}


@pytest.mark.parametrize(
    "more",
    [
        ("gone",),
        (".", "--all"),
        ("RUN", "--suite", "gone.toml"),
        ("RUN", "--device", "tpu:x"),
        ("RUN", "--device", "cuda:99"),
        ("RUN", "--corpus", "gone.toml"),
        ("BEST", "--all"),
    ],
)
def test_what_a_user_can_mend_is_one_line(
    run: RunDir, more: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = [{"RUN": str(run.path), "BEST": str(run.best)}.get(part, part) for part in more]

    refusal(CliRunner().invoke(main, ["eval", *arguments]))


@pytest.mark.parametrize("more", [(), ("x", "--n", "0"), ("x", "--seed", "-1"), ("x", "--what")])
def test_wrong_usage_exits_with_2(more: tuple[str, ...]) -> None:
    assert CliRunner().invoke(main, ["eval", *more]).exit_code == 2


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal for one process")
def test_ctrl_c_ends_it_without_a_traceback(run: RunDir) -> None:
    arguments = command("eval", str(run.path), "--n", "1000", "--device", "cpu")
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("loading")

        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()

    assert process.returncode == 130
    assert "Traceback" not in rest
