"""What the GPUs are said to do, from recorded answers of nvidia-smi, and why there are none."""

import sys
from pathlib import Path

import pytest

from tests.fake_nvml import DRIVER_NOT_LOADED, FakeNvml, card
from trainer.gpus import parse_nvidia_smi, read_gpus

TWO_CARDS = """\
0, GPU-aaaa-1, NVIDIA H200, 97, 101376, 143771, 612.40, 700.00, 61, 1755, 1980, 2619
1, GPU-bbbb-2, NVIDIA RTX A400, [N/A], 3, 4094, [Not Supported], 50.00, 40, [N/A], 1762, [N/A]
"""


def test_nvidia_smi_is_read_in_our_units() -> None:
    first, second = parse_nvidia_smi(TWO_CARDS, visible=None)

    assert (first.index, first.name, first.utilization_pct) == (0, "NVIDIA H200", 97.0)
    assert first.memory_used_bytes == 101376 * 2**20
    assert (first.power_w, first.power_limit_w, first.temperature_c) == (612.4, 700.0, 61.0)
    assert (first.clock_sm_mhz, first.clock_sm_max_mhz, first.clock_memory_mhz) == (
        1755.0,
        1980.0,
        2619.0,
    )
    assert (second.utilization_pct, second.power_w, second.clock_sm_mhz) == (None, None, None)


@pytest.mark.parametrize("text", ["", "No devices were found\n", "0, short\n", "\x00\n"])
def test_what_is_no_card_is_no_gpu(text: str) -> None:
    assert parse_nvidia_smi(text, visible=None) == []


@pytest.mark.parametrize(
    ("visible", "indices"),
    [(None, [0, 1]), ("1", [1]), ("0,1", [0, 1]), ("GPU-bbbb", [1]), ("", []), ("-1", [])],
)
def test_only_the_cards_that_the_run_may_use_are_shown(
    visible: str | None, indices: list[int]
) -> None:
    assert [gpu.index for gpu in parse_nvidia_smi(TWO_CARDS, visible)] == indices


def test_nvml_is_asked_first_and_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeNvml([card(), card(UUID="GPU-bbbb-1")]).install(monkeypatch)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    reading = read_gpus()

    assert [gpu.index for gpu in reading.gpus] == [1]
    assert reading.unavailable is None
    assert (fake.opened, fake.sessions) == (1, 0)


def test_both_reasons_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeNvml(fault=DRIVER_NOT_LOADED).install(monkeypatch)

    assert read_gpus() == ([], "NVML: Driver Not Loaded; nvidia-smi: not installed")


@pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands in for nvidia-smi")
def test_nvidia_smi_answers_where_nvml_cannot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if read_gpus().gpus:
        pytest.skip("this machine has GPUs")
    script = tmp_path / "nvidia-smi"
    script.write_text(f"#!/bin/sh\ncat <<'END'\n{TWO_CARDS}END\n")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    reading = read_gpus()

    assert [gpu.name for gpu in reading.gpus] == ["NVIDIA H200", "NVIDIA RTX A400"]
    assert reading.unavailable is None


def test_no_gpu_has_an_honest_reason() -> None:
    reading = read_gpus()

    assert reading.gpus or (reading.unavailable and "NVML" in reading.unavailable)
