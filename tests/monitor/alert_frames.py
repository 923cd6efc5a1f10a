"""Frames and spans for the tests of alerts."""

from collections.abc import Mapping, Sequence

import numpy as np

from tokmon.monitor.alert_history import AlertHistory
from tokmon.monitor.alerting.span import AlertSpan
from tokmon.monitor.history import History
from tokmon.monitor.series import Column, Floats, Frame
from tokmon.rundir.records import Event, Gpu, System, iso

START = 1_790_000_000.0
LINE_S = 4.0
INTERVAL = 100
GIB = 2**30

Values = Sequence[float | None] | Floats


def columns_of(columns: Mapping[str, Values]) -> dict[str, Column]:
    """Return columns; None is an absent key, NaN a null."""
    return {
        key: Column(
            np.array([np.nan if value is None else value for value in values], np.float64),
            np.array([value is not None for value in values]),
        )
        for key, values in columns.items()
    }


def frame_of(**columns: Values) -> Frame:
    """Return a frame of lines every 100 steps and 4 s."""
    length = max(map(len, columns.values()))
    steps = np.arange(1, length + 1) * INTERVAL
    times = {"time": START + LINE_S * np.arange(1, length + 1)}
    history = History()
    history.extend(steps, columns_of({**times, **columns}))
    return history.frame()


def spans_of(frame: Frame, rule: str = "") -> list[AlertSpan]:
    """Return what the rules (or one of them) find in a frame."""
    return [span for span in AlertHistory().look(frame) if rule in ("", span.rule)]


def noisy(count: int, level: float = 2.5, scale: float = 0.03, seed: int = 0) -> Floats:
    """Return a level with normal noise."""
    return level + scale * np.random.default_rng(seed).standard_normal(count)


def told(kind: str, at_s: float, step: int | None = None, **details: object) -> Event:
    """Return an event `at_s` seconds after the start."""
    message = str(details.pop("message", ""))
    return Event(event=kind, step=step, time=iso(START + at_s), message=message, extra=details)


def sample(at_s: float, pct: float | None = None, **fields: int) -> System:
    """Return a sample with one GPU, or none, `at_s` seconds after the start."""
    memory = {key: fields.pop(key, None) for key in ("gpu_used", "gpu_total")}
    gpu = Gpu(
        index=0,
        utilization_pct=pct,
        memory_used_bytes=memory["gpu_used"],
        memory_total_bytes=memory["gpu_total"],
    )
    return System(time=iso(START + at_s), gpus=[] if pct is None else [gpu], **fields)
