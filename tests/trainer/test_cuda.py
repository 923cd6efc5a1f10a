"""The CUDA path, where there is a GPU; elsewhere these are skipped and say so."""

import json
import math
from pathlib import Path

import pytest
import torch
from torch.nn import functional

from tests.runs_of_trainer import run_trainer, write_config
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, Step, System, decode
from trainer.checkpoint import load
from trainer.device import autocast
from trainer.gpus import read_gpus
from trainer.head import HeadKind, loss_function
from trainer.head_libraries import has_cut_loss, has_library_loss

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
            *EAGER,
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


EAGER = ("device.dtype=float32", "device.compile=off", "device.capture=off")


@pytest.mark.parametrize("way", ["device.compile=off", "device.compile=on"])
def test_a_captured_step_gives_the_losses_of_one_that_is_launched(
    tmp_path: Path, source_folder: Path, way: str
) -> None:
    (tmp_path / "eager").mkdir()
    (tmp_path / "captured").mkdir()
    eager = train(tmp_path / "eager", source_folder, "device.device=cuda", *EAGER)

    captured = train(
        tmp_path / "captured", source_folder, "device.device=cuda", "device.dtype=float32", way
    )

    assert losses_of(captured) == pytest.approx(losses_of(eager), rel=1e-3)
    said = [json.loads(line) for line in captured.events.read_bytes().splitlines()]
    assert [event["message"] for event in said if event["event"] == "plan"]


def test_a_captured_run_that_is_resumed_captures_again(tmp_path: Path, source_folder: Path) -> None:
    config = write_config(tmp_path, source_folder)
    ends = ["--set", "device.device=cuda", "--set", "checkpoint.every=20"]
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    assert run_trainer(config, whole, *ends).returncode == 0
    assert run_trainer(config, halves, *ends).returncode == 0
    run = RunDir.of_experiment(halves, "tiny")
    middle = run.step_checkpoint(20)

    assert run_trainer(config, halves, *ends, "--resume", str(middle)).returncode == 0

    others = losses_of(RunDir.of_experiment(whole, "tiny"))
    assert losses_of(run) == pytest.approx(others, rel=1e-2)


@pytest.mark.parametrize(
    ("kind", "rows", "columns"),
    [
        ("whole", 0, 0),
        ("whole", 0, 320),
        ("chunked", 64, 320),
        pytest.param(
            "linear_cross_entropy",
            64,
            0,
            marks=pytest.mark.skipif(not has_library_loss(), reason="PyTorch before 2.13"),
        ),
        pytest.param(
            "cut_cross_entropy",
            0,
            0,
            marks=pytest.mark.skipif(not has_cut_loss(), reason="not installed"),
        ),
    ],
)
def test_every_head_gives_the_loss_and_gradients_of_float64(
    kind: HeadKind, rows: int, columns: int
) -> None:
    generator = torch.Generator().manual_seed(1)
    hidden = torch.randn(256, 64, generator=generator).cuda().requires_grad_()
    weight = torch.randn(301, 64, generator=generator).cuda().mul_(0.1).requires_grad_()
    targets = torch.randint(301, (256,), generator=generator).cuda()
    exact = [tensor.detach().double().requires_grad_() for tensor in (hidden, weight)]
    reference = functional.cross_entropy(functional.linear(*exact), targets)
    wanted = torch.autograd.grad(reference, exact)

    with autocast(hidden.device, torch.bfloat16):
        loss = loss_function(kind, rows, columns)(hidden, weight, targets)

    assert loss.item() == pytest.approx(reference.item(), rel=5e-3)
    for ours, theirs in zip(torch.autograd.grad(loss, (hidden, weight)), wanted, strict=True):
        assert (ours.double() - theirs).norm() < 2e-2 * theirs.norm()


def test_the_log_says_where_the_time_of_a_captured_step_goes(
    tmp_path: Path, source_folder: Path
) -> None:
    run = train(tmp_path, source_folder, "device.device=cuda", "schedule.steps=200")
    last = decode(run.log.read_bytes().splitlines()[-1], Step)

    shares = (last.head_share, last.trunk_share, last.optimizer_share, last.gap_share)
    assert all(isinstance(share, float) and 0 <= share <= 1 for share in shares)


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
