"""What NVML says, field by field, from a stand-in of its library; not seen on a real GPU."""

import sys
from types import SimpleNamespace

import pytest

from tests.fake_nvml import (
    ANSWERS,
    DRIVER_NOT_LOADED,
    GIB,
    LIBRARY_NOT_FOUND,
    LOST,
    NOT_SUPPORTED,
    FakeNvml,
    FakeNvmlError,
    card,
)
from tokmon.rundir.nvml import Nvml, is_visible
from tokmon.rundir.records import Gpu, GpuProcess

FIELDS = {
    "Name": ["name"],
    "MemoryInfo": ["memory_used_bytes", "memory_total_bytes"],
    "UtilizationRates": ["utilization_pct"],
    "PowerUsage": ["power_w"],
    "EnforcedPowerLimit": ["power_limit_w"],
    "Temperature": ["temperature_c"],
    "ClockInfo": ["clock_sm_mhz", "clock_memory_mhz"],
    "MaxClockInfo": ["clock_sm_max_mhz"],
    "ComputeRunningProcesses": ["processes"],
}
WHOLE = Gpu(
    index=0,
    name="NVIDIA H200",
    utilization_pct=97.0,
    memory_used_bytes=12 * GIB,
    memory_total_bytes=140 * GIB,
    power_w=612.4,
    power_limit_w=700.0,
    temperature_c=61.0,
    clock_sm_mhz=1755.0,
    clock_sm_max_mhz=1980.0,
    clock_memory_mhz=2619.0,
    processes=[GpuProcess(pid=4242, name="", memory_bytes=9 * GIB)],
)


@pytest.fixture(autouse=True)
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No process of this machine has a name."""
    monkeypatch.setattr("tokmon.rundir.nvml._process_name", lambda pid: "")


def test_every_field_is_in_our_units(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeNvml([card()]).install(monkeypatch)

    assert Nvml().read() == ([WHOLE], None)


@pytest.mark.parametrize("question", FIELDS)
@pytest.mark.parametrize(
    "fault", [NOT_SUPPORTED, UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid")]
)
def test_a_field_that_is_refused_costs_no_other(
    monkeypatch: pytest.MonkeyPatch, question: str, fault: Exception
) -> None:
    FakeNvml([card(**{question: fault})]).install(monkeypatch)
    (gpu,) = Nvml().read().gpus
    lost = {name for name in Gpu.__struct_fields__ if getattr(gpu, name) != getattr(WHOLE, name)}

    assert lost == set(FIELDS[question])
    assert all(getattr(gpu, name) in (None, "") for name in lost)


def test_a_card_that_answers_nothing_is_there_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    FakeNvml([LOST, card(UUID="GPU-b"), card(**dict.fromkeys(ANSWERS, NOT_SUPPORTED))]).install(
        monkeypatch
    )
    lost, whole, silent = Nvml().read().gpus

    assert lost == Gpu(index=0, name="no answer: GPU is lost")
    assert (whole.index, whole.utilization_pct) == (1, 97.0)
    assert silent == Gpu(index=2)


def test_older_drivers_are_asked_for_their_processes_in_the_older_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of_windows = [SimpleNamespace(pid=7, usedGpuMemory=None)]
    answers = {"ComputeRunningProcesses": NOT_SUPPORTED, "ComputeRunningProcesses_v2": of_windows}
    FakeNvml([card(**answers)]).install(monkeypatch)

    assert Nvml().read().gpus[0].processes == [GpuProcess(pid=7)]


@pytest.mark.parametrize(
    ("visible", "indices"),
    [(None, [0, 1]), ("1", [1]), ("0,1", [0, 1]), ("GPU-bbbb", [1]), ("", []), ("-1", [])],
)
def test_only_the_cards_that_a_process_may_use_are_read(
    monkeypatch: pytest.MonkeyPatch, visible: str | None, indices: list[int]
) -> None:
    FakeNvml([card(), card(UUID="GPU-bbbb-1")]).install(monkeypatch)
    gpus, reason = Nvml().read(visible)

    assert [gpu.index for gpu in gpus] == indices
    assert (reason is None) == bool(indices)


def test_one_session_serves_all_readings_until_it_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeNvml([card()]).install(monkeypatch)
    with Nvml() as nvml:
        for _ in range(3):
            nvml.read()
        assert (fake.opened, fake.sessions) == (1, 1)
        nvml.close()
        nvml.read()

    assert (fake.opened, fake.sessions) == (2, 0)


def test_a_library_that_is_not_there_is_looked_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeNvml(fault=LIBRARY_NOT_FOUND).install(monkeypatch)
    nvml = Nvml()

    assert [nvml.read() for _ in range(3)] == [([], "NVML: NVML Shared Library Not Found")] * 3
    assert fake.opened == 1


def test_a_driver_that_is_loaded_later_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeNvml([card()], fault=DRIVER_NOT_LOADED).install(monkeypatch)
    nvml = Nvml()
    before = nvml.read()
    fake.fault = None

    assert before == ([], "NVML: Driver Not Loaded")
    assert len(nvml.read().gpus) == 1


def test_a_driver_that_is_taken_away_is_told_and_asked_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fake = FakeNvml([card()]).install(monkeypatch)
    nvml = Nvml()
    nvml.read()
    gone = FakeNvmlError(1, "Uninitialized")

    def fail() -> int:
        raise gone

    monkeypatch.setattr(sys.modules["pynvml"], "nvmlDeviceGetCount", fail)

    assert nvml.read() == ([], "NVML: Uninitialized")
    nvml.read()
    assert fake.opened == 2


def test_without_the_package_there_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)

    assert "nvidia-ml-py cannot be loaded" in (Nvml().read().unavailable or "")


def test_an_empty_name_in_the_list_matches_no_card() -> None:
    assert not is_visible(0, "GPU-aaaa", "1,")
