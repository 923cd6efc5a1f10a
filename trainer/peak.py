"""Measures what this machine does at best: matrix products and a large copy. Trains nothing.

On random numbers, not zeros: a GPU multiplies zeros faster, as they take less power.
"""

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from trainer.config import ModelConfig
from trainer.device import synchronize
from trainer.flops import Rates

_HEAD_S, _TRUNK_S, _SQUARE_S, _COPY_S = 0.6, 0.4, 0.5, 0.3
_ROUND_S = 0.01
"""Long against what it costs to wait for a GPU."""
_FEWEST_ROWS, _SMALLEST_SQUARE, _LARGEST_SQUARE = 128, 512, 8192
_COPY_BYTES = {"cuda": 2**31, "cpu": 2**28}
"""Many times what any cache holds."""
_MEMORY_SHARE = 4

Shape = tuple[int, int]
"""(k, n) of a weight that takes rows of k to rows of n."""


class Peaks(NamedTuple):
    """What was measured."""

    square_flops_per_sec: float
    """A square product, as large as time allows."""
    head_flops_per_sec: float
    """The head's three products: forward, for the input, for the weight."""
    trunk_flops_per_sec: float
    """The blocks' linear layers, likewise."""
    rows: int
    """Tokens in the head's products: those of a step, or fewer where these take too long."""
    copy_bytes_per_sec: float
    """A large copy, reading and writing counted."""

    @property
    def rates(self) -> Rates:
        """The best of them: no product of a step is faster."""
        products = (self.square_flops_per_sec, self.head_flops_per_sec, self.trunk_flops_per_sec)
        return Rates(max(products), self.copy_bytes_per_sec)

    def or_better(self, other: "Peaks") -> "Peaks":
        """Return the best of two measurements: what disturbs one makes it slower, never faster."""
        head = max(self, other, key=lambda peaks: peaks.head_flops_per_sec)
        return Peaks(
            square_flops_per_sec=max(self.square_flops_per_sec, other.square_flops_per_sec),
            head_flops_per_sec=head.head_flops_per_sec,
            trunk_flops_per_sec=max(self.trunk_flops_per_sec, other.trunk_flops_per_sec),
            rows=head.rows,
            copy_bytes_per_sec=max(self.copy_bytes_per_sec, other.copy_bytes_per_sec),
        )


def measure_peaks(
    model: ModelConfig, tokens: int, device: torch.device, dtype: torch.dtype
) -> Peaks:
    """Measure for two seconds or so, each rate as the best of a few rounds.

    Args:
        model: its head and its blocks give the shapes.
        tokens: of a step.
        device: what to measure.
        dtype: of the products.
    """
    bench = _Bench(device, dtype)
    width, mlp = model.width, model.mlp
    trunk = [*[(width, width)] * 4, *[(width, mlp)] * 2, (mlp, width)]
    rows, head = bench.products([(width, model.vocab)], tokens, _HEAD_S)
    return Peaks(
        square_flops_per_sec=bench.square(_SQUARE_S),
        head_flops_per_sec=head,
        trunk_flops_per_sec=bench.products(trunk, tokens, _TRUNK_S)[1],
        rows=rows,
        copy_bytes_per_sec=bench.copy(_COPY_S),
    )


class _Bench:
    def __init__(self, device: torch.device, dtype: torch.dtype) -> None:
        self._device = device
        self._dtype = dtype
        self._generator = torch.Generator(device).manual_seed(0)

    def products(self, shapes: Sequence[Shape], tokens: int, limit_s: float) -> tuple[int, float]:
        """Return the rows used and FLOP/s of forward and backward products of these weights."""
        largest = max(n for _, n in shapes)
        rows = min(tokens, _FEWEST_ROWS)
        most = min(tokens, max(rows, _free_bytes(self._device) // _MEMORY_SHARE // (8 * largest)))
        work = self._training_products(shapes, rows)
        while rows < most and self._seconds(work) < limit_s / 8:
            rows = min(2 * rows, most)
            del work  # two of them may not fit
            work = self._training_products(shapes, rows)
        flops = sum(6 * rows * k * n for k, n in shapes)
        return rows, flops / self._best(work, limit_s)

    def square(self, limit_s: float) -> float:
        """Return FLOP/s of a product of two square matrices."""
        size = _SMALLEST_SQUARE
        work = self._square_product(size)
        while size < _LARGEST_SQUARE and self._seconds(work) < limit_s / 32:
            size *= 2
            work = self._square_product(size)
        return 2 * size**3 / self._best(work, limit_s)

    def copy(self, limit_s: float) -> float:
        """Return bytes read and written a second by a large copy."""
        wanted = _COPY_BYTES.get(self._device.type, _COPY_BYTES["cpu"])
        size = min(wanted, _free_bytes(self._device) // _MEMORY_SHARE)
        source = torch.ones(size, dtype=torch.uint8, device=self._device)
        target = torch.zeros_like(source)
        return 2 * size / self._best(lambda: target.copy_(source), limit_s)

    def _training_products(self, shapes: Sequence[Shape], rows: int) -> Callable[[], None]:
        inputs = {k: self._random(rows, k) for k, _ in shapes}
        weights = [self._random(n, k) for k, n in shapes]

        def work() -> None:
            for weight in weights:
                x = inputs[weight.shape[1]]
                y = x @ weight.T
                y @ weight
                y.T @ x

        return work

    def _square_product(self, size: int) -> Callable[[], Tensor]:
        left, right = self._random(size, size), self._random(size, size)
        return lambda: left @ right

    def _random(self, *shape: int) -> Tensor:
        return torch.randn(shape, generator=self._generator, device=self._device, dtype=self._dtype)

    def _best(self, work: Callable[[], object], limit_s: float) -> float:
        """Return the fewest seconds a call over rounds of calls, some at least, until the limit."""
        repeats = max(1, round(_ROUND_S / self._seconds(work)))
        end = time.perf_counter() + limit_s
        best = self._seconds(work, repeats)
        while time.perf_counter() < end:
            best = min(best, self._seconds(work, repeats))
        return best

    def _seconds(self, work: Callable[[], object], repeats: int = 1) -> float:
        synchronize(self._device)
        begin = time.perf_counter()
        for _ in range(repeats):
            work()
        synchronize(self._device)
        return (time.perf_counter() - begin) / repeats


def _free_bytes(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    import psutil

    return int(psutil.virtual_memory().available)
