"""The same config gives the same run: between two processes exactly, between machines nearly."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch

from tests.runs_of_trainer import lines_without_times, run_trainer
from tests.trainer.made_sources import make_sources
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, decode
from trainer.checkpoint import load, save
from trainer.config_file import load_config
from trainer.resume import prepare
from trainer.window_starts import DOCUMENTS

GOLDEN = Path(__file__).parents[1] / "golden" / "first_losses.json"
_UPDATE = "TOKMON_UPDATE_GOLDEN"
# Other CPUs and other releases of torch take other BLAS kernels, which add in another order. That
# makes 1.2e-6, a unit of the log's last digit, between AVX-512, AVX2 and SSE4.2 and between 1 and 2
# threads. A weight decay of 0.11 instead of 0.1 makes 1.8e-4, windows on the grid 4.5e-2.
_TOLERANCE = 1e-4
_CONFIG = """\
experiment = "same"
seed = 7
[data]
corpus = "sources"
seq_len = 32
batch_size = 4
[model]
layers = 2
width = 16
heads = 2
mlp = 32
[optim]
lr = 1e-2
min_lr = 1e-3
[schedule]
steps = 20
warmup = 4
[log]
every = 1
[eval]
every = 10
[device]
device = "cpu"
dtype = "float32"
threads = 1
deterministic = true
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("same")
    make_sources(folder / "sources", files=40)
    (folder / "same.toml").write_text(_CONFIG, encoding="utf-8")
    return folder


def train(folder: Path, logs: str) -> RunDir:
    answer = run_trainer(folder / "same.toml", folder / logs)
    assert answer.returncode == 0, answer.stderr
    return RunDir.of_experiment(folder / logs, "same")


@pytest.fixture(scope="module")
def first(folder: Path) -> RunDir:
    return train(folder, "first")


def log_of(run: RunDir) -> list[dict[str, float]]:
    return [json.loads(line) for line in run.log.read_bytes().splitlines()]


@pytest.mark.slow
def test_deterministic_training_gives_the_same_bits_again(folder: Path, first: RunDir) -> None:
    second = train(folder, "second")

    ones, others = load(first.final).content["model"], load(second.final).content["model"]
    assert all(torch.equal(ones[name], others[name]) for name in ones.keys() | others.keys())
    assert lines_without_times(first) == lines_without_times(second)


def test_the_first_losses_are_the_recorded_ones(first: RunDir) -> None:
    """TOKMON_UPDATE_GOLDEN=1 records them: after a change that is meant to change them."""
    lines = log_of(first)
    corpus = decode(first.run_info.read_bytes(), RunInfo).corpus["fingerprint"]
    losses = [line["train_loss"] for line in lines]
    val_losses = [line["val_loss"] for line in lines if "val_loss" in line]
    if os.environ.get(_UPDATE) == "1":
        record = {"corpus": corpus, "train_loss": losses, "val_loss": val_losses}
        GOLDEN.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8", newline="\n")

    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))

    assert corpus == golden["corpus"]
    assert losses == pytest.approx(golden["train_loss"], rel=_TOLERANCE)
    assert val_losses == pytest.approx(golden["val_loss"], rel=_TOLERANCE)


@pytest.mark.parametrize(
    ("windows", "difference"),
    [
        ({"windows": "documents-0"}, "windows was documents-0, is "),
        ({}, "windows was not recorded, is "),
    ],
)
def test_a_checkpoint_that_saw_other_windows_is_refused_and_the_difference_shown(
    folder: Path, first: RunDir, tmp_path: Path, windows: dict[str, str], difference: str
) -> None:
    shutil.copytree(first.path, tmp_path / first.path.name)
    run = RunDir.of_experiment(tmp_path, "same")
    checkpoint = load(run.final)
    materials = checkpoint.content["materials"]
    others = {name: materials[name] for name in ("corpus", "tokenizer")} | windows
    save(run.final, checkpoint.content | {"materials": others}, checkpoint.info.time or "")

    assert prepare(first, load_config(folder / "same.toml"), "auto", materials).checkpoint
    with pytest.raises(TokmonError, match=r"same_final\.pt was trained with another") as refusal:
        prepare(run, load_config(folder / "same.toml"), "auto", materials)

    assert difference + DOCUMENTS in str(refusal.value)
    assert "start anew with --resume never" in str(refusal.value)
