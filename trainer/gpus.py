"""What the GPUs of this host do: from NVML, else from nvidia-smi, else the reason why not."""

import csv
import os
import subprocess
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import psutil

from tokmon.rundir.records import Gpu, GpuProcess

_SMI_FIELDS = (
    "index,uuid,name,utilization.gpu,memory.used,memory.total,"
    "power.draw,enforced.power.limit,temperature.gpu,clocks.sm,clocks.max.sm,clocks.mem"
)
_SMI_TIMEOUT_S = 5.0
_MIB = 2**20
T = TypeVar("T")


class GpuReading(NamedTuple):
    """GPUs, or why there are none."""

    gpus: list[Gpu]
    unavailable: str | None = None


def read_gpus() -> GpuReading:
    """Return the GPUs that this process may use (CUDA_VISIBLE_DEVICES) as they are now."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    nvml = _read_nvml(visible)
    if nvml.gpus:
        return nvml
    smi = _read_nvidia_smi(visible)
    return smi if smi.gpus else GpuReading([], f"{nvml.unavailable}; {smi.unavailable}")


def _read_nvml(visible: str | None) -> GpuReading:
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        return GpuReading([], f"NVML: {error}")
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        uuids = [str(pynvml.nvmlDeviceGetUUID(handle)) for handle in handles]
        chosen = [i for i, uuid in enumerate(uuids) if is_visible(i, uuid, visible)]
        gpus = [_nvml_gpu(pynvml, i, handles[i]) for i in chosen]
    except pynvml.NVMLError as error:
        return GpuReading([], f"NVML: {error}")
    finally:
        pynvml.nvmlShutdown()
    return GpuReading(gpus, None if gpus else "NVML: no GPU is visible to this process")


def _nvml_gpu(nvml, index: int, handle) -> Gpu:  # type: ignore[no-untyped-def]  # untyped library
    def ask(question: Callable[[], T]) -> T | None:
        # A card may answer one question and not another; each field stands for itself.
        try:
            return question()
        except nvml.NVMLError:
            return None

    memory = ask(lambda: nvml.nvmlDeviceGetMemoryInfo(handle))
    power_mw = ask(lambda: nvml.nvmlDeviceGetPowerUsage(handle))
    limit_mw = ask(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(handle))
    return Gpu(
        index=index,
        name=str(ask(lambda: nvml.nvmlDeviceGetName(handle)) or ""),
        utilization_pct=ask(lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu)),
        memory_used_bytes=int(memory.used) if memory is not None else None,
        memory_total_bytes=int(memory.total) if memory is not None else None,
        power_w=power_mw / 1000 if power_mw is not None else None,
        power_limit_w=limit_mw / 1000 if limit_mw is not None else None,
        temperature_c=ask(
            lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU))
        ),
        clock_sm_mhz=ask(lambda: float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM))),
        clock_sm_max_mhz=ask(
            lambda: float(nvml.nvmlDeviceGetMaxClockInfo(handle, nvml.NVML_CLOCK_SM))
        ),
        clock_memory_mhz=ask(
            lambda: float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_MEM))
        ),
        processes=ask(
            lambda: [
                GpuProcess(
                    pid=int(process.pid),
                    name=_process_name(int(process.pid)),
                    memory_bytes=process.usedGpuMemory,  # None under some drivers (WDDM)
                )
                for process in nvml.nvmlDeviceGetComputeRunningProcesses(handle)
            ]
        ),
    )


def _process_name(pid: int) -> str:
    try:
        return psutil.Process(pid).name()
    except psutil.Error:  # of another user, of the host around this container, or gone
        return ""


def _read_nvidia_smi(visible: str | None) -> GpuReading:
    command = ["nvidia-smi", f"--query-gpu={_SMI_FIELDS}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_SMI_TIMEOUT_S, check=True
        )
    except FileNotFoundError:
        return GpuReading([], "nvidia-smi: not installed")
    except subprocess.TimeoutExpired:
        return GpuReading([], f"nvidia-smi: no answer within {_SMI_TIMEOUT_S:.0f} s")
    except (subprocess.CalledProcessError, OSError) as error:
        return GpuReading([], f"nvidia-smi: {error}")
    gpus = parse_nvidia_smi(answer.stdout, visible)
    return GpuReading(gpus, None if gpus else "nvidia-smi: no GPU is visible to this process")


def parse_nvidia_smi(text: str, visible: str | None) -> list[Gpu]:
    """Return the visible GPUs of `nvidia-smi --query-gpu` in CSV; `[N/A]` and the like are None."""
    rows = [[cell.strip() for cell in row] for row in csv.reader(text.splitlines())]
    return [
        _smi_gpu(row)
        for row in rows
        if len(row) == _SMI_FIELDS.count(",") + 1
        and row[0].isdigit()
        and is_visible(int(row[0]), row[1], visible)
    ]


def _smi_gpu(row: list[str]) -> Gpu:
    values = map(_number, row[3:])
    utilization, used_mib, total_mib, power, limit, temperature, sm, sm_max, memory = values
    return Gpu(
        index=int(row[0]),
        name=row[2],
        utilization_pct=utilization,
        memory_used_bytes=int(used_mib * _MIB) if used_mib is not None else None,
        memory_total_bytes=int(total_mib * _MIB) if total_mib is not None else None,
        power_w=power,
        power_limit_w=limit,
        temperature_c=temperature,
        clock_sm_mhz=sm,
        clock_sm_max_mhz=sm_max,
        clock_memory_mhz=memory,
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def is_visible(index: int, uuid: str, visible: str | None) -> bool:
    """Say whether CUDA_VISIBLE_DEVICES (None: not set) lets a process use this GPU."""
    if visible is None:
        return True
    names = [name.strip() for name in visible.split(",")]
    return str(index) in names or any(name and uuid.startswith(name) for name in names)
