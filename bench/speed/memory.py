"""The most memory this process has held."""

import sys
from pathlib import Path

import torch

_STATUS = Path("/proc/self/status")


def peak_bytes(device: str) -> int:
    """Return what torch had allocated at most on a GPU, else the highest resident memory."""
    if device == "cuda":
        return torch.cuda.max_memory_allocated()
    return _high_water_of_linux() if _STATUS.exists() else _high_water_elsewhere()


def _high_water_of_linux() -> int:
    # Not ru_maxrss: Linux hands that of the starting process on to the started one.
    lines = _STATUS.read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _high_water_elsewhere() -> int:
    if sys.platform == "win32":
        import psutil

        return int(psutil.Process().memory_info().peak_wset)
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
