"""Where to sample, so that a trainer at work keeps its GPU. Pure; says why."""

from typing import NamedTuple

from tokmon.monitor.state import RunState
from tokmon.rundir.records import Gpu

AUTO = "auto"
_IDLE_PCT = 10.0
_SMALL_SHARE = 0.1
"""A GPU is free that computes and holds less than this."""


class DeviceChoice(NamedTuple):
    """A device and why it was taken, for people; empty where that needs no words."""

    name: str
    reason: str


def chosen_device(state: RunState | None, asked: str) -> DeviceChoice:
    """Return where to sample.

    Args:
        state: of the run that the text comes from; None while nothing is known.
        asked: what the person wants; `auto` leaves it to this rule.
    """
    if asked != AUTO:
        return DeviceChoice(asked, "")
    if state is None or not state.health.phase.is_live:
        return DeviceChoice(AUTO, "")
    kind = state.info.device.get("type", "") if state.info is not None else ""
    if kind == "cpu":
        return DeviceChoice(AUTO, "")
    gpus = state.systems[-1].gpus if state.systems else []
    free = next((gpu for gpu in gpus if _is_free(gpu)), None) if len(gpus) > 1 else None
    if free is not None:
        return DeviceChoice(f"cuda:{free.index}", f"on GPU {free.index}, which the trainer leaves")
    other = "mps" if kind == "mps" else "cuda"
    reason = f"on the CPU: the trainer {_fills(len(gpus))}; device {other} asks otherwise"
    return DeviceChoice("cpu", reason)


def _fills(gpus: int) -> str:
    if gpus == 1:
        return "fills the only GPU"
    return f"uses all {gpus} GPUs" if gpus else "is at work"


def _is_free(gpu: Gpu) -> bool:
    """Say whether a GPU is known to be idle and empty."""
    if gpu.utilization_pct is None or gpu.memory_used_bytes is None:
        return False
    total = gpu.memory_total_bytes or 0
    return gpu.utilization_pct < _IDLE_PCT and gpu.memory_used_bytes < _SMALL_SHARE * total
