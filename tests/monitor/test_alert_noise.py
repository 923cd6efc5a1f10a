"""Ordinary noise rings less than once in 10,000 lines, and two recorded runs not at all."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.monitor.alert_frames import INTERVAL, frame_of, spans_of
from tokmon.monitor.history import History
from tokmon.monitor.series import Floats
from tokmon.monitor.sources.step_lines import parse

LINES = 100_000
RECORDED = Path(__file__).parent / "recorded"
NOISES: dict[str, Callable[[np.random.Generator], Floats]] = {
    "normal": lambda random: random.standard_normal(LINES),
    "Laplace": lambda random: random.laplace(size=LINES),
    "Student t, 5 degrees": lambda random: random.standard_t(5, LINES),
}


@pytest.mark.parametrize("noise", NOISES)
def test_noise_rings_less_than_once_in_ten_thousand_lines(noise: str) -> None:
    random = np.random.default_rng(11)
    trend = 2 + 2 / np.sqrt(np.arange(1, LINES + 1))
    frame = frame_of(
        train_loss=trend + 0.08 * NOISES[noise](random),
        grad_norm=np.exp(0.25 * NOISES[noise](random)),
        steps_per_sec=28 * np.exp(0.05 * NOISES[noise](random)),
        val_loss=[
            value if line % 5 == 0 else None
            for line, value in enumerate(trend + 0.01 * NOISES[noise](random))
        ],
    )

    found = spans_of(frame)

    for rule in ("spike", "grad_norm", "throughput", "validation_rising"):
        assert sum(span.rule == rule for span in found) < LINES / 10_000, rule


@pytest.mark.parametrize("name", ["demo_6000_steps", "v1_900_steps"])
def test_recorded_runs_ring_for_nothing_but_their_slow_hours(name: str) -> None:
    lines = (RECORDED / f"{name}.jsonl").read_bytes().splitlines()
    batch, history = parse(lines), History()
    history.extend(batch.steps, batch.columns)

    found = spans_of(history.frame())

    assert {span.rule for span in found} <= {"throughput"}
    for span in found:
        # The machine was shared: these lines took two to ten times as long as the others.
        speeds = history.frame().series("steps_per_sec")
        within = (speeds.steps >= (span.first_step or 0)) & (speeds.steps <= (span.last_step or 0))
        assert np.median(speeds.values[within]) < 0.7 * np.median(speeds.values)


def test_a_jump_that_a_person_would_see_rings_in_each_of_the_noises() -> None:
    random = np.random.default_rng(5)
    for noise in NOISES.values():
        losses = 2.5 + 0.05 * noise(random)[:500]
        losses[400] = 5.0

        spikes = spans_of(frame_of(train_loss=losses), "spike")

        assert 401 * INTERVAL in [span.first_step for span in spikes]
