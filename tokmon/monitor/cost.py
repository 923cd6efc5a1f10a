"""What a run took: time on its devices, and energy where power was logged. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tokmon.monitor.durations import duration
from tokmon.monitor.energy import Energy
from tokmon.monitor.state import RunState

_HOUR_S = 3600.0
_CPU = "cpu"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Time and energy; None where it is not known."""

    elapsed_s: float | None = None
    """Training time over all resumes, evaluations and saving included, stops between left out."""
    device: str = ""
    """Type of the devices as run.json has it: cuda, cpu, mps; foreign text."""
    devices: int | None = None
    """GPUs trained on, or threads where the device is the CPU."""
    gpu_hours: float | None = None
    """Training time x GPUs; 0 on a CPU."""
    cpu_core_hours: float | None = None
    """Training time x threads, where the device is the CPU."""
    energy: Energy | None = None
    """Of the GPUs in the system log."""

    @property
    def remark(self) -> str:
        """What to know of the energy, in words; empty if it is all there."""
        if self.energy is None:
            return "" if self.device == _CPU else "power was not logged"
        told = []
        if self.energy.gaps:
            lost = duration(self.energy.gap_gpu_s)
            count = f"{self.energy.gaps} gap{'s' if self.energy.gaps > 1 else ''}"
            told.append(f"{count} in the power log, {lost} of GPU time, left out")
        if self.devices is not None and self.energy.gpus != self.devices:
            told.append(f"power is of {self.energy.gpus} GPUs, the run trained on {self.devices}")
        return "; ".join(told)


def cost(state: RunState, energy: Energy | None = None) -> Cost:
    """Return what a run took.

    GPUs are the ranks in run.json, one GPU each, or where it names none the GPUs in the system log.

    Args:
        state: with its newest metrics; `frame` need not be complete.
        energy: as its whole system log has it.
    """
    elapsed_s = state.latest.get("elapsed_s")
    device = state.info.device if state.info else {}
    kind = device.get("type")
    kind = kind if isinstance(kind, str) else ""
    devices = _threads(device) if kind == _CPU else _gpus(device, state)
    device_hours = elapsed_s / _HOUR_S * devices if elapsed_s is not None and devices else None
    return Cost(
        elapsed_s=elapsed_s,
        device=kind,
        devices=devices,
        gpu_hours=0.0 if kind == _CPU else device_hours,
        cpu_core_hours=device_hours if kind == _CPU else None,
        energy=energy,
    )


def _gpus(device: Mapping[str, Any], state: RunState) -> int | None:
    sampled = len(state.systems[-1].gpus) if state.systems else 0
    return _count(device.get("ranks")) or sampled or None


def _threads(device: Mapping[str, Any]) -> int | None:
    """Return the threads of all ranks together."""
    threads = _count(device.get("threads"))
    return threads * (_count(device.get("ranks")) or 1) if threads else None


def _count(value: object) -> int | None:
    """Return a number of devices; another program's file may hold anything there."""
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31
    return value if isinstance(value, int) and is_count else None
