"""What each change should give, from counted work and this machine's rates. Runs no step."""

import time
from typing import NamedTuple

import torch

from bench.change.measured import CONFIG
from trainer.config_file import load_config
from trainer.flops import training_flops
from trainer.peak import measure_peaks

_BLOCK_BYTES = 2**28
_WHOLE_BUFFERS = 4
"""Logits, their log-softmax, its gradient and theirs, each (N, V) in float32: made anew each step
where all logits are made at once."""
_WHOLE_PASSES = 10
"""Over such a buffer: written by the product, read twice and written by log-softmax, written with
zeros and then the targets' gradient, read twice and written by its backward pass, read by two
products."""


class Rates(NamedTuple):
    """Of this machine."""

    float32: float
    """FLOP a second of products."""
    bfloat16: float
    """The same in bfloat16."""
    copy: float
    """Bytes a second."""
    fresh: float
    """Seconds that a byte costs at its first touch, over what it costs later."""


class Prediction(NamedTuple):
    """Of one change."""

    saved_s: float
    """A step."""
    because: str
    """The counting behind it."""


def machine() -> Rates:
    """Measure the rates."""
    model, cpu = load_config(CONFIG).model, torch.device("cpu")
    single, half = (
        measure_peaks(model, 512, cpu, dtype).rates for dtype in (torch.float32, torch.bfloat16)
    )
    return Rates(
        single.flops_per_sec, half.flops_per_sec, single.bytes_per_sec, _first_touch_s_per_byte()
    )


def _first_touch_s_per_byte() -> float:
    """Fill a block that the system gives now, and again; the difference is the first touch."""
    fresh, again = [], []
    for _ in range(4):
        block = torch.empty(_BLOCK_BYTES, dtype=torch.uint8)
        for times in (fresh, again):
            begin = time.perf_counter()
            block.fill_(1)
            times.append(time.perf_counter() - begin)
        del block
    return (min(fresh) - min(again)) / _BLOCK_BYTES


def predictions(rates: Rates, batch_size: int) -> list[Prediction]:
    """Return what the changes of bench.change.ways should save, in their order."""
    config = load_config(CONFIG)
    tokens = batch_size * config.data.seq_len
    logits_bytes = tokens * config.model.vocab * 4
    flops = training_flops(config.model, config.data.seq_len).times(tokens).total
    touched, moved = _WHOLE_BUFFERS * logits_bytes, _WHOLE_PASSES * logits_bytes
    return [
        Prediction(
            touched * rates.fresh,
            f"{_WHOLE_BUFFERS} buffers of logits, {touched / 1e9:.2f} GB, are no longer touched "
            f"for the first time in each step, at {rates.fresh * 1e9:.2f} s a GB",
        ),
        Prediction(
            moved / rates.copy,
            f"{_WHOLE_PASSES} passes over {logits_bytes / 1e9:.2f} GB of logits stay in cache, "
            f"at {rates.copy / 1e9:.0f} GB/s",
        ),
        Prediction(
            flops / rates.float32 - flops / rates.bfloat16,
            f"{flops / 1e12:.3f} TFLOP at {rates.bfloat16 / 1e9:.0f} instead of "
            f"{rates.float32 / 1e9:.0f} GFLOP/s",
        ),
    ]
