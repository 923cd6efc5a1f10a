"""Where windows begin: at documents, and no token is lost."""

from itertools import accumulate, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.rundir.errors import TokmonError
from trainer.window_starts import document_windows, grid_windows, repeated_share

seq_lens = st.integers(2, 12)
# Many documents that just fit, just do not, or end a window early.
documents = st.lists(st.integers(1, 40), min_size=1, max_size=60)


def split_of(lengths: list[int]) -> tuple[np.ndarray, int]:
    offsets = np.array([0, *accumulate(lengths)], dtype=np.int64)
    return offsets, int(offsets[-1])


def starts_of(lengths: list[int], seq_len: int) -> list[int]:
    """Return the windows of a split, which is made long enough for one."""
    offsets, tokens = split_of(long_enough(lengths, seq_len))
    starts = document_windows(offsets, tokens, seq_len)
    assert starts.dtype == np.int64
    return starts.tolist()


def long_enough(lengths: list[int], seq_len: int) -> list[int]:
    return lengths if sum(lengths) > seq_len else [*lengths, seq_len + 1]


def by_the_letter(lengths: list[int], seq_len: int) -> list[int]:
    """Return what the rule says, window by window."""
    *begins, tokens = accumulate(long_enough(lengths, seq_len), initial=0)
    last = tokens - seq_len - 1
    starts = [0]
    while starts[-1] < last:
        start = starts[-1]
        within = [begin for begin in begins if start < begin <= start + seq_len]
        starts.append(within[-1] if within else start + seq_len)
    return [*starts[:-1], last]


@given(documents, seq_lens)
def test_windows_are_those_of_the_rule(lengths: list[int], seq_len: int) -> None:
    assert starts_of(lengths, seq_len) == by_the_letter(lengths, seq_len)


@given(documents, seq_lens)
def test_every_token_but_the_first_is_a_target(lengths: list[int], seq_len: int) -> None:
    starts = starts_of(lengths, seq_len)

    targets = {start + 1 + place for start in starts for place in range(seq_len)}

    assert targets == set(range(1, sum(long_enough(lengths, seq_len))))


@given(documents, seq_lens)
def test_starts_ascend_and_are_at_most_twice_the_grids_and_one(
    lengths: list[int], seq_len: int
) -> None:
    starts = starts_of(lengths, seq_len)
    grid = grid_windows(sum(long_enough(lengths, seq_len)), seq_len)

    assert starts[0] == 0
    assert all(before < after for before, after in pairwise(starts))
    assert len(starts) <= 2 * len(grid) + 1


@given(documents, seq_lens)
def test_a_document_that_fits_lies_whole_in_a_window_and_a_longer_one_begins_one(
    lengths: list[int], seq_len: int
) -> None:
    starts = starts_of(lengths, seq_len)

    for begin, end in pairwise(accumulate(long_enough(lengths, seq_len), initial=0)):
        if end - begin <= seq_len:
            assert any(start <= begin and end <= start + seq_len + 1 for start in starts)
        else:
            assert begin in starts


@given(tokens=st.integers(3, 500), seq_len=seq_lens)
def test_a_single_document_gives_the_grid_and_the_rest_flush_with_its_end(
    tokens: int, seq_len: int
) -> None:
    tokens = max(tokens, seq_len + 1)
    grid = grid_windows(tokens, seq_len).tolist()

    starts = starts_of([tokens], seq_len)

    assert starts[: len(grid)] == grid
    assert starts[len(grid) :] in ([], [tokens - seq_len - 1])


@given(documents, seq_lens)
def test_the_end_of_the_last_document_among_the_offsets_changes_nothing(
    lengths: list[int], seq_len: int
) -> None:
    offsets, tokens = split_of(long_enough(lengths, seq_len))

    with_end = document_windows(offsets, tokens, seq_len)

    assert with_end.tolist() == document_windows(offsets[:-1], tokens, seq_len).tolist()


@given(documents, seq_lens)
def test_the_repeated_share_is_that_of_targets_seen_before(
    lengths: list[int], seq_len: int
) -> None:
    starts = starts_of(lengths, seq_len)

    share = repeated_share(np.array(starts), seq_len)

    targets = [start + 1 + place for start in starts for place in range(seq_len)]
    assert share == pytest.approx(1 - len(set(targets)) / len(targets))
    assert repeated_share(grid_windows(sum(targets), seq_len), seq_len) == 0


@pytest.mark.parametrize("windows", [grid_windows, lambda *size: document_windows([0], *size)])
def test_a_split_shorter_than_a_window_is_refused(windows) -> None:
    assert windows(9, 8).tolist() == [0]
    with pytest.raises(TokmonError, match="too small: 8 tokens for sequences of 8; lower data"):
        windows(8, 8)
