"""What runs cost: energy integrated from the system log, time on devices."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.monitor.states import state_of
from tests.runs.builder import EPOCH
from tokmon.monitor.cost import cost
from tokmon.monitor.energy import EnergyLog, EnergyMeter
from tokmon.rundir.jsonl import append_line
from tokmon.rundir.records import Gpu, RunInfo, System, encode, iso


def sampled(second: float, *watts: float | None) -> System:
    gpus = [Gpu(index=index, power_w=power) for index, power in enumerate(watts)]
    return System(time=iso(EPOCH + second), gpus=gpus)


def metered(*systems: System) -> EnergyMeter:
    meter = EnergyMeter()
    meter.add(systems)
    return meter


def test_energy_is_the_area_under_the_power_of_all_gpus() -> None:
    energy = metered(sampled(0, 100, 300), sampled(5, 200, 300), sampled(10, 200, 300)).energy()

    assert energy is not None
    assert energy.kwh * 3.6e6 == pytest.approx(750 + 1000 + 3000)
    assert (energy.measured_gpu_s, energy.gaps, energy.gpus) == (20, 0, 2)


def test_a_gap_is_left_out_and_told() -> None:
    energy = metered(*(sampled(s, 100) for s in (0, 5, 10, 15, 3615, 3620))).energy()

    assert energy is not None
    assert energy.kwh * 3.6e6 == pytest.approx(100 * 20)
    assert (energy.gaps, energy.gap_gpu_s) == (1, 3600)


def test_samples_that_are_far_apart_by_habit_are_no_gaps() -> None:
    energy = metered(*(sampled(60 * s, 100) for s in range(10))).energy()

    assert energy is not None
    assert (energy.gaps, energy.measured_gpu_s) == (0, 540)


def test_a_clock_that_goes_back_and_broken_values_are_passed_over() -> None:
    odd = System(time="never", gpus=[Gpu(index=0, power_w=1e9)])
    energy = metered(
        sampled(0, 100), odd, sampled(-50, 100), sampled(5, None), sampled(5, -3), sampled(10, 100)
    ).energy()

    assert energy is not None
    assert energy.kwh * 3.6e6 == pytest.approx(1000)


def test_without_power_there_is_no_energy() -> None:
    assert metered(sampled(0, None), sampled(5, None)).energy() is None
    assert metered(sampled(0, 100)).energy() is None
    assert EnergyMeter().energy() is None


@given(st.lists(st.floats(0, 1000), min_size=2, max_size=50))
def test_energy_lies_between_the_lowest_and_the_highest_power(watts: list[float]) -> None:
    energy = metered(*(sampled(5 * n, power) for n, power in enumerate(watts))).energy()

    assert energy is not None
    seconds = 5 * (len(watts) - 1)
    assert min(watts) * seconds * 0.999 <= energy.kwh * 3.6e6 <= max(watts) * seconds * 1.001


def test_the_log_is_read_on_and_a_replaced_one_anew(tmp_path: Path) -> None:
    path = tmp_path / "x_system.jsonl"
    log = EnergyLog(path)
    log.read()
    assert (log.at_end, log.energy()) == (True, None)
    for second in (0, 5):
        append_line(path, encode(sampled(second, 100)))
    append_line(path, b"torn")
    log.read()
    append_line(path, encode(sampled(10, 100)))
    log.read()
    whole = log.energy()

    path.unlink()
    for second in (0, 5):
        append_line(path, encode(sampled(second, 100)))
    log.read()

    assert whole is not None
    assert whole.measured_gpu_s == 10
    again = log.energy()
    assert again is not None
    assert again.measured_gpu_s == 5


def test_gpu_hours_are_time_by_ranks() -> None:
    state = state_of([3.0], latest={"elapsed_s": 1800.0}, info=info(type="cuda", ranks=4))

    found = cost(state)

    assert (found.gpu_hours, found.cpu_core_hours, found.devices) == (2.0, None, 4)
    assert found.remark == "power was not logged"


def test_a_run_on_a_cpu_has_core_hours() -> None:
    state = state_of([3.0], latest={"elapsed_s": 1800.0}, info=info(type="cpu", threads=8))

    found = cost(state)

    assert (found.gpu_hours, found.cpu_core_hours, found.remark) == (0.0, 4.0, "")


@pytest.mark.parametrize("ranks", [0, -1, True, "4", 2**40, None])
def test_without_a_number_of_ranks_the_gpus_in_the_log_count(ranks: object) -> None:
    state = state_of(
        [3.0],
        latest={"elapsed_s": 3600.0},
        info=info(type="cuda", ranks=ranks),
        systems=(sampled(0, 100, 100),),
    )

    assert cost(state).gpu_hours == 2.0


def test_gaps_and_gpus_that_do_not_match_are_told() -> None:
    energy = metered(*(sampled(s, 100, 100) for s in (0, 5, 10, 15, 600))).energy()
    state = state_of([3.0], latest={"elapsed_s": 15.0}, info=info(type="cuda", ranks=1))

    remark = cost(state, energy).remark

    assert "2 gaps in the power log" in remark
    assert "power is of 2 GPUs, the run trained on 1" in remark


def info(**device: object) -> RunInfo:
    return RunInfo(experiment="x", device=device)
