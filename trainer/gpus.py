"""The GPUs that this process may use: from NVML, else from nvidia-smi, else the reason why not."""

import csv
import subprocess

from tokmon.rundir.nvml import GpuReading, Nvml, is_visible, visible_to_this_process
from tokmon.rundir.records import Gpu

_SMI_FIELDS = (
    "index,uuid,name,utilization.gpu,memory.used,memory.total,"
    "power.draw,enforced.power.limit,temperature.gpu,clocks.sm,clocks.max.sm,clocks.mem"
)
_SMI_TIMEOUT_S = 5.0
_MIB = 2**20


def read_gpus() -> GpuReading:
    """Return the GPUs that this process may use (CUDA_VISIBLE_DEVICES) as they are now."""
    visible = visible_to_this_process()
    with Nvml() as session:
        nvml = session.read(visible)
    if nvml.gpus:
        return nvml
    smi = _read_nvidia_smi(visible)
    return smi if smi.gpus else GpuReading([], f"{nvml.unavailable}; {smi.unavailable}")


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
