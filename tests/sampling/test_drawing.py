import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tokmon.rundir.errors import TokmonError
from trainer.drawing import draw, penalised
from trainer.sampling_settings import Settings

logit_lists = st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=40)
uniform = st.floats(0, 1, exclude_max=True)


def draw_one(logits, settings, point):
    logits, point = torch.as_tensor(logits), torch.tensor([point], dtype=torch.float64)
    return int(draw(logits[None].float(), settings, point))


def draw_many(logits, settings, count, seed=0):
    points = torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return draw(torch.as_tensor(logits).expand(count, -1), settings, points).tolist()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("temperature", math.nan),
        ("temperature", math.inf),
        ("top_p", 0.0),
        ("top_p", 1.01),
        ("top_p", math.nan),
        ("top_k", -1),
        ("min_p", -0.1),
        ("min_p", math.nan),
        ("repetition_penalty", 0.0),
        ("repetition_penalty", math.inf),
        ("max_new_tokens", 0),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(TokmonError, match=f"^{name} is {value}"):
        Settings(**{name: value})


@given(
    logit_lists,
    st.integers(0, 50),
    st.floats(0.01, 1),
    st.floats(0, 1),
    st.floats(0.05, 5),
    uniform,
)
def test_only_what_top_k_top_p_and_min_p_keep_is_drawn(
    logits, top_k, top_p, min_p, temperature, point
):
    settings = Settings(top_k=top_k, top_p=top_p, min_p=min_p, temperature=temperature)

    token = draw_one(logits, settings, point)

    weights = [math.exp((logit - max(logits)) / temperature) for logit in logits]
    likelier = sorted((weight for weight in weights if weight > weights[token]), reverse=True)
    assert not top_k or len(likelier) < top_k
    kept = sorted(weights, reverse=True)[: top_k or None]
    # The nucleus closes with the token that reaches p, so what stands before one in it is less.
    assert sum(likelier) / sum(kept) < top_p + 1e-9
    assert weights[token] >= min_p - 1e-9


@given(logit_lists)
def test_temperature_zero_and_a_tiny_one_take_the_likeliest(logits):
    assert logits[draw_one(logits, Settings(temperature=0), 0.5)] == max(logits)
    assert logits[draw_one(logits, Settings(temperature=5e-324), 0.5)] == max(logits)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("size", [0, 3000])
def test_draws_follow_the_softmax_at_the_temperature(seed, size):
    """Also where thousands of tokens that are never drawn stand around."""
    logits = torch.cat((torch.tensor([2.0, 1.0, 0.0, -1.0]), torch.full((size,), -99.0)))
    settings = Settings(temperature=0.5, top_p=1.0)

    counts = Counter(draw_many(logits, settings, 4000, seed))

    for token, expected in enumerate((logits[:4] / 0.5).softmax(0).tolist()):
        deviation = math.sqrt(expected * (1 - expected) / 4000)
        assert abs(counts[token] / 4000 - expected) < 4 * deviation


@pytest.mark.parametrize("size", [50, 500, 5000])
def test_a_flat_distribution_is_cut_at_p_as_well(size):
    logits = torch.linspace(1e-3, 0, size)

    drawn = draw_many(logits, Settings(temperature=1, top_p=0.5), 400)

    assert 0.45 * size < max(drawn) <= 0.5 * size
    assert min(drawn) < 0.1 * size


def test_rows_flat_and_peaked_draw_in_one_batch_what_each_draws_alone():
    """They need a look at 64, at 1,024 and at all tokens."""
    peaked, flat = torch.zeros(5000), torch.linspace(1e-3, 0, 5000)
    peaked[7] = 20
    middle = torch.full((5000,), -9.0)
    middle[:300] = 0
    points = torch.tensor([0.3, 0.99, 0.5, 0.7], dtype=torch.float64)
    logits = torch.stack((peaked, flat, middle, flat))

    together = draw(logits, Settings(), points).tolist()

    assert together == [
        draw_one(row, Settings(), float(at)) for row, at in zip(logits, points, strict=True)
    ]


@given(uniform)
def test_one_token_more_in_the_nucleus_moves_a_draw_only_within_its_room(point):
    logits = [1.0, 0.9, 0.8, 0.7]

    assert draw_one(logits, Settings(top_p=0.5), point) <= draw_one(
        logits, Settings(top_p=0.9, top_k=3), point
    )


def test_the_last_number_below_one_draws_no_token_that_was_cut():
    last = math.nextafter(1, 0)

    assert draw_one([5.0, 0.0, -30.0], Settings(top_p=0.5, temperature=1), last) == 0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_logits_that_are_not_finite_are_refused(bad):
    with pytest.raises(TokmonError, match="not finite"):
        draw_one([1.0, bad, 2.0], Settings(), 0.5)


def test_a_penalty_divides_positive_logits_and_multiplies_negative_ones_once():
    logits = torch.tensor([[2.0, -2.0, 1.0, 0.5]])

    found = penalised(logits, torch.tensor([[0, 1, 0, 0]]), 2.0)

    assert found.tolist() == [[1.0, -4.0, 1.0, 0.5]]
