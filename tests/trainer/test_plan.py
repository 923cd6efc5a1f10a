"""How a step is computed: measured where it matters, remembered, kept over a resume."""

from pathlib import Path

import msgspec
import pytest
import torch

from trainer import plan_choice as module
from trainer.config import Config, DataConfig, DeviceConfig, ModelConfig, ScheduleConfig
from trainer.model import Model
from trainer.plan import Plan
from trainer.plan_choice import choose_plan

CPU = torch.device("cpu")


def config(device: DeviceConfig | None = None) -> Config:
    return Config(
        experiment="x",
        data=DataConfig(corpus="none", seq_len=64, batch_size=8),
        model=ModelConfig(layers=1, width=16, heads=2, mlp=16, vocab=40_000),
        schedule=ScheduleConfig(steps=10),
        device=device or DeviceConfig(),
    )


def chosen(wanted: Config, tokens: int = 512) -> Plan:
    return choose_plan(wanted, Model(wanted.model), CPU, tokens)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TOKMON_CACHE", str(tmp_path))
    return tmp_path / "step_plans.json"


def test_small_steps_are_not_measured(cache: Path) -> None:
    plan = chosen(config(), tokens=16)

    assert (plan.dtype, plan.head, plan.is_compiled) == ("float32", "whole", False)
    assert not cache.exists()


def test_deterministic_runs_are_never_measured(cache: Path) -> None:
    assert chosen(config(DeviceConfig(deterministic=True))).reason == "the rule for this device"
    assert not cache.exists()


def test_large_ones_are_measured_once_and_the_reason_has_the_numbers(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = chosen(config())
    monkeypatch.setattr(module, "time_head", lambda *_: pytest.fail("measured twice"))

    assert "float32 logits 1024 rows at a time " in first.reason
    assert " ms" in first.reason
    assert chosen(config()) == first


def test_a_dtype_that_was_asked_for_is_kept(cache: Path) -> None:
    assert chosen(config(DeviceConfig(dtype="bfloat16"))).dtype == "bfloat16"
    assert chosen(config(DeviceConfig(dtype="float32"))).dtype == "float32"


def test_bfloat16_is_taken_only_where_it_is_much_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    def seconds(bfloat16: float) -> None:
        def time_head(plan: Plan, *_: object) -> float:
            return bfloat16 if plan.dtype == "bfloat16" else 1.0

        monkeypatch.setattr(module, "time_head", time_head)

    seconds(bfloat16=0.9)
    assert chosen(config(), tokens=512).dtype == "float32"
    seconds(bfloat16=0.7)
    assert chosen(config(), tokens=513).dtype == "bfloat16"


def test_a_damaged_cache_is_measured_again(cache: Path) -> None:
    cache.write_bytes(b'{"a": [')

    chosen(config())

    assert msgspec.json.decode(cache.read_bytes(), type=dict[str, Plan])


def test_a_run_keeps_its_plan_unless_asked_otherwise() -> None:
    plan = Plan(device="cpu", dtype="bfloat16", head="chunked", rows=512)

    assert plan.suits(config(), CPU)
    assert not plan.suits(config(DeviceConfig(dtype="float32")), CPU)
    assert not plan.suits(config(), torch.device("cuda"))
