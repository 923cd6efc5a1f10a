"""Times real training steps: those that a run takes, through the run's own session."""

import statistics
import time
from collections import Counter
from collections.abc import Callable

import torch

from trainer.bench_result import StepTimes
from trainer.device import synchronize
from trainer.session import Session

_BLOCK_S = 0.5
_FEWEST_BLOCKS = 3
_WARMUP_SHARE = 0.1


def time_steps(
    session: Session, seconds: float, progress: Callable[[str, int, int], None]
) -> StepTimes:
    """Take steps for about `seconds`, at least a few, after the first and some to warm up."""
    if session.device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(session.device)
    progress("the first step, which may compile", 0, 0)
    first_s = step_s = _block(session, 1)
    begin = time.perf_counter()
    # A GPU's clock and memory allocator need some steps; a CPU's seconds are better spent.
    while step_s < _BLOCK_S and time.perf_counter() - begin < _WARMUP_SHARE * seconds:
        step_s = _block(session, _steps_of_block(session, step_s))
    begin, blocks, steps, parts = time.perf_counter(), list[float](), 0, Counter[str]()
    session.marks.take(0)
    while len(blocks) < _FEWEST_BLOCKS or time.perf_counter() - begin < seconds:
        count = _steps_of_block(session, step_s)
        step_s = _block(session, count)
        blocks.append(step_s)
        steps += count
        parts.update(session.marks.take(count))
        elapsed_ms = round(1e3 * min(seconds, time.perf_counter() - begin))
        progress("training steps", elapsed_ms, round(1e3 * seconds))
    return StepTimes(
        first_s=first_s,
        steps=steps,
        median_s=statistics.median(blocks),
        best_s=min(blocks),
        parts_s={part: seconds / steps for part, seconds in parts.items()},
        peak_memory_bytes=_peak_memory(session.device),
    )


def _steps_of_block(session: Session, step_s: float) -> int:
    """Return how many steps are timed together: no more than lie between two log lines."""
    return min(max(1, round(_BLOCK_S / step_s)), session.config.log.every)


def _block(session: Session, steps: int) -> float:
    """Return the seconds a step of `steps` steps; waits for the device once, as a log line does."""
    begin = time.perf_counter()
    for _ in range(steps):
        session.take_step()
    session.meter.take()
    synchronize(session.device)
    return (time.perf_counter() - begin) / steps


def _peak_memory(device: torch.device) -> int | None:
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
