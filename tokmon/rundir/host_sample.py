"""One sample of this host: GPUs, processor, memory, disk, and the trainer's process.

The trainer writes such samples into the run's log; the monitor takes them itself where there are
none. What cannot be measured is None. Must not judge.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil

from tokmon.rundir.nvml import GpuReading
from tokmon.rundir.records import System, iso

T = TypeVar("T")


class HostSampler:
    """Takes samples from one thread: percentages are of the time since the sample before.

    Args:
        folder: whose disk counts.
        pid: of the trainer; None where it is not known or not here.
        read_gpus: returns the GPUs as they are now.
    """

    def __init__(self, folder: Path, pid: int | None, read_gpus: Callable[[], GpuReading]) -> None:
        self._folder = folder
        self._process = None if pid is None else _measured(lambda: psutil.Process(pid))
        self._read_gpus = read_gpus
        self._is_primed = False

    def prime(self) -> None:
        """Begin to measure: the first percentages of psutil are since never."""
        psutil.cpu_percent()
        self._of_process(lambda process: process.cpu_percent())
        self._is_primed = True

    def sample(self, now: float) -> System:
        """Return what is so at `now`, seconds since 1970; the first may lack percentages."""
        gpus, unavailable = self._read_gpus()
        memory = psutil.virtual_memory()
        cpu_pct, process_cpu_pct = self._percentages()
        return System(
            time=iso(now),
            gpus=gpus,
            gpu_unavailable=unavailable,
            cpu_pct=cpu_pct,
            memory_used_bytes=memory.total - memory.available,
            memory_total_bytes=memory.total,
            process_cpu_pct=process_cpu_pct,
            process_memory_bytes=self._of_process(lambda process: process.memory_info().rss),
            disk_free_bytes=_measured(lambda: shutil.disk_usage(self._folder).free),
        )

    def _percentages(self) -> tuple[float | None, float | None]:
        """Return what host and process have computed since this was last asked."""
        if not self._is_primed:
            self.prime()
            return None, None
        return psutil.cpu_percent(), self._of_process(lambda process: process.cpu_percent())

    def _of_process(self, question: Callable[[psutil.Process], T]) -> T | None:
        process = self._process
        return None if process is None else _measured(lambda: question(process))


def _measured(question: Callable[[], T]) -> T | None:
    try:
        return question()
    except (psutil.Error, OSError):  # gone, of another user, or a disk that does not answer
        return None
