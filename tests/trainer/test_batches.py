"""Which tokens a step sees."""

from pathlib import Path

import numpy as np
import psutil
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tokmon.rundir.errors import TokmonError
from trainer.batches import BatchOrder, Windows, evenly_spread, rank_share

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


@given(
    share=st.integers(1, 20),
    windows=st.integers(1, 50),
    ranks=st.sampled_from([1, 2, 4]),
    step=st.integers(1, 50),
)
def test_the_shares_of_all_ranks_are_the_batch(
    share: int, windows: int, ranks: int, step: int
) -> None:
    batch = BatchOrder(windows, 4 * share, seed=1).batch(step)

    shares = [rank_share(batch, rank, ranks) for rank in range(ranks)]

    assert {len(share) for share in shares} == {len(batch) // ranks}
    assert np.concatenate(shares).tolist() == batch.tolist()


def test_a_batch_that_the_ranks_cannot_share_is_refused_with_one_that_they_can() -> None:
    with pytest.raises(TokmonError, match=r"data\.batch_size 6 .* 4 ranks; .*batch_size to 8"):
        rank_share(np.arange(6), rank=0, ranks=4)


def test_windows_begin_where_they_are_told_to() -> None:
    tokens = np.arange(100, dtype=np.uint16)
    windows = Windows(tokens, seq_len=8, starts=np.array([0, 5, 91]))

    inputs, targets = windows.read(np.array([2, 1]))

    assert windows.count == 3
    assert inputs.tolist() == [list(range(91, 99)), list(range(5, 13))]
    assert torch.equal(targets, inputs + 1)
    assert windows.repeated_share == 3 / 24


def test_reading_a_batch_reads_no_more_of_the_split(tmp_path: Path) -> None:
    path = tmp_path / "sparse.tokens"
    with path.open("wb") as file:
        file.truncate(2**29)
    tokens = np.memmap(path, dtype=np.uint16, mode="r")
    before_bytes = psutil.Process().memory_info().rss

    Windows(tokens, 8, starts=np.array([0, len(tokens) - 9])).read(np.array([1, 0, 1]))

    assert psutil.Process().memory_info().rss - before_bytes < 10**8


def test_targets_are_the_inputs_one_later() -> None:
    tokens = np.arange(100, dtype=np.uint16)

    inputs, targets = Windows(tokens, seq_len=8).read(np.array([0, 3]))

    assert inputs.tolist() == [list(range(8)), list(range(24, 32))]
    assert torch.equal(targets, inputs + 1)


@given(length=st.integers(9, 400), seq_len=st.integers(2, 8), seed=st.integers(0, 99))
def test_a_split_on_the_device_gives_the_same_batches(length: int, seq_len: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    tokens = random.integers(0, 2**16, length).astype(np.uint16)
    starts = random.integers(0, length - seq_len, 7) if seed % 2 else None
    host = Windows(tokens, seq_len, CPU, starts=starts, is_resident=False)
    device = Windows(tokens, seq_len, CPU, starts=starts, is_resident=True)
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
