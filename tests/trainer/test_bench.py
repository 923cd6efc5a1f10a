"""Timing steps: random tokens that look like text, and a table of what was found."""

import io

import numpy as np
import pytest
from rich.console import Console

from trainer.bench_corpus import random_corpus
from trainer.bench_result import BenchResult, Limits, StepTimes, print_result, summarise
from trainer.config import ModelConfig
from trainer.flops import Rates, floor, parameters, step_traffic, training_flops
from trainer.tokenizer import load_tokenizer


def test_random_tokens_are_below_the_vocabulary_and_few_make_up_many() -> None:
    corpus = random_corpus(load_tokenizer(), 1000, 50_000, seed=1)

    for split in (corpus.train, corpus.val):
        assert split.tokens.max() < 1000
        assert split.offsets[0] == 0
        assert split.offsets[-1] == len(split.tokens) == 50_000
        assert np.all(np.diff(split.offsets) > 0)
    counts = np.sort(np.bincount(corpus.train.tokens))[::-1]
    assert 0.3 < counts[:20].sum() / 50_000 < 0.6


def test_random_tokens_are_those_of_the_seed() -> None:
    first, same, other = (random_corpus(load_tokenizer(), 99, 500, seed) for seed in (1, 1, 2))

    assert np.array_equal(first.train.tokens, same.train.tokens)
    assert not np.array_equal(first.train.tokens, other.train.tokens)


def test_a_vocabulary_beyond_what_a_token_holds_is_no_fault() -> None:
    assert random_corpus(load_tokenizer(), 2**20, 2000, seed=1).train.tokens.dtype == np.uint16


def v1_on_an_h200(step_s: float) -> BenchResult:
    model, tokens, rates = ModelConfig(), 16_384, Rates(790e12, 4.3e12)
    flops, traffic = training_flops(model, 512).times(tokens), step_traffic(model, tokens, 2)
    floors = floor(flops, traffic, rates), floor(flops, traffic, rates, is_fused=False)
    return BenchResult(
        experiment="v1",
        tokens_from="random",
        device="cuda:0 NVIDIA H200",
        dtype="bfloat16",
        plan="compiled",
        versions={},
        parameters=parameters(model),
        tokens_per_step=tokens,
        limits=Limits(
            square_flops_per_sec=790e12,
            head_flops_per_sec=600e12,
            trunk_flops_per_sec=300e12,
            rows=tokens,
            copy_bytes_per_sec=4.3e12,
        ),
        step=StepTimes(
            first_s=41.5,
            steps=3800,
            median_s=step_s,
            best_s=step_s,
            parts_s={"head": 0.6 * step_s, "trunk": 0.3 * step_s},
            peak_memory_bytes=10**10,
        ),
        steps_per_sec=1 / step_s,
        tokens_per_sec=tokens / step_s,
        floor_share=floors[0].total_s / step_s,
        mfu=flops.total / step_s / rates.flops_per_sec,
        **summarise(flops, traffic, floors),
    )


@pytest.mark.parametrize("width", [80, 120])
def test_the_table_says_what_was_counted_and_what_was_measured(width: int) -> None:
    stream = io.StringIO()

    print_result(Console(file=stream, width=width), v1_on_an_h200(5e-3))

    lines = [" ".join(line.split()) for line in stream.getvalue().splitlines()]
    assert "v1 on cuda:0 NVIDIA H200, bfloat16" in lines
    assert "28,355,328 parameters, 16,384 tokens a step, random tokens" in lines
    assert "square product 790 TFLOP/s" in lines
    assert "copy 4.3 TB/s" in lines
    assert "head 1.265 TFLOP 1.601 ms 46%" in lines
    assert "attention 51.54 GFLOP 0.065 ms 2%" in lines
    assert "loss 3.294 GB 0.766 ms 22%" in lines
    assert "floor 1.574 TFLOP 3.498 ms" in lines
    assert "measured, median 5.000 ms 70.0% of floor" in lines
    assert any(line.startswith("200 steps/s, 3,276,800 tokens/s, model FLOPs") for line in lines)
    assert any("utilisation 39.8%, 10.00 GB of GPU memory" in line for line in lines)
