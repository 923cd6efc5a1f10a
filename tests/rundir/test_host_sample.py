"""A sample of this very host: measured, or nothing."""

import os
import subprocess
import sys
from pathlib import Path

from tokmon.rundir.host_sample import HostSampler
from tokmon.rundir.nvml import GpuReading
from tokmon.rundir.records import moment

NO_GPU = GpuReading([], "none here")


def test_this_process_and_its_host_are_measured(tmp_path: Path) -> None:
    sampler = HostSampler(tmp_path, os.getpid(), lambda: NO_GPU)
    first = sampler.sample(1_790_000_000.0)
    second = sampler.sample(1_790_000_002.0)

    assert (first.cpu_pct, first.process_cpu_pct) == (None, None), "since never is no time"
    assert second.cpu_pct is not None
    assert second.process_cpu_pct is not None
    assert moment(second.time) == 1_790_000_002.0
    assert (second.gpus, second.gpu_unavailable) == ([], "none here")
    assert 0 < (second.process_memory_bytes or 0) < (second.memory_total_bytes or 0)
    assert second.disk_free_bytes


def test_a_primed_sampler_has_percentages_at_once(tmp_path: Path) -> None:
    sampler = HostSampler(tmp_path, os.getpid(), lambda: NO_GPU)
    sampler.prime()

    assert sampler.sample(0.0).process_cpu_pct is not None


def test_a_process_that_is_gone_and_a_folder_that_is_gone_have_no_numbers(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    sampler = HostSampler(tmp_path / "gone", child.pid, lambda: NO_GPU)
    sampler.prime()
    child.communicate(b"\n", timeout=30)
    system = sampler.sample(0.0)
    never = HostSampler(tmp_path, child.pid, lambda: NO_GPU).sample(0.0)

    assert (system.process_cpu_pct, system.process_memory_bytes) == (None, None)
    assert system.disk_free_bytes is None
    assert never.process_memory_bytes is None
    assert system.memory_total_bytes
