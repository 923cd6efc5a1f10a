"""Text sampled while training: when, for how much time, and what is told of it."""

import json
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.runs_of_trainer import (
    lines_without_times,
    run_trainer,
    wait_until,
    write_config,
)
from tests.trainer.test_distributed import finish, torchrun
from tests.trainer.test_training import count_lines, start
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, RunInfo, Sample, decode, moment
from trainer import randomness
from trainer.bench_corpus import random_corpus
from trainer.checkpoint import load
from trainer.collapse_watch import CollapseWatch
from trainer.config import (
    Config,
    DataConfig,
    EvalConfig,
    LogConfig,
    ModelConfig,
    SampleConfig,
    ScheduleConfig,
)
from trainer.news import News
from trainer.runlog import RunLog
from trainer.sampling_budget import Budget, projected_s
from trainer.sampling_news import excerpt
from trainer.sampling_prompts import chosen
from trainer.sampling_rounds import Rounds, is_round_due
from trainer.scoring.suite import load_suite
from trainer.session import Session
from trainer.stopwatch import Stopwatch
from trainer.tokenizer import load_tokenizer

SHORT = ("sample.every=10", "sample.share=1", "sample.max_new_tokens=4", "sample.prompts=5")
"""Rounds of milliseconds: too short to be judged by their beginning."""


def config_of(
    *,
    every: int = 5,
    eval_every: int = 5,
    steps: int = 100,
    warmup: int = 0,
    max_new_tokens: int = 2,
) -> Config:
    return Config(
        experiment="x",
        data=DataConfig(corpus="none", seq_len=16, batch_size=2),
        model=ModelConfig(layers=1, width=16, heads=2, mlp=16),
        schedule=ScheduleConfig(steps=steps, warmup=warmup),
        log=LogConfig(every=eval_every),
        eval=EvalConfig(every=eval_every, windows=2),
        sample=SampleConfig(every=every, prompts=4, max_new_tokens=max_new_tokens, share=1.0),
    )


class Made:
    """A session with its rounds, whose records are written at once."""

    def __init__(self, folder: Path, config: Config) -> None:
        self.run = RunDir.of_experiment(folder, "x")
        self.run.path.mkdir(parents=True)
        self.stopwatch = Stopwatch()
        self.said: list[str] = []
        tokenizer = load_tokenizer()
        corpus = random_corpus(tokenizer, 1000, 5000, seed=1)
        self.session = Session(config, corpus, tokenizer, torch.device("cpu"))
        log = RunLog(self.run, RunInfo(experiment="x"), lambda job: job(), self.said.append)
        self.rounds = Rounds(self.session, log, News(self.session, log), self.stopwatch)

    def samples(self) -> list[Sample]:
        return samples_of(self.run)

    def events(self) -> list[Event]:
        return events_of(self.run)


def samples_of(run: RunDir) -> list[Sample]:
    lines = run.samples.read_bytes().splitlines() if run.samples.exists() else []
    return [decode(line, Sample) for line in lines]


def events_of(run: RunDir) -> list[Event]:
    return [decode(line, Event) for line in run.events.read_bytes().splitlines()]


# When


def due_steps(config: Config) -> list[int]:
    evaluations = range(config.eval.every, config.schedule.steps + 1, config.eval.every)
    steps = sorted({*evaluations, config.schedule.steps})
    return [step for step in steps if is_round_due(step, config)]


@pytest.mark.parametrize(
    ("every", "eval_every", "steps", "expected"),
    [
        (500, 500, 2000, [500, 1000, 1500, 2000]),
        (100, 500, 1000, [500, 1000]),
        (700, 500, 3000, [1000, 1500, 2500, 3000]),
        (5000, 500, 1200, [1200]),
        (0, 500, 1000, []),
    ],
)
def test_a_round_comes_with_the_evaluation_after_its_step_and_with_the_last(
    every: int, eval_every: int, steps: int, expected: list[int]
) -> None:
    assert due_steps(config_of(every=every, eval_every=eval_every, steps=steps)) == expected


@given(st.integers(1, 50), st.integers(1, 20), st.integers(1, 300))
def test_as_many_rounds_come_as_the_interval_says_or_as_there_are_evaluations(
    every: int, eval_every: int, steps: int
) -> None:
    found = due_steps(config_of(every=every, eval_every=eval_every, steps=steps))

    last = steps - steps % eval_every
    wanted = min(last // every, last // eval_every) if every >= eval_every else last // eval_every
    assert len(found) == wanted + (steps not in found[:wanted])
    assert found[-1] == steps


# For how much time


def test_a_round_is_tried_only_when_the_share_of_the_time_allows_it() -> None:
    budget = Budget(share=0.02, steps=128)

    assert not budget.may_begin(0.5)
    assert budget.may_begin(1.0)
    assert budget.allows(2.0, elapsed_s=100.0)
    assert not budget.allows(2.1, elapsed_s=100.0)

    budget.charge(2.0)
    budget.took(2.0)
    assert not budget.may_begin(199.0)
    assert budget.may_begin(200.0)


def test_rounds_that_are_left_out_are_counted_until_the_next() -> None:
    budget = Budget(share=0.02, steps=128)
    budget.leave_out()
    budget.give_up(3.0)
    budget.leave_out()

    assert budget.left_out == 3
    assert budget.took(2.0) == 3
    assert budget.took(2.0) == 0


def test_a_machine_that_was_busy_once_is_not_believed_for_ever() -> None:
    budget = Budget(share=0.02, steps=128)
    budget.give_up(130.0)
    tried = []
    for evaluation in range(2, 20):
        if budget.may_begin(20.0 * evaluation):
            tried.append(evaluation)
            break
        budget.leave_out()

    assert tried == [8]


@given(
    st.floats(0.001, 1),
    st.lists(st.tuples(st.floats(0.01, 100), st.floats(0.01, 100)), min_size=1, max_size=60),
)
def test_rounds_that_last_as_predicted_stay_within_the_share(
    share: float, intervals: list[tuple[float, float]]
) -> None:
    budget, elapsed_s = Budget(share, steps=8), 0.0
    for training_s, round_s in intervals:
        elapsed_s += training_s
        if not budget.may_begin(elapsed_s):
            budget.leave_out()
        elif not budget.allows(round_s, elapsed_s):
            budget.give_up(round_s)
        else:
            budget.charge(round_s)
            budget.took(round_s)
            elapsed_s += round_s

        assert budget.spent_s <= share * elapsed_s * (1 + 1e-9)


def test_a_round_is_projected_from_the_price_of_its_steps_and_of_its_prompts() -> None:
    # The prompts take 1 s, each step 0.1 s.
    assert projected_s(10.0, [11.1, 11.2, 11.3, 11.4], steps=10) == pytest.approx(2.0)
    # One step that waited for something else is counted once.
    assert projected_s(10.0, [11.1, 11.2, 12.3, 12.4], steps=10) == pytest.approx(3.0)


# What


def test_the_references_prompts_come_first_and_then_one_of_each_kind() -> None:
    suite = load_suite()
    prompts = chosen(suite, 16)

    assert [prompt.kind for prompt in prompts[:3]] == ["reference"] * 3
    counts = Counter(prompt.kind for prompt in prompts[3:])
    assert set(counts) == {prompt.kind for prompt in suite} - {"reference"}
    assert max(counts.values()) == 2
    assert chosen(suite, 7) == prompts[:7]
    assert set(chosen(suite, 1000)) == set(suite)
    assert len(chosen(suite, 1000)) == len(suite)


def test_a_round_is_written_whole_and_scored_as_tokmon_scores(tmp_path: Path) -> None:
    made = Made(tmp_path, config_of(max_new_tokens=20))
    made.session.take_step()
    outcome = made.rounds.draw_asked()
    written = made.samples()

    assert outcome.is_drawn
    assert [sample.prompt_id for sample in written] == [
        "reference-add",
        "reference-loader",
        "reference-numpy",
        "function-fibonacci",
    ]
    assert [sample.seed for sample in written] == [0, 1, 2, 3]
    assert len({sample.time for sample in written}) == 1
    assert moment(written[0].time) is not None
    for sample in written:
        assert sample.step == 1
        assert sample.tokens is not None
        assert (sample.tokens == 20) == (sample.finish_reason == "length")
        assert sample.validity in {"valid", "invalid", "nothing"}
        assert sample.seq_rep_4 is not None
        assert not {sample.collapsed, sample.has_keyword} - {True, False}
    event = next(event for event in made.events() if event.event == "samples")
    assert event.extra["samples"] == 4
    assert event.extra["mode_collapse"] == sum(bool(s.collapsed) for s in written) / 4
    assert event.extra["asked"]
    assert event.message == outcome.message
    assert f"samples: {outcome.message}" in made.said


def test_two_rounds_of_the_same_weights_have_the_same_texts(tmp_path: Path) -> None:
    made = Made(tmp_path, config_of(max_new_tokens=12))
    made.session.take_step()
    made.rounds.draw_asked()
    made.rounds.draw_asked()
    texts = [sample.text for sample in made.samples()]

    assert texts[:4] == texts[4:]
    assert len(set(texts)) == 4


def test_a_round_leaves_training_as_it_was(tmp_path: Path) -> None:
    made, quiet = Made(tmp_path / "a", config_of()), Made(tmp_path / "b", config_of())
    for _ in range(3):
        before, is_training = randomness.states(), made.session.model.training
        threads = torch.get_num_threads()
        made.session.take_step()
        made.rounds.draw_asked()
        quiet.session.take_step()
        after = randomness.states()

        assert torch.equal(before["cpu"], after["cpu"])
        assert made.session.model.training == is_training
        assert torch.get_num_threads() == threads
    ours, theirs = made.session.model.state_dict(), quiet.session.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert all(parameter.requires_grad for parameter in made.session.model.parameters())


def test_a_round_without_time_for_it_is_left_out_and_told_once(tmp_path: Path) -> None:
    config = config_of(max_new_tokens=100_000)
    share = msgspec.structs.replace(config.sample, share=1e-6)
    made = Made(tmp_path, msgspec.structs.replace(config, sample=share))
    made.session.take_step()
    for _ in range(3):
        made.rounds.draw_if_affordable()

    assert made.samples() == []
    assert [event.event for event in made.events()] == ["samples_left_out"]
    message = made.events()[0].message
    assert message == (
        "no samples, 1 round was left out: one takes 10 s at the least, and with it rounds would "
        "take more than 0.0001 % of the time so far (sample.share)"
    )


def test_a_round_that_turns_out_too_dear_is_given_up_after_its_first_steps(tmp_path: Path) -> None:
    made = Made(tmp_path, config_of(max_new_tokens=2000))
    made.session.take_step()
    while made.stopwatch.attempt_s < 0.3:
        time.sleep(0.01)
    made.rounds.draw_if_affordable()

    assert made.samples() == []
    event = made.events()[0]
    assert event.event == "samples_left_out"
    # 2,000 steps take longer than the shortest time that could have been thought of.
    assert event.extra["predicted_s"] > 0.2


def test_the_next_round_says_how_many_were_left_out(tmp_path: Path) -> None:
    config = config_of(max_new_tokens=4)
    share = msgspec.structs.replace(config.sample, share=1e-9)
    made = Made(tmp_path, msgspec.structs.replace(config, sample=share))
    made.session.take_step()
    for _ in range(2):
        made.rounds.draw_if_affordable()
    outcome = made.rounds.draw_asked()

    assert outcome.message.endswith("; before it, 2 rounds were left out for lack of time")


def test_a_model_whose_output_is_not_finite_costs_a_round_and_not_the_run(tmp_path: Path) -> None:
    made = Made(tmp_path, config_of())
    made.session.take_step()
    with torch.no_grad():
        made.session.model.head.weight.fill_(float("nan"))
    made.rounds.draw_if_affordable()
    outcome = made.rounds.draw_asked()

    assert not outcome.is_drawn
    assert [event.event for event in made.events()] == ["samples_failed", "samples_failed"]
    assert outcome.message == "no samples: the model's output is not finite; training goes on"
    assert made.samples() == []


# Collapse


def test_collapse_is_told_once_and_so_is_its_end() -> None:
    watch = CollapseWatch()
    shares = [0.9, 0.6, 0.3, 0.5, 0.24, 0.4, 0.49, 0.5, 0.0]

    told = [watch.look(share, is_early=False) for share in shares]

    begin, end = "collapse", "collapse_over"
    assert told == [begin, None, None, None, end, None, None, begin, end]


def test_collapse_that_outlasts_the_warm_up_is_told_again() -> None:
    watch = CollapseWatch()

    told = [watch.look(0.9, is_early=is_early) for is_early in (True, True, False, False)]

    assert told == ["collapse", None, "collapse", None]


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans())))
def test_the_end_of_a_collapse_follows_its_beginning(rounds: list[tuple[float, bool]]) -> None:
    watch, is_collapsed = CollapseWatch(), False
    for share, is_early in rounds:
        told = watch.look(share, is_early=is_early)
        if told == "collapse":
            is_collapsed = True
        elif told == "collapse_over":
            assert is_collapsed
            is_collapsed = False
        assert share < 0.5 or is_collapsed
        assert share >= 0.25 or not is_collapsed


def test_a_model_that_repeats_itself_is_told_with_an_example(tmp_path: Path) -> None:
    made = Made(tmp_path, config_of(warmup=2, max_new_tokens=16))
    with torch.no_grad():
        # All positions look alike to such a head: one token has nearly all of the probability.
        made.session.model.norm.weight.fill_(1)
        made.session.model.embedding.weight.fill_(1)
        for block in made.session.model.blocks:
            block.attention.out.weight.zero_()
            block.mlp.down.weight.zero_()
        made.session.model.head.weight.zero_()
        made.session.model.head.weight[load_tokenizer().encode("\x1b")[0]] = 10
    made.session.step = 1
    made.rounds.draw_asked()
    made.session.step = 3
    made.rounds.draw_asked()

    early, late = [event for event in made.events() if event.event == "collapse"]
    assert "as is usual while the learning rate still rises" in early.message
    assert (early.extra["early"], late.extra["early"]) == (True, False)
    assert late.message.startswith("mode collapse 100 %: 4 of 4 samples repeat themselves")
    assert r"ends in '\x1b\x1b\x1b" in late.message
    assert late.message.isprintable()


@given(st.text())
def test_an_excerpt_is_one_short_printable_line(text: str) -> None:
    shown = excerpt(text)

    assert shown.isprintable()
    assert len(shown) <= 2 + 60 * len("\\U0001f600")


# In a run


def overrides(*more: str) -> list[str]:
    return [word for pair in (*SHORT, *more) for word in ("--set", pair)]


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory, source_folder: Path) -> RunDir:
    folder = tmp_path_factory.mktemp("sampled")
    answer = run_trainer(write_config(folder, source_folder), folder, *overrides())
    assert answer.returncode == 0, answer.stderr
    assert "samples: 5 samples in " in answer.stderr
    return RunDir.of_experiment(folder, "tiny")


def texts_of(run: RunDir) -> dict[tuple[object, object], str]:
    """Return the newest text of each step and prompt."""
    return {(sample.step, sample.prompt_id): sample.text for sample in samples_of(run)}


def test_rounds_stand_whole_at_the_steps_of_evaluations(sampled: RunDir) -> None:
    steps = Counter(sample.step for sample in samples_of(sampled))
    told = [event.step for event in events_of(sampled) if event.event == "samples"]

    assert steps.keys() <= {10, 20, 30, 40}
    assert set(steps.values()) == {5}
    assert list(steps) == told
    assert 10 in steps
    for event in events_of(sampled):
        if event.event == "samples":
            assert 0 < event.extra["sample_share"] < 1


def test_a_run_that_does_not_sample_learns_the_same_bit_for_bit(
    sampled: RunDir, tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder)
    answer = run_trainer(config, tmp_path, *overrides("sample.every=0"))
    run = RunDir.of_experiment(tmp_path, "tiny")

    assert answer.returncode == 0, answer.stderr
    assert not run.samples.exists()
    assert lines_without_times(run) == lines_without_times(sampled)
    ours, theirs = load(run.final).content, load(sampled.final).content
    assert all(torch.equal(ours["model"][name], theirs["model"][name]) for name in ours["model"])
    assert torch.equal(ours["random"]["cpu"], theirs["random"]["cpu"])


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_run_killed_among_rounds_goes_on_exactly_and_samples_the_same(
    sampled: RunDir, tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder)
    run = RunDir.of_experiment(tmp_path, "tiny")
    process = start(config, tmp_path, *overrides())
    wait_until(lambda: count_lines(run.samples) >= 5, process)
    process.kill()
    process.communicate()
    assert count_lines(run.samples) % 5 == 0

    answer = run_trainer(config, tmp_path, *overrides())

    assert answer.returncode == 0, answer.stderr
    assert lines_without_times(run) == lines_without_times(sampled)
    ours, theirs = texts_of(run), texts_of(sampled)
    both = ours.keys() & theirs.keys()
    assert len(both) >= 5
    assert {key: ours[key] for key in both} == {key: theirs[key] for key in both}


def test_the_time_of_rounds_is_evaluations_and_not_trainings(sampled: RunDir) -> None:
    sample_s = {e.step: e.extra["sample_s"] for e in events_of(sampled) if e.event == "samples"}
    lines = [json.loads(line) for line in sampled.log.read_bytes().splitlines()]

    for before, line in pairwise(lines):
        if took := sample_s.get(line["step"]):
            passed_s = line["elapsed_s"] - before["elapsed_s"]
            assert line["eval_share"] * passed_s >= 0.9 * took - 0.002
        else:
            assert (line["eval_share"] > 0) == ("val_loss" in line)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs libuv there")
@pytest.mark.parametrize("parallel", ["ddp", "fsdp"])
def test_rank_0_samples_for_all(tmp_path: Path, source_folder: Path, parallel: str) -> None:
    config = write_config(tmp_path, source_folder, batch_size=4)
    code, said = finish(torchrun(config, tmp_path, *overrides(f"device.parallel={parallel}")))
    run = RunDir.of_experiment(tmp_path, "tiny")

    assert code == 0, said
    steps = Counter(sample.step for sample in samples_of(run))
    assert set(steps.values()) == {5}
    assert 10 in steps
    assert events_of(run)[-1].event == "finish"
