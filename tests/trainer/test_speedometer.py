"""Where the time goes: clocks, laps and what a machine does at best."""

import time
from pathlib import Path

import pytest
import torch

from trainer import best_rates as module
from trainer.bench_corpus import random_corpus
from trainer.best_rates import best_rates, remember_rates
from trainer.config import Config, DataConfig, EvalConfig, LogConfig, ModelConfig, ScheduleConfig
from trainer.flops import Rates
from trainer.marks import ClockMarks, NoMarks, marks_of
from trainer.session import Session
from trainer.speedometer import Speedometer
from trainer.stopwatch import Stopwatch
from trainer.tokenizer import load_tokenizer

pytestmark = pytest.mark.slow

CPU = torch.device("cpu")


def session(width: int = 16, batch_size: int = 2) -> Session:
    config = Config(
        experiment="x",
        data=DataConfig(corpus="none", seq_len=16, batch_size=batch_size),
        model=ModelConfig(layers=1, width=width, heads=2, mlp=width),
        schedule=ScheduleConfig(steps=100),
        log=LogConfig(every=5),
        eval=EvalConfig(every=5),
    )
    tokenizer = load_tokenizer()
    return Session(config, random_corpus(tokenizer, 1000, 5000, seed=1), tokenizer, CPU)


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("TOKMON_CACHE", str(tmp_path))
    return tmp_path


def test_the_parts_of_a_clock_add_up_to_the_time_between_its_marks() -> None:
    marks = ClockMarks()
    before = time.perf_counter()
    for _ in range(3):
        marks.begin()
        marks.at("input")
        torch.randn(200, 200) @ torch.randn(200, 200)
        marks.at("trunk")
        marks.at("head")
        marks.at("trunk")
    taken = marks.take(3)

    assert set(taken) == {"input", "trunk", "head"}
    assert 0 < sum(taken.values()) <= time.perf_counter() - before
    assert max(taken, key=lambda part: taken[part]) == "trunk"
    assert marks.take(3) == {}


def test_a_device_that_cannot_be_timed_has_no_parts() -> None:
    assert isinstance(marks_of(torch.device("mps")), NoMarks)
    assert NoMarks().take(5) == {}


def test_interruptions_are_laps_of_their_own() -> None:
    stopwatch = Stopwatch()
    with stopwatch.interruption("eval"):
        torch.randn(300, 300) @ torch.randn(300, 300)
    with stopwatch.interruption("other"):
        torch.randn(300, 300) @ torch.randn(300, 300)

    lap, empty = stopwatch.lap(), stopwatch.lap()

    assert lap.eval_s > 0
    assert lap.save_s == 0
    assert lap.total_s < stopwatch.elapsed_s
    assert (empty.eval_s, empty.save_s) == (0, 0)


def test_utilisation_is_counted_work_over_what_the_machine_does() -> None:
    trained, stopwatch = session(), Stopwatch()
    slow, fast = (Speedometer(trained, stopwatch, Rates(flops, 1e9)) for flops in (1e9, 4e9))
    for _ in range(5):
        trained.take_step()

    shares = [speedometer.read().shares for speedometer in (slow, fast)]

    assert shares[1]["mfu"] > 0
    assert set(shares[0]) == set(shares[1]) | {
        f"{part}_share" for part in ("input", "trunk", "head", "optimizer", "eval", "save", "gap")
    }


def test_rates_that_real_steps_beat_are_measured_again_and_never_beaten_in_the_log() -> None:
    trained, stopwatch = session(), Stopwatch()
    too_low = Speedometer(trained, stopwatch, Rates(1e3, 1e3))
    for _ in range(5):
        trained.take_step()

    worth = too_low.read().shares

    known = best_rates_of_cache(trained)
    assert known.flops_per_sec > 1e6
    assert 0 < worth["mfu"] <= worth["floor_share"] <= 1


def best_rates_of_cache(trained: Session) -> Rates:
    """Return what was kept, also for steps that are too small to be asked for."""
    return remember_rates(trained, Rates(0.0, 0.0))


def test_small_steps_are_not_held_against_a_peak(cache: Path) -> None:
    assert best_rates(session()) is None
    assert not (cache / "machine_rates.json").exists()


def test_large_ones_are_and_the_machine_is_measured_once(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = session(width=32, batch_size=64)
    first = best_rates(trained)
    monkeypatch.setattr(module, "measure_peaks", lambda *_: pytest.fail("measured twice"))

    assert first is not None
    assert best_rates(trained) == first


def test_a_better_measurement_is_kept_and_a_worse_one_is_not(cache: Path) -> None:
    trained = session(width=32, batch_size=64)
    remember_rates(trained, Rates(5e10, 1e9))
    remember_rates(trained, Rates(4e10, 2e9))

    assert best_rates(trained) == Rates(5e10, 2e9)


def test_a_damaged_cache_is_measured_again(cache: Path) -> None:
    (cache / "machine_rates.json").write_bytes(b"\xff{")

    assert best_rates(session(width=32, batch_size=64)) is not None
