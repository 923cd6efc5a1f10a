"""Learning rates, against the reference's own numbers."""

import pytest

from trainer.config import OptimConfig, ScheduleConfig
from trainer.schedule import learning_rate

REFERENCE = ScheduleConfig(steps=50_000, warmup=2_000)


@pytest.mark.parametrize(
    ("step", "lr"),
    [(100, 1.5e-5), (500, 7.5e-5), (2_000, 3e-4), (26_000, 1.55e-4), (50_000, 1e-5)],
)
def test_reference_schedule(step: int, lr: float) -> None:
    assert learning_rate(step, REFERENCE, OptimConfig()) == pytest.approx(lr)


@pytest.mark.parametrize(("decay", "lr"), [("linear", 1.55e-4), ("constant", 3e-4)])
def test_other_decays_at_half_way(decay: str, lr: float) -> None:
    schedule = ScheduleConfig(steps=100, warmup=0, decay=decay)  # type: ignore[arg-type]

    assert learning_rate(50, schedule, OptimConfig()) == pytest.approx(lr)


def test_never_rises_after_the_warm_up() -> None:
    rates = [learning_rate(step, REFERENCE, OptimConfig()) for step in range(2_000, 50_001, 50)]

    assert rates == sorted(rates, reverse=True)
