import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.sampling.tiny import random_model, scripted_model, tiny_config
from tokmon.rundir.errors import TokmonError
from trainer.generate import Limits, Settings, draw, generate

VOCAB = 97
END = VOCAB - 1
GREEDY = Settings(max_new_tokens=40, temperature=0)
logit_lists = st.lists(st.floats(-20, 20, width=32), min_size=1, max_size=40)


def limits(seq_len=64, vocab_size=VOCAB, end_of_text=END):
    return Limits(seq_len=seq_len, vocab_size=vocab_size, end_of_text=end_of_text)


def endless(model):
    """Never the end of text, so that lengths are known."""
    with torch.no_grad():
        model.head.weight[END] = 0
        model.norm.weight.abs_()
    return model


@pytest.mark.parametrize("seed", range(5))
def test_cached_generation_equals_the_argmax_of_full_forward_passes(seed):
    config = tiny_config(vocab=VOCAB)
    model = random_model(config, seed)
    expected = [1, 2, 3]
    with torch.inference_mode():
        while len(expected) < 43:
            token = int(model(torch.tensor([expected]))[0, -1].argmax())
            if token == END:
                break
            expected.append(token)

    assert list(generate(model, [1, 2, 3], GREEDY, limits())) == expected[3:]


def test_a_full_context_goes_on_from_its_newer_half():
    config = tiny_config(vocab=VOCAB)
    model = endless(random_model(config, 3))
    seq_len = 8
    window, expected = [1, 2, 3], []
    with torch.inference_mode():
        while len(expected) < 40:
            assert len(window) <= seq_len
            token = int(model(torch.tensor([window]))[0, -1, :END].argmax())
            expected.append(token)
            window = [*window, token]
            if len(window) > seq_len:
                window = window[-seq_len // 2 :]
    generated = generate(model, [1, 2, 3], GREEDY, limits(seq_len=seq_len, vocab_size=END))

    assert list(generated) == expected


@pytest.mark.parametrize("seq_len", [2, 3, 7])
def test_short_contexts_are_survived(seq_len):
    model = random_model(tiny_config(vocab=VOCAB), 3)

    ids = list(generate(model, [1], GREEDY, limits(seq_len=seq_len, vocab_size=END)))

    assert len(ids) == 40


def test_a_prompt_longer_than_the_context_keeps_its_newest_part():
    model = random_model(tiny_config(vocab=VOCAB), 1)
    prompt = [(7 * i) % END for i in range(50)]

    long = list(generate(model, prompt, GREEDY, limits(seq_len=16)))
    cut = list(generate(model, prompt[-16:], GREEDY, limits(seq_len=16)))

    assert long == cut


def test_an_empty_prompt_starts_a_document():
    model = scripted_model(tiny_config(vocab=VOCAB), [END, 5, 6, 7])

    ids = list(generate(model, [], Settings(max_new_tokens=3, temperature=0), limits()))

    assert ids == [5, 6, 7]


def test_the_end_of_text_ends_and_is_not_part_of_the_text():
    model = scripted_model(tiny_config(vocab=VOCAB), [1, 2, 3, END])

    assert list(generate(model, [1], GREEDY, limits())) == [2, 3]


def test_the_same_seed_gives_the_same_ids_and_another_seed_others():
    model = random_model(tiny_config(vocab=VOCAB), 1)

    def ids(seed):
        settings = Settings(max_new_tokens=30, temperature=2.0, top_p=1.0, seed=seed)
        return list(generate(model, [1], settings, limits(vocab_size=END)))

    assert ids(7) == ids(7)
    assert ids(7) != ids(8)


@pytest.mark.parametrize("settings", [GREEDY, Settings(max_new_tokens=40, temperature=3, top_p=1)])
def test_padding_of_the_vocabulary_is_never_drawn(settings):
    model = random_model(tiny_config(vocab=VOCAB), 2)
    with torch.no_grad():
        model.head.weight[40:] *= 100

    ids = list(generate(model, [1], settings, limits(vocab_size=40, end_of_text=0)))

    assert max(ids) < 40


def test_a_token_that_the_model_does_not_know_is_refused():
    model = random_model(tiny_config(vocab=VOCAB))

    with pytest.raises(TokmonError, match=f"token {VOCAB}, and the model knows {VOCAB}"):
        next(generate(model, [1, VOCAB], GREEDY, limits()))


def test_weights_that_are_not_finite_are_told():
    model = random_model(tiny_config(vocab=VOCAB))
    with torch.no_grad():
        model.norm.weight[0] = math.nan

    with pytest.raises(TokmonError, match="not finite"):
        next(generate(model, [1], GREEDY, limits()))


def test_generation_leaves_no_inference_mode_behind():
    model = random_model(tiny_config(vocab=VOCAB))
    tokens = generate(model, [1], GREEDY, limits())

    next(tokens)

    assert not torch.is_inference_mode_enabled()


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
        ("max_new_tokens", 0),
        ("seed", 2**64),
        ("seed", -(2**63) - 1),
    ],
)
def test_a_setting_out_of_range_is_refused_by_name(name, value):
    with pytest.raises(TokmonError, match=f"^{name} is {value}"):
        Settings(**{name: value})


@given(logit_lists, st.integers(0, 50), st.floats(0.01, 1), st.floats(0.05, 5), st.integers(0, 9))
def test_only_what_top_k_and_top_p_keep_is_drawn(logits, top_k, top_p, temperature, seed):
    settings = Settings(top_k=top_k, top_p=top_p, temperature=temperature)

    token = draw(torch.tensor(logits), settings, torch.Generator().manual_seed(seed))

    weights = [math.exp((logit - max(logits)) / temperature) for logit in logits]
    likelier = sorted((weight for weight in weights if weight > weights[token]), reverse=True)
    assert not top_k or len(likelier) < top_k
    kept = sorted(weights, reverse=True)[: top_k or None]
    # The nucleus closes with the token that reaches p, so what stands before one in it is less.
    assert sum(likelier) / sum(kept) < top_p + 1e-9


@given(logit_lists)
def test_temperature_zero_and_a_tiny_one_take_the_likeliest(logits):
    generator = torch.Generator().manual_seed(0)
    best = max(logits)

    assert logits[draw(torch.tensor(logits), Settings(temperature=0), generator)] == best
    assert logits[draw(torch.tensor(logits), Settings(temperature=5e-324), generator)] == best


@pytest.mark.parametrize("seed", [0, 1])
def test_draws_follow_the_softmax_at_the_temperature(seed):
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0])
    generator = torch.Generator().manual_seed(seed)
    settings = Settings(temperature=0.5, top_p=1.0)

    counts = Counter(draw(logits, settings, generator) for _ in range(4000))

    for token, expected in enumerate((logits / 0.5).softmax(0).tolist()):
        deviation = math.sqrt(expected * (1 - expected) / 4000)
        assert abs(counts[token] / 4000 - expected) < 4 * deviation


def test_a_flat_distribution_is_cut_at_p_as_well():
    logits = torch.linspace(1e-3, 0, 5000)
    generator = torch.Generator().manual_seed(0)

    drawn = [draw(logits, Settings(temperature=1, top_p=0.5), generator) for _ in range(200)]

    assert 2400 < max(drawn) < 2500
    assert min(drawn) < 100


@given(st.integers(0, 2**32))
def test_one_token_more_in_the_nucleus_does_not_shift_later_draws(seed):
    logits = torch.tensor([1.0, 0.9, 0.8, 0.7])
    first, second = (torch.Generator().manual_seed(seed) for _ in range(2))

    draw(logits, Settings(top_p=0.5), first)
    draw(logits, Settings(top_p=0.9, top_k=3), second)

    assert draw(logits, Settings(top_p=1), first) == draw(logits, Settings(top_p=1), second)
