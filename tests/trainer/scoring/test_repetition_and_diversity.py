import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.repetition import distinct_n, ngrams_of, rep_line, seq_rep_n
from trainer.scoring.compression import zlib_ratio
from trainer.scoring.diversity import distinct, unique_outputs

sample_sets = st.lists(st.lists(st.integers(0, 4), max_size=12), max_size=8)


@pytest.mark.parametrize(
    ("n", "expected"),
    # 1 2 1 2 3: tokens 1 2 3 of 5; pairs 12 21 23 of 4; triples 121 212 123 of 3; all of 2.
    [(1, 1 - 3 / 5), (2, 1 - 3 / 4), (3, 0.0), (4, 0.0), (6, None)],
)
def test_seq_rep_for_every_n(n, expected):
    assert seq_rep_n([1, 2, 1, 2, 3], n) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", None),
        ("\n  \n", None),
        ("a\nb\n", 0.0),
        ("a\n\na\nb\na", 0.5),
        # Indentation makes another line, what trails does not.
        ("a\n  a\na  \n", 1 / 3),
    ],
)
def test_rep_line_counts_repeated_lines(text, expected):
    assert rep_line(text) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("samples", "n", "expected"),
    [
        ([], 1, None),
        ([[1], []], 2, None),
        ([[1, 2], [1, 3]], 1, 3 / 4),
        # Pairs 12 21 | 12: none reaches from one sample into the next.
        ([[1, 2, 1], [1, 2]], 2, 2 / 3),
        ([[1, 1, 1, 1]], 2, 1 / 3),
    ],
)
def test_distinct_n_is_over_the_whole_set(samples, n, expected):
    assert distinct_n(samples, n) == (None if expected is None else pytest.approx(expected))
    assert distinct(samples, n).value == distinct_n(samples, n)


def test_distinct_n_has_the_jackknifes_interval():
    # 3 of 4; without the first {1, 3} 2 of 2, without the second {1, 2} 2 of 2. Both the same.
    assert distinct([[1, 2], [1, 3]], 1).low == 0.75
    # 2 of 3; without each in turn 2/2, 2/2, 1/2: variance 2 * 1/18, spread 1.96 * 1/3.
    estimate = distinct([[1], [1], [2]], 1)
    assert estimate.low == pytest.approx(2 / 3 - 1.959964 / 3)
    assert estimate.high == 1.0


@given(sample_sets, st.integers(1, 4))
def test_distinct_without_a_sample_agrees_with_counting_anew(samples, n):
    estimate = distinct(samples, n)

    left_out = [
        value
        for index in range(len(samples))
        if (value := distinct_n(samples[:index] + samples[index + 1 :], n)) is not None
    ]
    if estimate.value is None or len(left_out) < 2:
        assert estimate.low is None
        return
    mean = math.fsum(left_out) / len(left_out)
    squares = math.fsum((value - mean) ** 2 for value in left_out)
    spread = 1.959964 * math.sqrt(squares * (len(left_out) - 1) / len(left_out))
    assert estimate.low == pytest.approx(max(0, estimate.value - spread))
    assert estimate.high == pytest.approx(min(1, estimate.value + spread))


@pytest.mark.parametrize(
    ("texts", "expected"), [([], None), (["a"], 1.0), (["a", "b", "a", "a"], 0.5)]
)
def test_share_of_unique_outputs(texts, expected):
    assert unique_outputs(texts).value == expected


def test_zlib_finds_repetition():
    assert zlib_ratio("") is None
    # A header of 2, a check of 4, and a block of 5 bytes around the one that is stored.
    assert zlib_ratio("a") == pytest.approx(1 / 9)
    assert zlib_ratio("ab" * 500) > 50
    assert zlib_ratio("\ud800") is not None


@given(st.lists(st.integers(), max_size=20), st.integers(1, 5))
def test_ngrams_begin_at_every_place(tokens, n):
    assert len(ngrams_of(tokens, n)) == max(0, len(tokens) - n + 1)
