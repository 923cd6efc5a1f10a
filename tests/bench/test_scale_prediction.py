"""What is predicted of N GPUs: arithmetic that can be wrong only in ways that show."""

import pytest
import torch
import torch.distributed
from hypothesis import given
from hypothesis import strategies as st

from bench.scale.exchange import (
    BUCKET_BYTES,
    FIRST_BUCKET_BYTES,
    GRADIENT_BYTES,
    Gradients,
    buckets,
    ready_gradients,
    ring_bytes,
)
from bench.scale.prediction import Base, Cluster, Prediction, Step, phases, strong, weak
from bench.scale.sharded import LARGER, Pace, compute_s, sharded, state_bytes
from trainer.config import ModelConfig
from trainer.flops import Rates, floor, parameters, step_traffic, training_flops
from trainer.model import Model

V1 = ModelConfig()
H200 = Rates(790e12, 4.3e12)
seconds = st.floats(1e-6, 10.0)
steps = st.builds(Step, seconds, seconds, seconds, seconds)
models = st.builds(
    ModelConfig,
    layers=st.integers(1, 8),
    width=st.sampled_from([32, 256, 1024]),
    mlp=st.integers(8, 4096),
    vocab=st.sampled_from([64, 50257]),
)
rates = st.floats(1e6, 1e13)
counts = st.integers(1, 64)


def base_of(step: Step, smaller: dict[int, Step] | None = None) -> Base:
    return Base(step, 32, 512, smaller or {})


def both(base: Base, model: ModelConfig, gpus: int, rate: float) -> list[Prediction]:
    sent = buckets(ready_gradients(model))
    return [predict(base, sent, Cluster(gpus, "link", rate)) for predict in (strong, weak)]


@given(steps, models, counts, rates)
def test_a_step_is_never_faster_than_its_share_of_the_compute(
    step: Step, model: ModelConfig, gpus: int, rate: float
) -> None:
    shared, each = both(base_of(step), model, gpus, rate)

    assert shared.step_s >= step.total_s / gpus * (1 - 1e-12)
    assert each.step_s >= step.total_s
    assert shared.speedup <= gpus * (1 + 1e-12)
    assert each.efficiency <= 1 + 1e-12


@given(steps, steps, models, st.integers(1, 5))
def test_nor_where_the_smaller_batch_was_measured(
    step: Step, measured: Step, model: ModelConfig, power: int
) -> None:
    gpus = 2**power

    shared, _ = both(base_of(step, {32 // gpus: measured}), model, gpus, 1e11)

    assert "as measured" in shared.compute_from
    assert shared.compute_s == pytest.approx(max(measured.total_s, step.total_s / gpus))
    assert shared.step_s >= shared.compute_s


@given(steps, models, counts, rates, st.floats(1.0, 1e3))
def test_a_faster_link_never_makes_a_step_slower(
    step: Step, model: ModelConfig, gpus: int, rate: float, factor: float
) -> None:
    slow = both(base_of(step), model, gpus, rate)
    fast = both(base_of(step), model, gpus, rate * factor)

    for one, other in zip(slow, fast, strict=True):
        assert other.step_s <= one.step_s * (1 + 1e-9)


@given(steps, models, counts, rates)
def test_what_is_not_hidden_is_at_least_the_last_bucket_and_at_most_everything(
    step: Step, model: ModelConfig, gpus: int, rate: float
) -> None:
    sent = buckets(ready_gradients(model))
    last_s = ring_bytes(gpus, sent[-1].size_bytes) / rate

    for one in both(base_of(step), model, gpus, rate):
        # The end of the backward pass is a sum, and comes out a rounding away.
        assert one.exposed_s >= last_s - 1e-12 * (1 + one.step_s)
        assert one.exposed_s <= one.all_reduce_s + 1e-12 * (1 + one.step_s)


@given(steps, models, rates)
def test_one_gpu_is_what_was_measured(step: Step, model: ModelConfig, rate: float) -> None:
    for one in both(base_of(step, {32: Step(9, 9, 9, 9)}), model, 1, rate):
        assert one.step_s == step.total_s
        assert one.speedup == one.efficiency == 1
        assert one.all_reduce_s == one.exposed_s == 0
        assert one.tokens_per_sec == pytest.approx(32 * 512 / step.total_s)


def test_a_batch_that_does_not_divide_is_scaled() -> None:
    shared, _ = both(base_of(Step(3, 3, 3, 1), {10: Step(1, 1, 1, 1)}), V1, 3, 1e11)

    assert shared.compute_from == "scaled"
    assert shared.compute_s == pytest.approx(9 / 3 + 1)


@given(models)
def test_every_parameter_has_its_gradient_and_the_embedding_is_last(model: ModelConfig) -> None:
    gradients = ready_gradients(model)

    assert sum(one.size_bytes for one in gradients) == GRADIENT_BYTES * parameters(model)
    assert [one.depth for one in gradients] == sorted(one.depth for one in gradients)
    assert gradients[0].size_bytes == gradients[-1].size_bytes
    assert (gradients[0].depth, gradients[-1].depth) == (0, 1)


def test_the_order_of_gradients_is_the_one_that_autograd_makes() -> None:
    model, order = Model(ModelConfig(layers=2, width=8, heads=2, mlp=12, vocab=16)), []
    for parameter in model.parameters():
        parameter.register_post_accumulate_grad_hook(lambda one: order.append(one.numel()))

    model(torch.zeros(1, 4, dtype=torch.int64)).sum().backward()

    counted = [one.size_bytes // GRADIENT_BYTES for one in ready_gradients(model.config)]
    assert (order[0], order[-1]) == (counted[0], counted[-1])
    assert sorted(order) == sorted(counted)


@given(st.lists(st.integers(1, 2**21), min_size=1, max_size=30))
def test_buckets_are_those_of_distributed_data_parallel(sizes: list[int]) -> None:
    gradients = [Gradients(GRADIENT_BYTES * size, 0.0) for size in sizes]
    cap = 4 * FIRST_BUCKET_BYTES

    ours = [one.size_bytes for one in buckets(gradients, cap)]

    tensors = [torch.empty(size, device="cpu") for size in sizes]
    indices, _ = torch.distributed._compute_bucket_assignment_by_size(
        tensors, [FIRST_BUCKET_BYTES, cap], [False] * len(sizes), list(range(len(sizes)))
    )
    assert ours == [sum(gradients[index].size_bytes for index in bucket) for bucket in indices]
    assert torch.distributed._DEFAULT_FIRST_BUCKET_BYTES == FIRST_BUCKET_BYTES


def test_of_v1_the_trunk_waits_for_the_embedding_unless_buckets_are_smaller() -> None:
    gradients = ready_gradients(V1)

    usual = [one.size_bytes for one in buckets(gradients)]
    smaller = [one.size_bytes for one in buckets(gradients, BUCKET_BYTES / 4)]

    assert usual == [4 * 50257 * 256, 4 * (28_355_328 - 50257 * 256)]
    assert len(smaller) == 3


def test_a_ring_of_two_brings_each_what_there_is() -> None:
    assert ring_bytes(2, 100) == 100
    assert ring_bytes(8, 100) == 175


def test_phases_add_up_and_the_optimizer_keeps_its_time_on_a_smaller_batch() -> None:
    flops = training_flops(V1, 512).times(16_384)
    least = floor(flops, step_traffic(V1, 16_384, 2), H200)

    step = phases(7e-3, least)
    quarter = step.of_batch_share(1 / 4)

    assert step.total_s == pytest.approx(7e-3)
    assert step.forward_s == pytest.approx((step.head_backward_s + step.trunk_backward_s) / 2)
    assert quarter.optimizer_s == step.optimizer_s
    assert quarter.backward_end_s == pytest.approx(step.backward_end_s / 4)


def test_the_predicted_order_of_magnitude_is_that_of_the_counts() -> None:
    """113 MB: about 8 ms through PCIe 4.0, about half a millisecond through NVLink."""
    step = base_of(Step(1e-3, 1e-3, 1e-3, 2e-4))

    pcie, _ = both(step, V1, 8, 24e9)
    nvlink, _ = both(step, V1, 8, 370e9)

    assert pcie.all_reduce_s == pytest.approx(8.27e-3, rel=1e-2)
    assert nvlink.all_reduce_s == pytest.approx(0.54e-3, rel=1e-2)
    assert pcie.speedup < 1 < nvlink.speedup


def test_larger_models_are_counted_as_they_are() -> None:
    billion = next(model for model in LARGER if 1.0e9 < parameters(model) < 1.3e9)
    step_s = compute_s(billion, 32, 512, Pace(H200, 0.5))

    one = sharded(billion, Cluster(4, "NVLink", 370e9), step_s)

    assert state_bytes(billion) == 16 * parameters(billion) < 32e9
    assert one.state_bytes_per_gpu * 4 == state_bytes(billion)
    assert one.moved_bytes == pytest.approx(3 / 4 * (2 * 2 + 4) * parameters(billion))
    assert one.moved_bytes == pytest.approx(ring_bytes(4, 4 * parameters(billion)))
    assert one.least_s == max(one.compute_s, one.link_s) < one.most_s
    assert step_s == pytest.approx(2 * compute_s(billion, 32, 512, Pace(H200, 1.0)))
    assert state_bytes(LARGER[-1]) > 80e9
