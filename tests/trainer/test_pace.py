"""Stretching a schedule to the wanted time."""

from hypothesis import given
from hypothesis import strategies as st

from trainer.config import Config
from trainer.config_file import load_config
from trainer.pace import stretch
from trainer.shipped import shipped_config


def demo() -> Config:
    return load_config(shipped_config("demo.toml"))


@given(st.floats(0.01, 1000))
def test_as_many_lines_evaluations_and_checkpoints_come_whatever_the_machine(factor: float) -> None:
    config = stretch(demo(), factor)

    assert config.schedule.steps // config.log.every == 60
    assert config.schedule.steps // config.eval.every >= 3
    assert config.schedule.steps // config.checkpoint.every >= 2
    assert config.eval.every % config.log.every == 0
    assert config.schedule.warmup < config.schedule.steps


def test_a_factor_of_one_changes_nothing() -> None:
    assert stretch(demo(), 1.0) == demo()
