"""What the host's samples measured, as values by time: GPU utilisation, memory, power, heat.

Must not know steps: what was sampled beside a log is placed there by its clock times.
"""

from collections.abc import Callable, Sequence

import numpy as np

from tokmon.monitor.series import Floats
from tokmon.rundir.records import Gpu, System, moment

_GIB = 2**30

_OF_GPU: dict[str, Callable[[Gpu], float | None]] = {
    "utilization %": lambda gpu: gpu.utilization_pct,
    "memory GiB": lambda gpu: _gibibytes(gpu.memory_used_bytes),
    "power W": lambda gpu: gpu.power_w,
    "temperature C": lambda gpu: gpu.temperature_c,
}
_OF_HOST: dict[str, Callable[[System], float | None]] = {
    "host cpu %": lambda system: system.cpu_pct,
    "host memory GiB": lambda system: _gibibytes(system.memory_used_bytes),
    "trainer cpu %": lambda system: system.process_cpu_pct,
    "trainer memory GiB": lambda system: _gibibytes(system.process_memory_bytes),
    "disk free GiB": lambda system: _gibibytes(system.disk_free_bytes),
}


def host_traces(systems: Sequence[System]) -> tuple[Floats, dict[str, Floats]]:
    """Return seconds since 1970, shape (N,), and by name what was measured then.

    `gpu0 utilization %` and the like; NaN where the driver did not say. What was never measured is
    left out, and so are samples whose time cannot be read.
    """
    timed = [(when, system) for system in systems if (when := moment(system.time)) is not None]
    timed.sort(key=lambda pair: pair[0])
    times = np.array([when for when, _ in timed], np.float64)
    found = {**_of_gpus([system for _, system in timed]), **_of_host([s for _, s in timed])}
    return times, {name: values for name, values in found.items() if np.isfinite(values).any()}


def _of_gpus(systems: Sequence[System]) -> dict[str, Floats]:
    cards = [{gpu.index: gpu for gpu in system.gpus} for system in systems]
    indexes = sorted({index for card in cards for index in card})
    return {
        f"gpu{index} {name}": _floats([read(c[index]) if index in c else None for c in cards])
        for index in indexes
        for name, read in _OF_GPU.items()
    }


def _of_host(systems: Sequence[System]) -> dict[str, Floats]:
    return {name: _floats([read(s) for s in systems]) for name, read in _OF_HOST.items()}


def _floats(values: Sequence[float | None]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], np.float64)


def _gibibytes(size: float | None) -> float | None:
    return None if size is None else size / _GIB
