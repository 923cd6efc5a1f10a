import pytest

from tests.sampling.tiny import random_model, scripted_model, tiny_config
from trainer.continuations import continue_all
from trainer.generate import generate
from trainer.sampling_settings import Limits, Settings

VOCAB = 97
END = VOCAB - 1
LIMITS = Limits(seq_len=64, vocab_size=VOCAB, end_of_text=END)


@pytest.mark.parametrize("batch_size", [1, 2, 32])
def test_continuations_come_in_the_order_of_their_prompts_whatever_the_batches(batch_size):
    model = random_model(tiny_config(vocab=VOCAB), 3)
    prompts = [[5] * 9, [1], [2, 3], [], [4] * 3]
    settings = Settings(max_new_tokens=20, temperature=1.2)

    found = continue_all(model, prompts, range(5), settings, LIMITS, batch_size=batch_size)

    for seed, (prompt, continuation) in enumerate(zip(prompts, found, strict=True)):
        alone = tuple(generate(model, prompt, settings, LIMITS, seed=seed))
        assert continuation.ids == alone
        assert continuation.is_finished == (len(alone) < 20)


def test_an_end_of_text_as_the_last_token_allowed_is_an_end_and_not_a_cut():
    model = scripted_model(tiny_config(vocab=VOCAB), [1, 2, 3, END])
    settings = Settings(max_new_tokens=3, temperature=0)

    finished, cut = continue_all(model, [[1], [4]], [0, 0], settings, LIMITS)

    assert finished == ((2, 3), True)
    assert not cut.is_finished


def test_progress_ends_at_the_whole_only_when_all_tokens_were_drawn():
    told = []
    model = random_model(tiny_config(vocab=VOCAB), 3)
    settings = Settings(max_new_tokens=4)

    continue_all(
        model,
        [[1]] * 3,
        range(3),
        settings,
        Limits(seq_len=64, vocab_size=END, end_of_text=END),
        batch_size=2,
        on_progress=lambda done, total: told.append((done, total)),
    )

    assert told == [(2, 12), (4, 12), (6, 12), (8, 12), (9, 12), (10, 12), (11, 12), (12, 12)]


def test_no_prompts_have_no_continuations():
    model = random_model(tiny_config(vocab=VOCAB), 3)

    assert continue_all(model, [], [], Settings(), LIMITS) == []
