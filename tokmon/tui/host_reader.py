"""This host as the run's trainer would sample it, and which processes on its GPUs are the run's.

For one thread that is not the screen's: a driver may take seconds to answer, or never do. Knows no
widget.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from tokmon.rundir.host_sample import HostSampler
from tokmon.rundir.nvml import VISIBLE, GpuReading, Nvml
from tokmon.rundir.records import Gpu, RunInfo, System
from tokmon.rundir.writer import is_alive

_RANK = "LOCAL_RANK"
"""torchrun sets it in each process that it starts."""


@dataclass(frozen=True, slots=True)
class HostReading:
    """A sample that the monitor took itself."""

    system: System
    own_pids: frozenset[int]
    """The processes on the GPUs that belong to the run."""


class HostReader:
    """Takes samples of this host for one run; close it when nobody looks.

    Args:
        folder: of the run.
        clock: seconds since 1970.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._folder = folder
        self._clock = clock
        self._nvml = Nvml()
        self._trainer: psutil.Process | None = None
        self._sampler: HostSampler | None = None

    def __enter__(self) -> "HostReader":
        return self

    def __exit__(self, *_: object) -> None:
        self._nvml.close()

    def read(self, info: RunInfo) -> HostReading:
        """Return a sample of now; the first of a process has no percentages yet."""
        before, self._trainer = self._trainer, trainer_of(info)
        if self._sampler is None or self._trainer != before:
            pid = None if self._trainer is None else self._trainer.pid
            self._sampler = HostSampler(self._folder, pid, self._read_gpus)
        system = self._sampler.sample(self._clock())
        return HostReading(system, own_pids(system.gpus, self._trainer))

    def _read_gpus(self) -> GpuReading:
        """Read the GPUs that the trainer may use; all of them where it does not say."""
        trainer = self._trainer
        return self._nvml.read(None if trainer is None else _environment(trainer).get(VISIBLE))


def trainer_of(info: RunInfo) -> psutil.Process | None:
    """Return the process that writes the run; None if it does not run on this host."""
    if info.pid is None or not is_alive(info):
        return None
    try:
        return psutil.Process(info.pid)
    except psutil.Error:
        return None


def own_pids(gpus: Iterable[Gpu], trainer: psutil.Process | None) -> frozenset[int]:
    """Return which processes on the GPUs are the trainer, its children or its fellow ranks."""
    if trainer is None:
        return frozenset()
    found = {process.pid for gpu in gpus for process in gpu.processes or []}
    return frozenset(pid for pid in found if _is_own(pid, trainer))


def _is_own(pid: int, trainer: psutil.Process) -> bool:
    try:
        process = psutil.Process(pid)
        is_descendant = trainer.pid in {pid, *(parent.pid for parent in process.parents())}
        is_sibling = process.ppid() == trainer.ppid()
    except (psutil.Error, ValueError):  # gone, or a number of the host around this container
        return False
    # A shell's other children are not the run's; what one torchrun started is.
    return is_descendant or (is_sibling and _RANK in _environment(process))


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except (psutil.Error, OSError):  # of another user, or gone
        return {}
