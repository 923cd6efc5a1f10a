import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.scoring.intervals import (
    Estimate,
    bootstrap_mean,
    bootstrap_ratio,
    jackknife,
    share_of,
    wilson,
)
from trainer.scoring.likelihood import bits_per_byte, mean_loss, perplexity


def test_wilson_gives_the_published_interval():
    # Newcombe 1998, Statistics in Medicine 17, table I, method 3: 81 of 263, 15 of 148, 0 of 20.
    assert _ends(wilson(81, 263)) == (0.2553, 0.3662)
    assert _ends(wilson(15, 148)) == (0.0624, 0.1605)
    assert _ends(wilson(0, 20)) == (0.0, 0.1611)
    assert _ends(wilson(20, 20)) == (0.8389, 1.0)


def _ends(estimate):
    return round(estimate.low, 4), round(estimate.high, 4)


def test_nothing_has_no_interval():
    assert wilson(0, 0) == share_of([]) == Estimate()
    assert bootstrap_mean([], 0) == bootstrap_mean([None], 0) == Estimate()
    assert bootstrap_ratio(np.zeros(2), np.zeros(2), 0) == Estimate()
    assert jackknife(None, []) == Estimate()
    assert jackknife(0.5, [1.0]) == Estimate(0.5)


def test_bootstrap_passes_over_samples_without_a_value():
    assert bootstrap_mean([1.0, None, 3.0], 0).value == 2.0


def test_bootstrap_interval_is_about_the_normal_one_for_many_values():
    values = np.random.default_rng(1).normal(size=400)

    estimate = bootstrap_mean(values.tolist(), 0)

    spread = 1.96 * values.std() / 20
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.low == pytest.approx(values.mean() - spread, abs=0.02)
    assert estimate.high == pytest.approx(values.mean() + spread, abs=0.02)


def test_a_seed_gives_the_same_interval():
    assert bootstrap_mean([1.0, 2.0, 5.0], 3) == bootstrap_mean([1.0, 2.0, 5.0], 3)


def test_a_ratio_weighs_by_counts():
    estimate = bootstrap_ratio(np.array([1.0, 9.0, 0.0]), np.array([1.0, 99.0, 0.0]), 0)

    assert estimate.value == 0.1
    # Both drawn twice are the ends: 1 / 1 and 18 / 198.
    assert (estimate.low, estimate.high) == (pytest.approx(1 / 11), 1.0)


@given(st.integers(0, 200), st.integers(1, 200))
def test_wilson_encloses_the_share(successes, more):
    estimate = wilson(successes, successes + more)

    assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


@given(st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20), st.integers(0, 5))
def test_bootstrap_stays_within_the_values(values, seed):
    estimate = bootstrap_mean(values, seed)

    slack = 1e-9 * max(map(abs, values), default=0)
    assert min(values) - slack <= estimate.low <= estimate.high <= max(values) + slack


def test_units_of_likelihood():
    # Two tokens at p = 1/2 and 1/8 are 4 bits; they stand for 8 bytes.
    nats = math.log(2) + math.log(8)

    assert mean_loss(nats, 2) == pytest.approx(2 * math.log(2))
    assert perplexity(mean_loss(nats, 2)) == pytest.approx(4)
    assert bits_per_byte(nats, 8) == pytest.approx(0.5)
    assert mean_loss(0.0, 0) is None
    assert bits_per_byte(1.0, 0) is None
    assert perplexity(1e6) == math.inf
    # The design's own: PPL 1.036 at 2.184 bytes a token is 0.02 bits a byte.
    assert bits_per_byte(math.log(1.036) * 1000, 2184) == pytest.approx(0.0234, abs=1e-4)
