"""Which steps do not reach the weights."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

import trainer.head
from tests.runs_of_trainer import write_config
from tokmon.rundir.layout import RunDir
from trainer.guard import WINDOW_STEPS, Guard
from trainer.run import run_training

CPU = torch.device("cpu")


def judge(guard: Guard, loss: float, norm: float = 1.0) -> tuple[bool, bool]:
    verdict = guard.judge(torch.tensor(loss), torch.tensor(norm))
    return bool(verdict.is_finite), bool(verdict.is_spike)


def filled(guard: Guard, seed: int = 0) -> Guard:
    noise = np.random.default_rng(seed).normal(3.0, 0.1, WINDOW_STEPS)
    for loss in noise:
        assert judge(guard, float(loss), 1.0 + float(loss) / 10) == (True, False)
    return guard


@pytest.mark.parametrize("loss", [math.nan, math.inf])
@pytest.mark.parametrize("norm", [1.0, math.nan])
def test_what_is_not_finite_is_found_and_forgotten(loss: float, norm: float) -> None:
    guard = filled(Guard(6.0, CPU))
    before = guard.state()

    assert judge(guard, loss, norm) == (False, False)

    assert torch.equal(guard.state()["window"], before["window"])
    assert guard.state()["seen"] == before["seen"]


def test_six_sigma_above_in_loss_or_norm_is_a_spike_and_five_is_not() -> None:
    window = filled(Guard(6.0, CPU)).state()["window"]
    mean, sigma = window.mean(dim=0), window.std(dim=0, correction=0)

    for value, expected in ((5.0, False), (7.0, True), (-9.0, False)):
        far = (mean + value * sigma).tolist()
        assert judge(filled(Guard(6.0, CPU)), far[0], float(mean[1]))[1] is expected
        assert judge(filled(Guard(6.0, CPU)), float(mean[0]), far[1])[1] is expected


def test_nothing_is_a_spike_before_the_window_is_full_or_with_sigma_0() -> None:
    early = Guard(6.0, CPU)
    for _ in range(WINDOW_STEPS - 1):
        judge(early, 3.0)

    assert judge(early, 1e9) == (True, False)
    assert judge(filled(Guard(0.0, CPU)), 1e9) == (True, False)


def test_a_level_that_stays_becomes_the_usual_one() -> None:
    guard = filled(Guard(6.0, CPU))

    verdicts = [judge(guard, 10.0, 2.0)[1] for _ in range(20)]

    assert verdicts[0]
    assert not verdicts[-1]


@given(st.lists(st.floats(0, 20), min_size=1, max_size=300), st.integers(0, 300))
def test_the_window_survives_a_checkpoint(losses: list[float], cut: int) -> None:
    whole, first, second = Guard(6.0, CPU), Guard(6.0, CPU), Guard(6.0, CPU)
    expected = [judge(whole, loss) for loss in losses]

    seen = [judge(first, loss) for loss in losses[:cut]]
    second.restore(first.state())
    seen += [judge(second, loss) for loss in losses[cut:]]

    assert seen == expected


def test_injected_nan_and_spike_are_skipped_counted_and_told_with_their_windows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, source_folder: Path
) -> None:
    real, calls = trainer.head.mean_loss, {"training": 0}

    def faulty(hidden: Tensor, weight: Tensor, targets: Tensor, **how: int) -> Tensor:
        losses = real(hidden, weight, targets, **how)
        if torch.is_grad_enabled():
            calls["training"] += 1
            if calls["training"] == 135:
                return losses * math.nan
            if calls["training"] == 140:
                return losses * 50
        return losses

    monkeypatch.setattr(trainer.head, "mean_loss", faulty)
    config = write_config(tmp_path, source_folder, steps=150)

    assert run_training(config, [], "auto", tmp_path, is_quiet=True) == 0

    run = RunDir.of_experiment(tmp_path, "tiny")
    lines = [json.loads(line) for line in run.log.read_bytes().splitlines()]
    events = [json.loads(line) for line in run.events.read_bytes().splitlines()]
    told = {event["event"]: event for event in events if event["event"] in ("spike", "not_finite")}
    by_step = {line["step"]: line for line in lines}
    assert by_step[136]["train_loss"] is None
    assert by_step[136]["skipped_steps"] == 1
    assert by_step[140]["train_loss_max"] > 100
    assert told["not_finite"]["steps"] == [135]
    assert told["spike"]["steps"] == [140]
    assert len(told["spike"]["windows"][0]) == 2
    assert by_step[150]["train_loss"] < 6
