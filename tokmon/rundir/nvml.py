"""What the GPUs of this host do, as NVML tells it; both halves read it here.

Every field stands for itself: a card may answer one question and not another. Must not guess, and
costs nothing where there is no driver.
"""

import os
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple, TypeVar

import psutil

from tokmon.rundir.records import Gpu, GpuProcess

VISIBLE = "CUDA_VISIBLE_DEVICES"
T = TypeVar("T")
Ask = Callable[[Callable[[], T]], T | None]


class GpuReading(NamedTuple):
    """GPUs, or why there are none."""

    gpus: list[Gpu]
    unavailable: str | None = None


class Nvml:
    """A session with the driver, opened by the first reading. For one thread at a time.

    A library that is not there is looked for once: later readings repeat the reason for nothing.
    """

    def __init__(self) -> None:
        self._library: ModuleType | None = None
        self._missing: str | None = None

    def __enter__(self) -> "Nvml":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, visible: str | None = None) -> GpuReading:
        """Return the GPUs as they are now.

        Args:
            visible: CUDA_VISIBLE_DEVICES of the process whose GPUs are wanted; None for all.
        """
        if self._missing is not None or (reason := self._open()):
            return GpuReading([], self._missing or reason)
        assert self._library is not None
        try:
            gpus = _cards(self._library, visible)
        except self._library.NVMLError as error:
            self.close()  # a driver that was taken away is asked anew
            return GpuReading([], f"NVML: {error}")
        return GpuReading(gpus, None if gpus else "NVML: no GPU is visible to this process")

    def close(self) -> None:
        """End the session; the next reading opens another."""
        library, self._library = self._library, None
        if library is not None:
            _asker(library)(library.nvmlShutdown)

    def _open(self) -> str:
        """Begin a session if there is none; return why there cannot be one."""
        if self._library is not None:
            return ""
        try:
            import pynvml  # deferred: 80 ms
        except ImportError as error:
            self._missing = f"NVML: nvidia-ml-py cannot be loaded: {error}"
            return self._missing
        try:
            pynvml.nvmlInit()
        except pynvml.NVMLError as error:
            reason = f"NVML: {error}"
            if error.value == pynvml.NVML_ERROR_LIBRARY_NOT_FOUND:
                self._missing = reason
            return reason
        self._library = pynvml
        return ""


def visible_to_this_process() -> str | None:
    """Return CUDA_VISIBLE_DEVICES of this process; None where it is not set."""
    return os.environ.get(VISIBLE)


def is_visible(index: int, uuid: str, visible: str | None) -> bool:
    """Say whether CUDA_VISIBLE_DEVICES (None: not set) lets a process use this GPU."""
    if visible is None:
        return True
    names = [name.strip() for name in visible.split(",")]
    return str(index) in names or any(name and uuid.startswith(name) for name in names)


def _asker(nvml: Any) -> Ask[Any]:
    # Names are decoded by the library, and an older one lacks some questions.
    faults = (nvml.NVMLError, AttributeError, TypeError, ValueError)

    def ask(question: Callable[[], T]) -> T | None:
        try:
            return question()
        except faults:
            return None

    return ask


def _cards(nvml: Any, visible: str | None) -> list[Gpu]:
    found = [_card(nvml, index, visible) for index in range(nvml.nvmlDeviceGetCount())]
    return [gpu for gpu in found if gpu is not None]


def _card(nvml: Any, index: int, visible: str | None) -> Gpu | None:
    """Return one card; one that does not answer at all is there by its number, with the reason."""
    try:
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
    except nvml.NVMLError as error:
        is_wanted = is_visible(index, "", visible)
        return Gpu(index=index, name=f"no answer: {error}") if is_wanted else None
    uuid = _asker(nvml)(lambda: nvml.nvmlDeviceGetUUID(handle)) or ""
    return _gpu(nvml, index, handle) if is_visible(index, str(uuid), visible) else None


def _gpu(nvml: Any, index: int, handle: Any) -> Gpu:
    ask = _asker(nvml)
    memory: Any = ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    clock = nvml.nvmlDeviceGetClockInfo
    return Gpu(
        index=index,
        name=str(ask(lambda: nvml.nvmlDeviceGetName(handle)) or ""),
        utilization_pct=ask(lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)),
        memory_used_bytes=ask(lambda: int(memory.used)),
        memory_total_bytes=ask(lambda: int(memory.total)),
        power_w=ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000),
        power_limit_w=ask(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000),
        temperature_c=ask(
            lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
        ),
        clock_sm_mhz=ask(lambda: float(clock(handle, nvml.NVML_CLOCK_SM))),
        clock_sm_max_mhz=ask(
            lambda: float(nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM))
        ),
        clock_memory_mhz=ask(lambda: float(clock(handle, nvml.NVML_CLOCK_MEM))),
        processes=_processes(nvml, handle),
    )


def _processes(nvml: Any, handle: Any) -> list[GpuProcess] | None:
    ask = _asker(nvml)
    found = ask(lambda: nvml.nvmlDeviceGetComputeRunningProcesses(handle))
    if found is None:  # drivers before 510 know an older form of the question
        found = ask(lambda: nvml.nvmlDeviceGetComputeRunningProcesses_v2(handle))
    return None if found is None else ask(lambda: [_process(one) for one in found])


def _process(found: Any) -> GpuProcess:
    pid = int(found.pid)
    # Some drivers (WDDM) do not tell the memory of a process.
    return GpuProcess(pid=pid, name=_process_name(pid), memory_bytes=found.usedGpuMemory)


def _process_name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except (psutil.Error, ValueError):  # of another user, of the host around a container, or gone
        return ""
