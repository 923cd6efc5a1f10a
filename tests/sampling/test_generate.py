import math

import pytest
import torch

from tests.sampling.tiny import random_model, scripted_model, tiny_config
from tokmon.rundir.errors import TokmonError
from trainer.generate import generate, generate_batch
from trainer.sampling_settings import Limits, Settings

VOCAB = 97
END = VOCAB - 1
GREEDY = Settings(max_new_tokens=40, temperature=0)


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
        settings = Settings(max_new_tokens=30, temperature=2.0, top_p=1.0)
        return list(generate(model, [1], settings, limits(vocab_size=END), seed=seed))

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


def greedy_by_full_passes(model, prompt, count):
    """What the parallel forward says, computed anew for each token."""
    ids = list(prompt)
    with torch.inference_mode():
        for _ in range(count):
            ids.append(int(model(torch.tensor([ids]))[0, -1, :END].argmax()))
    return ids[len(prompt) :]


def rows_of(model, prompts, settings, limits, seeds=None, **options):
    rows = [[] for _ in prompts]
    for choices in generate_batch(
        model, prompts, seeds or [0] * len(prompts), settings, limits, **options
    ):
        for choice in choices:
            rows[choice.row].append(choice.token)
    return rows


def test_greedy_tokens_equal_those_of_the_parallel_forward_over_200_tokens():
    model = endless(random_model(tiny_config(seq_len=256, vocab=VOCAB), 4))
    settings = Settings(max_new_tokens=200, temperature=0)

    ids = list(generate(model, [1, 2, 3], settings, limits(seq_len=256, vocab_size=END)))

    assert ids == greedy_by_full_passes(model, [1, 2, 3], 200)


def test_prompts_of_different_lengths_continue_as_each_does_alone():
    model = endless(random_model(tiny_config(seq_len=256, vocab=VOCAB), 5))
    prompts = [[1], [5, 6, 7, 8, 9, 10, 11], [3, 2], [], list(range(40))]
    settings = Settings(max_new_tokens=200, temperature=0)

    rows = rows_of(model, prompts, settings, limits(seq_len=256, vocab_size=END))

    for prompt, row in zip(prompts, rows, strict=True):
        assert row == greedy_by_full_passes(model, prompt or [END], 200)


@pytest.mark.parametrize("seed", range(3))
def test_rows_of_a_batch_draw_what_each_draws_alone_also_beyond_the_context(seed):
    model = random_model(tiny_config(vocab=VOCAB), seed)
    prompts = [[1, 2, 3], [4], list(range(16)), [7, 8], [9] * 12]
    settings = Settings(max_new_tokens=60, temperature=1.5, top_p=0.9)
    within = limits(seq_len=16)

    rows = rows_of(model, prompts, settings, within, seeds=range(5))

    for number, (prompt, row) in enumerate(zip(prompts, rows, strict=True)):
        alone = list(generate(model, prompt, settings, within, seed=number))
        assert [token for token in row if token != END] == alone


def test_rows_end_one_by_one_and_the_end_of_text_is_told_once():
    model = scripted_model(tiny_config(vocab=VOCAB), [1, 2, 3, 4, 5, END])

    rows = rows_of(model, [[1], [4], [3]], GREEDY, limits())

    assert rows == [[2, 3, 4, 5, END], [5, END], [4, 5, END]]


def test_alternatives_are_the_likeliest_tokens_with_the_models_own_probabilities():
    model = random_model(tiny_config(vocab=VOCAB), 1)
    settings = Settings(max_new_tokens=1, temperature=0.1)

    [[choice]] = generate_batch(model, [[1, 2]], [0], settings, limits(), alternatives=4)

    with torch.inference_mode():
        expected = model(torch.tensor([[1, 2]]))[0, -1].softmax(0)
    ids = [token for token, _ in choice.alternatives]
    assert ids == expected.topk(4).indices.tolist()
    assert [value for _, value in choice.alternatives] == pytest.approx(expected[ids].tolist())
    assert choice.probability == pytest.approx(float(expected[choice.token]))


def test_a_repetition_penalty_keeps_greedy_text_from_going_round():
    model = endless(random_model(tiny_config(seq_len=256, vocab=VOCAB), 5))
    within = limits(seq_len=256, vocab_size=END)
    plain = Settings(max_new_tokens=30, temperature=0)
    wary = Settings(max_new_tokens=30, temperature=0, repetition_penalty=1e6)

    free, penalised = (list(generate(model, [1], how, within)) for how in (plain, wary))

    assert len(set(penalised)) > len(set(free))
    assert len(set(penalised)) == 30


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_a_seed_that_no_generator_takes_is_refused(seed):
    model = random_model(tiny_config(vocab=VOCAB))

    with pytest.raises(TokmonError, match=f"^seed is {seed}"):
        next(generate(model, [1], GREEDY, limits(), seed=seed))
