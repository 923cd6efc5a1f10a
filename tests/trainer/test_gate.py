"""The causality gate opens for a causal model and for no other."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

import trainer.model
from tests.runs_of_trainer import write_config
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, RunInfo, decode
from trainer.config import ModelConfig
from trainer.evaluate import Evaluation
from trainer.gate import examine, refuse_leaks
from trainer.model import Model
from trainer.run import run_training

CPU = torch.device("cpu")
SMALL = ModelConfig(layers=2, width=32, heads=4, mlp=48, vocab=97)
attend = functional.scaled_dot_product_attention


def unmasked(query: Tensor, key: Tensor, value: Tensor, **_: Any) -> Tensor:
    return attend(query, key, value)


def one_ahead(query: Tensor, key: Tensor, value: Tensor, **_: Any) -> Tensor:
    """A mask that is off by one: the commonest way to break it."""
    shape = query.shape[2], key.shape[2]
    mask = torch.ones(shape, dtype=torch.bool).tril(diagonal=key.shape[2] - query.shape[2] + 1)
    return attend(query, key, value, attn_mask=mask)


def model() -> Model:
    small = Model(SMALL)
    small.initialize(torch.Generator().manual_seed(0))
    return small


def test_it_opens_for_the_model_as_it_is_in_both_precisions() -> None:
    for dtype in (torch.float32, torch.bfloat16):
        report = examine(model(), 64, CPU, dtype)

        refuse_leaks(report)
        assert report.leaking_positions == 0
        assert report.random_loss == pytest.approx(math.log(97), abs=0.2)


@pytest.mark.parametrize("broken", [unmasked, one_ahead])
def test_it_is_closed_to_a_broken_mask(
    monkeypatch: pytest.MonkeyPatch, broken: Callable[..., Tensor]
) -> None:
    monkeypatch.setattr(trainer.model.functional, "scaled_dot_product_attention", broken)

    with pytest.raises(TokmonError, match="causal mask is broken"):
        refuse_leaks(examine(model(), 64, CPU, torch.float32))


def test_it_is_closed_to_a_model_that_knows_random_targets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "trainer.gate.token_losses",
        lambda _hidden, _weight, targets, rows: torch.zeros(len(targets)),
    )

    with pytest.raises(TokmonError, match="targets leak"):
        refuse_leaks(examine(model(), 64, CPU, torch.float32))


def test_it_changes_neither_model_nor_generators() -> None:
    small = model()
    before = {name: value.clone() for name, value in small.state_dict().items()}
    state = torch.get_rng_state()

    examine(small, 64, CPU, torch.float32)

    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(before[name], value) for name, value in small.state_dict().items())
    assert small.training


def test_training_refuses_to_start_behind_a_closed_gate_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    source_folder: Path,
) -> None:
    monkeypatch.setattr(trainer.model.functional, "scaled_dot_product_attention", unmasked)
    run = RunDir.of_experiment(tmp_path, "tiny")

    with pytest.raises(SystemExit) as ending:
        run_training(write_config(tmp_path, source_folder), [], "auto", tmp_path)

    info = decode(run.run_info.read_bytes(), RunInfo)
    assert ending.value.code == 1
    assert (info.phase, info.gate["passed"]) == ("crashed", False)
    assert "causal mask is broken" in (info.error or "")
    assert "the causality gate is closed" in capsys.readouterr().err
    assert not run.log.exists()
    events = [decode(line, Event).event for line in run.events.read_bytes().splitlines()]
    assert events == ["start", "gate", "crash"]


@pytest.mark.parametrize(("bpb", "is_implausible"), [(0.02, True), (0.29, True), (0.9, False)])
def test_what_is_too_good_to_be_true_is_called_so(bpb: float, is_implausible: bool) -> None:
    assert Evaluation(val_loss=0.04, val_bpb=bpb, tokens=1).is_implausible is is_implausible
