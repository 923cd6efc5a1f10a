"""Clocks and processes of one GPU, where the trainer's host told them. Never invents a number."""

from collections.abc import Set as AbstractSet

from textual.content import Content

from tokmon.report import figures
from tokmon.rundir.records import Gpu, GpuProcess
from tokmon.tui.text import MUTED, STRONG, Part, foreign, words

_NAMED_PROCESSES = 3
_PRIORITY = 2
"""Clocks matter more than processes; of these the trainer's own most."""


def has_more(gpu: Gpu) -> bool:
    """Say whether anything here is known of a GPU."""
    return gpu.clock_sm_mhz is not None or gpu.processes is not None


def clock_parts(gpu: Gpu) -> list[Part]:
    """Return the clock of the multiprocessors, of its limit, and that of the memory."""
    if gpu.clock_sm_mhz is None:
        return []
    limit = f"/{figures.count(gpu.clock_sm_max_mhz)}" if gpu.clock_sm_max_mhz is not None else ""
    parts = [
        Part(words(("clock ", MUTED), (figures.count(gpu.clock_sm_mhz), STRONG), limit, " MHz"))
    ]
    if gpu.clock_memory_mhz is not None:
        memory = figures.count(gpu.clock_memory_mhz)
        parts.append(Part(words(("mem clock ", MUTED), f"{memory} MHz"), _PRIORITY + 1))
    return parts


def process_parts(gpu: Gpu, trainer_pid: int | None, own_pids: AbstractSet[int]) -> list[Part]:
    """Return who uses the GPU and how much of its memory: the run's own first, then by size.

    Args:
        gpu: the card.
        trainer_pid: the process that writes the run.
        own_pids: all that are known to be the run's; they are called trainers as well.
    """
    if gpu.processes is None:
        return []
    if not gpu.processes:
        return [Part(words(("no process on it", MUTED)), _PRIORITY)]
    own = {trainer_pid, *own_pids}
    ranked = sorted(gpu.processes, key=lambda one: (one.pid not in own, -(one.memory_bytes or 0)))
    parts = [
        Part(_process(one, trainer_pid, one.pid in own), _PRIORITY + index)
        for index, one in enumerate(ranked[:_NAMED_PROCESSES])
    ]
    if len(ranked) > _NAMED_PROCESSES:
        rest = len(ranked) - _NAMED_PROCESSES
        parts.append(Part(words((f"+{rest} more", MUTED)), _PRIORITY + 1))
    return parts


def _process(process: GpuProcess, trainer_pid: int | None, is_own: bool) -> Content:
    memory = words(f"{figures.gibibytes(process.memory_bytes)} GiB")
    if not is_own:
        return foreign(f"{process.name or 'pid'} {process.pid} ", MUTED) + memory
    number = "" if process.pid == trainer_pid else f" {process.pid}"
    return words((f"trainer{number} ", "$primary"), memory)
