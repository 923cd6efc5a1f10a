"""The CUDA path, where there is a GPU; elsewhere these are skipped and say so."""

import math
from pathlib import Path

import pytest
import torch

from tests.runs_of_trainer import run_trainer, write_config
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, Step, System, decode
from trainer.checkpoint import load
from trainer.gpus import read_gpus

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]


def train(folder: Path, corpus: Path, *overrides: str) -> RunDir:
    arguments = [word for override in overrides for word in ("--set", override)]
    answer = run_trainer(write_config(folder, corpus), folder / "logs", *arguments)
    assert answer.returncode == 0, answer.stderr
    return RunDir.of_experiment(folder / "logs", "tiny")


def losses_of(run: RunDir) -> list[float]:
    steps = [decode(line, Step) for line in run.log.read_bytes().splitlines()]
    return [step.train_loss or math.nan for step in steps]


def test_float32_losses_on_cuda_are_those_of_the_cpu(tmp_path: Path, source_folder: Path) -> None:
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cuda").mkdir()

    on_cpu = losses_of(train(tmp_path / "cpu", source_folder))
    on_cuda = losses_of(
        train(
            tmp_path / "cuda",
            source_folder,
            "device.device=cuda",
            "device.dtype=float32",
            "device.compile=off",
        )
    )

    assert on_cuda == pytest.approx(on_cpu, abs=0.02)


def test_compiled_bfloat16_learns_and_says_so(tmp_path: Path, source_folder: Path) -> None:
    run = train(tmp_path, source_folder, "device.device=cuda")
    info = decode(run.run_info.read_bytes(), RunInfo)
    losses = losses_of(run)

    assert (info.device["type"], info.device["dtype"]) == ("cuda", "bfloat16")
    assert losses[-1] < losses[0] - 0.5
    assert all(weight.device.type == "cpu" for weight in load(run.best).content["model"].values())


def test_the_gpu_is_read_through_nvml() -> None:
    first = read_gpus().gpus[0]

    assert first.name
    assert first.memory_total_bytes
    assert first.utilization_pct is not None


def test_the_run_records_its_gpu(tmp_path: Path, source_folder: Path) -> None:
    run = train(tmp_path, source_folder, "device.device=cuda", "schedule.steps=3000")
    samples = [decode(line, System) for line in run.system.read_bytes().splitlines()]

    assert samples
    assert samples[-1].gpus
