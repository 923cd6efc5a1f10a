"""Which tokens a step sees."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tokmon.rundir.errors import TokmonError
from trainer.batches import BatchOrder, Windows, evenly_spread

CPU = torch.device("cpu")


@given(windows=st.integers(1, 50), batch=st.integers(1, 70), seed=st.integers(0, 2**32))
def test_every_epoch_sees_every_window_once(windows: int, batch: int, seed: int) -> None:
    order = BatchOrder(windows, batch, seed)
    steps = -(-3 * windows // batch)

    seen = np.concatenate([order.batch(step) for step in range(1, steps + 1)])

    for epoch in range(3):
        part = seen[epoch * windows : (epoch + 1) * windows]
        assert sorted(part.tolist()) == list(range(windows))


@given(step=st.integers(1, 500), seed=st.integers(0, 100))
def test_batch_depends_on_seed_and_step_alone(step: int, seed: int) -> None:
    wandering = BatchOrder(37, 8, seed)
    for earlier in (step + 3, 1, step):
        last = wandering.batch(earlier)

    assert last.tolist() == BatchOrder(37, 8, seed).batch(step).tolist()


def test_epochs_differ_in_order() -> None:
    order = BatchOrder(64, 64, seed=1)

    assert order.batch(1).tolist() != order.batch(2).tolist()


def test_targets_are_the_inputs_one_later() -> None:
    tokens = np.arange(100, dtype=np.uint16)

    inputs, targets = Windows(tokens, seq_len=8).read(np.array([0, 3]))

    assert inputs.tolist() == [list(range(8)), list(range(24, 32))]
    assert torch.equal(targets, inputs + 1)


@given(length=st.integers(9, 400), seq_len=st.integers(2, 8), seed=st.integers(0, 99))
def test_a_split_on_the_device_gives_the_same_batches(length: int, seq_len: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    tokens = random.integers(0, 2**16, length).astype(np.uint16)
    host = Windows(tokens, seq_len, CPU, is_resident=False)
    device = Windows(tokens, seq_len, CPU, is_resident=True)
    indices = random.integers(0, host.count, 5)

    for ours, theirs in zip(host.read(indices), device.read(indices), strict=True):
        assert torch.equal(ours, theirs)


def test_corpus_smaller_than_a_window_is_refused() -> None:
    with pytest.raises(TokmonError, match="too small"):
        Windows(np.zeros(8, dtype=np.uint16), seq_len=8)


@given(count=st.integers(1, 1000), wanted=st.integers(0, 1200))
def test_evenly_spread_windows_are_distinct_and_in_range(count: int, wanted: int) -> None:
    chosen = evenly_spread(count, wanted)

    assert len(set(chosen.tolist())) == len(chosen) == (min(wanted, count) or count)
    assert chosen.min() >= 0
    assert chosen.max() < count
