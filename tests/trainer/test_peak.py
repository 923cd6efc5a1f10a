"""What the machine does at best is measured on real products, in the time it says."""

import time

import torch

from trainer.config import ModelConfig
from trainer.peak import Peaks, measure_peaks

TINY = ModelConfig(layers=1, width=16, heads=2, mlp=16, vocab=300)
CPU = torch.device("cpu")


def test_rates_are_positive_and_the_best_of_them_counts() -> None:
    begin = time.perf_counter()

    peaks = measure_peaks(TINY, 64, CPU, torch.float32)

    assert time.perf_counter() - begin < 30
    assert min(peaks) > 0
    assert peaks.rows == 64
    assert peaks.rates.flops_per_sec == max(peaks[:3])
    assert peaks.rates.bytes_per_sec == peaks.copy_bytes_per_sec
    # A square product of hundreds is as fast as it gets, and no copy is slower than a slow disk.
    assert peaks.square_flops_per_sec > 1e8
    assert peaks.copy_bytes_per_sec > 1e8


def test_a_head_too_large_for_the_time_is_measured_on_fewer_tokens() -> None:
    large = ModelConfig(layers=1, width=256, heads=4, mlp=16, vocab=50257)

    assert measure_peaks(large, 2**40, CPU, torch.float32).rows < 2**20


def test_of_two_measurements_the_best_of_each_counts() -> None:
    first = Peaks(10.0, 5.0, 3.0, 128, 7.0)
    second = Peaks(9.0, 6.0, 2.0, 64, 8.0)

    assert first.or_better(second) == second.or_better(first) == Peaks(10.0, 6.0, 3.0, 64, 8.0)
