"""Counts of FLOP and bytes, against hand counts and against the model itself."""

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from trainer.config import ModelConfig
from trainer.flops import (
    Rates,
    floor,
    forward_flops,
    parameters,
    step_traffic,
    training_flops,
    trunk_weights,
)
from trainer.model import Model, count_parameters

V1 = ModelConfig()
TOKENS, SEQ_LEN = 32 * 512, 512
H200 = Rates(790e12, 4.3e12)
RTX_5090 = Rates(209.5e12, 1.792e12)


def test_v1_has_the_parameters_it_is_known_for() -> None:
    assert parameters(V1) == 28_355_328
    assert trunk_weights(V1) == 2_621_440


@pytest.mark.parametrize(("seq_len", "attention"), [(512, 0.052), (1024, 0.103)])
def test_flop_of_a_step_of_v1(seq_len: int, attention: float) -> None:
    step = training_flops(V1, seq_len).times(TOKENS)

    assert step.head / 1e12 == pytest.approx(1.265, abs=5e-4)
    assert step.trunk / 1e12 == pytest.approx(0.258, abs=5e-4)
    assert step.attention / 1e12 == pytest.approx(attention, abs=6e-4)
    assert 96e6 <= step.total / TOKENS <= 99.5e6


def test_bytes_of_a_step_of_v1() -> None:
    traffic = step_traffic(V1, TOKENS, 2)

    assert traffic.loss / 1e9 == pytest.approx(3.30, abs=0.01)
    assert traffic.optimizer / 1e9 == pytest.approx(0.96, abs=0.005)
    assert traffic.trunk_least / 1e9 == pytest.approx(2, rel=0.15)
    assert traffic.trunk_most / 1e9 == pytest.approx(4, rel=0.15)


@pytest.mark.parametrize(
    ("rates", "compute_ms", "least_ms", "most_ms"),
    [(H200, 2.0, 3.4, 3.9), (RTX_5090, 7.5, 10.9, 12.1)],
)
def test_the_floor_of_v1(rates: Rates, compute_ms: float, least_ms: float, most_ms: float) -> None:
    flops, traffic = training_flops(V1, SEQ_LEN).times(TOKENS), step_traffic(V1, TOKENS, 2)

    fused = floor(flops, traffic, rates)
    unfused = floor(flops, traffic, rates, is_fused=False)

    assert sum(fused[:3]) * 1e3 == pytest.approx(compute_ms, abs=0.05)
    assert least_ms <= fused.total_s * 1e3 < unfused.total_s * 1e3 <= most_ms


MODELS = st.builds(
    lambda layers, half, heads, mlp, vocab: ModelConfig(
        layers=layers, width=2 * half * heads, heads=heads, mlp=mlp, vocab=vocab
    ),
    *(st.integers(1, limit) for limit in (3, 4, 3, 9, 50)),
)


@given(MODELS)
def test_parameters_are_those_of_the_model(model: ModelConfig) -> None:
    assert parameters(model) == count_parameters(Model(model))


@settings(deadline=None, max_examples=25)
@given(MODELS, st.integers(1, 3), st.integers(2, 8))
def test_products_are_those_that_pytorch_counts(
    config: ModelConfig, sequences: int, seq_len: int
) -> None:
    model = Model(config)
    tokens = torch.zeros(sequences, seq_len, dtype=torch.int64)

    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        model(tokens).sum().backward()

    counted = training_flops(config, seq_len)
    # This backend computes attention whole, causal or not.
    whole = counted._replace(attention=2 * counted.attention)
    assert counter.get_total_flops() == sequences * seq_len * whole.total


@given(MODELS, st.integers(1, 4096), st.integers(1, 4096))
def test_counts_per_step_grow_as_its_tokens(model: ModelConfig, seq_len: int, tokens: int) -> None:
    one, many = step_traffic(model, tokens, 2), step_traffic(model, 3 * tokens, 2)

    assert many.loss == 3 * one.loss
    assert many.optimizer == one.optimizer
    assert one.trunk_least < one.trunk_most
    assert training_flops(model, seq_len).total == 3 * forward_flops(model, seq_len).total


def test_counting_needs_no_torch() -> None:
    program = "import sys, trainer.flops, trainer.bench_result; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
