"""Which device computes, how it is called, and in what precision."""

import platform
from contextlib import AbstractContextManager, nullcontext

import torch

from tokmon.rundir.errors import TokmonError


def find_device(name: str) -> torch.device:
    """Return the device of that name; `auto` is the first of cuda, mps, cpu that is there.

    Raises:
        TokmonError: PyTorch does not know the name, or the device is not there.
    """
    if name == "auto":
        return torch.device(_first_available())
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise TokmonError(
            f"device {name!r} is unknown to PyTorch", "use auto, cpu, cuda, cuda:1 or mps"
        ) from error
    if not _is_available(device):
        raise TokmonError(
            f"device {name!r} is not available here (PyTorch {torch.__version__})",
            "use auto or cpu, or see what `nvidia-smi` says",
        )
    return device


def _first_available() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _is_available(device: torch.device) -> bool:
    if device.type == "cuda":
        return torch.cuda.is_available() and (device.index or 0) < torch.cuda.device_count()
    if device.type == "mps":
        return torch.backends.mps.is_available()
    return device.type == "cpu"


def describe(device: torch.device) -> str:
    """Return the device's name for people, the GPU's model among it."""
    if device.type == "cuda":
        return f"{device} {torch.cuda.get_device_name(device)}"
    if device.type == "cpu":
        threads = torch.get_num_threads()
        return f"cpu {platform.machine()}, {threads} thread{'s' if threads > 1 else ''}"
    return str(device)


def autocast(device: torch.device, dtype: torch.dtype) -> AbstractContextManager[object]:
    """Return the context in which matrix products run in `dtype`, weights staying float32."""
    if dtype == torch.float32:
        return nullcontext()
    return torch.autocast(device.type, dtype=dtype)


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was given; needed before reading a clock."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
