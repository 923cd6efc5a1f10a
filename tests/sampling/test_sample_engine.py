import shutil

import pytest
import torch

from tests.sampling.tiny import (
    damage,
    empty_run,
    publish,
    random_model,
    run_with_best,
    saying,
    tiny_config,
)
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Done, Failed, Generate, Started, Token
from trainer.sample_engine import Engine

CPU = torch.device("cpu")


def never():
    return False


def answer(engine, is_cancelled=never, **fields):
    return list(engine.answer(Generate(id=1, **fields), is_cancelled))


def text_of(replies):
    return "".join(reply.text for reply in replies if isinstance(reply, Token))


def run_saying(logs, text):
    run = empty_run(logs)
    config = tiny_config()
    publish(run.best, saying(text, config), config, step=5, val_loss=1.0)
    return run


def test_an_answer_starts_streams_and_is_done_with_its_scores(tmp_path):
    engine = Engine(run_with_best(tmp_path).path, CPU)

    replies = answer(engine, prompt="def f", max_new_tokens=12, seed=3)

    assert replies[0] == Started(
        id=1, prompt_tokens=2, checkpoint="tiny_best.pt", step=100, val_loss=5.0
    )
    done = replies[-1]
    assert isinstance(done, Done)
    assert (done.tokens, done.finish_reason) == (12, "length")
    assert done.tokens_per_sec > 0
    assert done.seq_rep_4 is not None
    assert text_of(replies)


@pytest.mark.parametrize("text", ["naïve café", "日本語", "a🙂b€", "def f():\n\tpass"])
def test_characters_cut_by_token_edges_come_whole(tmp_path, text):
    engine = Engine(run_saying(tmp_path, text).path, CPU)

    replies = answer(engine, temperature=0)

    assert text_of(replies) == text
    assert all("\ufffd" not in reply.text for reply in replies if isinstance(reply, Token))
    assert replies[-1].finish_reason == "end_of_text"


def test_a_character_cut_by_the_last_token_is_shown_as_broken(tmp_path):
    engine = Engine(run_saying(tmp_path, "ab🙂").path, CPU)

    replies = answer(engine, temperature=0, max_new_tokens=2)

    assert text_of(replies) == "ab\ufffd"
    assert replies[-1].tokens == 2


def test_a_text_of_no_tokens_is_done(tmp_path):
    engine = Engine(run_saying(tmp_path, "x").path, CPU)

    replies = answer(engine, prompt="x", temperature=0)

    assert replies[1:] == [
        Done(
            id=1,
            tokens=0,
            finish_reason="end_of_text",
            tokens_per_sec=0.0,
            seq_rep_4=None,
            collapsed=False,
            has_keyword=False,
            validity="nothing",
        )
    ]


@pytest.mark.parametrize("wanted", [0, 1, 5])
def test_a_cancelled_answer_ends_at_the_next_token(tmp_path, wanted):
    engine = Engine(run_with_best(tmp_path).path, CPU)
    replies = []
    request = Generate(id=1, prompt="x", max_new_tokens=1000)

    def has_enough():
        return sum(isinstance(reply, Token) for reply in replies) >= wanted

    for reply in engine.answer(request, has_enough):
        replies.append(reply)  # noqa: PERF402 - has_enough looks at it meanwhile

    assert (replies[-1].tokens, replies[-1].finish_reason) == (wanted, "cancelled")


def test_samples_come_side_by_side_and_each_is_that_of_its_own_seed(tmp_path):
    engine = Engine(run_with_best(tmp_path).path, CPU)

    replies = answer(engine, prompt="def f", samples=3, seed=5, max_new_tokens=20)

    for number in range(3):
        own = [reply for reply in replies if getattr(reply, "sample", None) == number]
        alone = answer(engine, prompt="def f", seed=5 + number, max_new_tokens=20)
        assert text_of(own) == text_of(alone)
    ends = [reply for reply in replies if isinstance(reply, Done)]
    assert [end.open for end in ends] == [2, 1, 0]
    assert replies[-1] is ends[-1]


def test_a_token_comes_with_its_probability_and_the_likeliest_ones_if_asked(tmp_path):
    engine = Engine(run_saying(tmp_path, "x\n").path, CPU)

    first, *_ = (r for r in answer(engine, alternatives=3) if isinstance(r, Token))
    plain, *_ = (r for r in answer(engine) if isinstance(r, Token))

    assert first.alternatives[0].text == first.text == "x"
    assert first.alternatives[0].probability == first.probability > 0.99
    assert len(first.alternatives) == 3
    assert (plain.probability, plain.alternatives) == (None, ())


@pytest.mark.parametrize(
    ("text", "verdict"), [("x = 1\n", "valid"), ("x = )\n", "invalid"), ("x = 1", "nothing")]
)
def test_what_was_written_is_judged_as_python(tmp_path, text, verdict):
    engine = Engine(run_saying(tmp_path, text + "#").path, CPU)

    done = answer(engine, temperature=0, max_new_tokens=len(engine._tokenizer.encode(text)))[-1]

    assert done.validity == verdict
    assert not done.has_keyword


def test_another_checkpoint_of_the_run_answers_where_it_is_named(tmp_path):
    run = run_with_best(tmp_path, step=100)
    config = tiny_config()
    publish(run.step_checkpoint(50), random_model(config, 7), config, step=50, val_loss=6.0)
    engine = Engine(run.path, CPU)

    started, *rest = answer(engine, prompt="x", checkpoint="tiny_step50.pt")

    assert (started.checkpoint, started.step, started.val_loss) == ("tiny_step50.pt", 50, 6.0)
    assert text_of(rest) != text_of(answer(engine, prompt="x"))
    assert engine.ready().checkpoint == "tiny_best.pt"
    assert answer(engine, prompt="x")[0].step == 100


@pytest.mark.parametrize("name", ["tiny_step7.pt", "../elsewhere.pt", "/etc/hosts"])
def test_a_checkpoint_that_the_run_does_not_have_fails_the_request(tmp_path, name):
    engine = Engine(run_with_best(tmp_path).path, CPU)

    assert answer(engine, checkpoint=name) == [
        Failed(id=1, message=f"{name}: no such checkpoint beside tiny_best.pt")
    ]


@pytest.mark.parametrize(
    "fields", [{"samples": 0}, {"samples": 257}, {"alternatives": -1}, {"seed": 2**64}]
)
def test_numbers_out_of_range_fail_only_their_request(tmp_path, fields):
    engine = Engine(run_with_best(tmp_path).path, CPU)

    assert isinstance(answer(engine, **fields)[-1], Failed)
    assert isinstance(answer(engine, max_new_tokens=1)[-1], Done)


def test_a_setting_out_of_range_fails_only_its_request(tmp_path):
    engine = Engine(run_with_best(tmp_path).path, CPU)

    assert answer(engine, top_p=2.0) == [
        Failed(id=1, message="top_p is 2.0, but must be above 0 and at most 1")
    ]
    assert isinstance(answer(engine, max_new_tokens=1)[-1], Done)


def test_out_of_memory_fails_only_its_request(tmp_path):
    engine = Engine(run_with_best(tmp_path, seq_len=2**50).path, CPU)

    *_, failed = answer(engine, max_new_tokens=2**45)

    assert isinstance(failed, Failed)
    assert "memory" in failed.message
    assert isinstance(answer(engine, max_new_tokens=1)[-1], Done)


def test_nothing_new_is_not_loaded_again(tmp_path):
    run = run_with_best(tmp_path)
    engine = Engine(run.path, CPU)
    config = tiny_config()
    publish(run.step_checkpoint(500), random_model(config, 9), config, step=500, val_loss=4.0)

    assert engine.refresh() is None


def test_a_better_checkpoint_is_loaded_when_it_lands(tmp_path):
    run = run_with_best(tmp_path, step=100)
    engine = Engine(run.path, CPU)
    before = text_of(answer(engine, prompt="x"))
    config = tiny_config()
    publish(run.best, random_model(config, 9), config, step=200, val_loss=4.0)

    ready = engine.refresh()

    assert (ready.step, ready.val_loss, ready.notice) == (200, 4.0, "")
    assert text_of(answer(engine, prompt="x")) != before
    assert engine.refresh() is None


def test_a_replaced_checkpoint_file_is_loaded_as_well(tmp_path):
    run = run_with_best(tmp_path, step=100)
    engine = Engine(run.best, CPU)
    config = tiny_config()
    publish(run.best, random_model(config, 9), config, step=200, val_loss=4.0)

    assert engine.refresh().step == 200


def test_a_damaged_new_best_leaves_the_old_weights_and_is_told_once(tmp_path):
    run = run_with_best(tmp_path, step=100)
    config = tiny_config()
    publish(run.step_checkpoint(50), random_model(config, 7), config, step=50, val_loss=6.0)
    engine = Engine(run.path, CPU)
    before = text_of(answer(engine, prompt="x"))
    publish(run.best, random_model(config, 9), config, step=200, val_loss=4.0)
    damage(run.best)

    ready = engine.refresh()

    assert (ready.checkpoint, ready.step) == ("tiny_best.pt", 100)
    assert "damaged" in ready.notice
    assert "weights of step 100" in ready.notice
    assert engine.refresh() is None
    assert text_of(answer(engine, prompt="x")) == before


def test_a_best_damaged_from_the_start_is_stood_in_for_until_a_good_one_lands(tmp_path):
    run = run_with_best(tmp_path, step=100)
    config = tiny_config()
    publish(run.step_checkpoint(50), random_model(config, 7), config, step=50, val_loss=6.0)
    damage(run.best)
    engine = Engine(run.path, CPU)
    assert engine.ready().checkpoint == "tiny_step50.pt"
    assert "damaged" in engine.ready().notice

    publish(run.step_checkpoint(150), random_model(config, 7), config, step=150, val_loss=6.0)
    assert engine.refresh().step == 150
    publish(run.best, random_model(config, 7), config, step=200, val_loss=6.0)
    ready = engine.refresh()

    assert (ready.checkpoint, ready.step, ready.notice) == ("tiny_best.pt", 200, "")


def test_a_run_deleted_meanwhile_is_told_and_sampling_goes_on(tmp_path):
    run = run_with_best(tmp_path)
    engine = Engine(run.path, CPU)
    shutil.rmtree(run.path)

    ready = engine.refresh()

    assert "weights of step 100" in ready.notice
    assert isinstance(answer(engine, max_new_tokens=1)[-1], Done)
    assert engine.refresh() is None


def test_a_run_without_a_checkpoint_is_refused(tmp_path):
    with pytest.raises(TokmonError, match="no checkpoint yet"):
        Engine(empty_run(tmp_path).path, CPU)
