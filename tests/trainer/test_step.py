"""One training step: what it computes, and what never reaches the weights."""

import math

import msgspec
import pytest
import torch
from torch.nn import functional

from trainer.config import Config, DataConfig, ModelConfig, OptimConfig, ScheduleConfig
from trainer.meter import Meter
from trainer.model import Model
from trainer.optim import make_optimizer
from trainer.plan import Plan
from trainer.step import TrainStep

CONFIG = Config(
    experiment="x",
    data=DataConfig(corpus="none", seq_len=8, batch_size=2),
    model=ModelConfig(layers=1, width=16, heads=2, mlp=16, vocab=53),
    schedule=ScheduleConfig(steps=10),
)
CPU = torch.device("cpu")
PLAN = Plan(device="cpu", dtype="float32")
TOKENS = torch.randint(0, 53, (2, 9), generator=torch.Generator().manual_seed(1))
INPUTS, TARGETS = TOKENS[:, :-1], TOKENS[:, 1:]


def make(config: Config = CONFIG) -> tuple[Model, torch.optim.AdamW, TrainStep]:
    model = Model(config.model)
    model.initialize(torch.Generator().manual_seed(0))
    optimizer = make_optimizer(model, config.optim)
    return model, optimizer, TrainStep(model, optimizer, config, CPU, PLAN)


def test_a_step_is_that_of_plain_pytorch() -> None:
    model, _, step = make()
    plain, _, _ = make()
    decayed = [p for p in plain.parameters() if p.dim() >= 2]
    others = [p for p in plain.parameters() if p.dim() < 2]
    reference = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}],
        lr=1e-2,
        betas=(0.9, 0.95),
        fused=False,
        foreach=False,
    )
    for _ in range(5):
        result = step(INPUTS, TARGETS, lr=1e-2)
        loss = functional.cross_entropy(plain(INPUTS).flatten(0, 1), TARGETS.flatten())
        reference.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(plain.parameters(), 1.0)
        reference.step()

        torch.testing.assert_close(result.loss, loss.detach())
        torch.testing.assert_close(result.grad_norm, norm)

    for ours, theirs in zip(model.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)


def test_learning_to_repeat_one_batch_brings_the_loss_down() -> None:
    _, _, step = make()

    losses = [step(INPUTS, TARGETS, lr=3e-2).loss.item() for _ in range(40)]

    assert losses[0] == pytest.approx(math.log(53), abs=0.1)
    assert losses[-1] < 0.5


def test_a_step_that_is_not_finite_leaves_weights_moments_and_count_alone() -> None:
    model, optimizer, step = make()
    step(INPUTS, TARGETS, lr=1e-2)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    moments = {
        id(p): {key: value.clone() for key, value in state.items()}
        for p, state in optimizer.state.items()
    }
    handle = model.norm.register_forward_hook(lambda *_: torch.full((2, 8, 16), math.nan))

    result = step(INPUTS, TARGETS, lr=1e-2)

    handle.remove()
    assert not result.verdict.is_finite
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    for p, state in optimizer.state.items():
        assert all(torch.equal(moments[id(p)][key], value) for key, value in state.items())
    assert step(INPUTS, TARGETS, lr=1e-2).verdict.is_finite


def test_the_meter_hides_no_step_that_is_not_finite() -> None:
    model, _, step = make()
    meter = Meter(10)
    meter.add(step(INPUTS, TARGETS, lr=1e-2))
    handle = model.norm.register_forward_hook(lambda *_: torch.full((2, 8, 16), math.inf))
    meter.add(step(INPUTS, TARGETS, lr=1e-2))
    handle.remove()

    interval = meter.take()

    assert math.isnan(interval.train_loss)
    assert (interval.not_finite, interval.spikes) == ((1,), ())


def test_an_open_interval_survives_a_checkpoint() -> None:
    _, _, step = make()
    results = [step(INPUTS, TARGETS, lr=1e-2) for _ in range(4)]
    whole, first, second = Meter(10), Meter(10), Meter(10)
    for result in results:
        whole.add(result)
    for result in results[:3]:
        first.add(result)
    second.restore(first.state())
    second.add(results[3])

    assert second.take() == whole.take()


def test_the_largest_step_of_an_interval_is_kept_beside_the_mean() -> None:
    _, _, step = make()
    meter = Meter(10)
    losses = []
    for _ in range(3):
        result = step(INPUTS, TARGETS, lr=3e-2)
        losses.append(result.loss.item())
        meter.add(result)

    interval = meter.take()

    assert interval.train_loss == pytest.approx(sum(losses) / 3)
    assert interval.train_loss_max == max(losses)


def test_clip_zero_does_not_clip() -> None:
    config = msgspec.structs.replace(CONFIG, optim=OptimConfig(clip=0.0))
    _, _, step = make(config)

    assert math.isfinite(step(INPUTS, TARGETS, lr=1e-2).grad_norm.item())
