"""Thousands of run directories in every state, written fast; logs from one line to 1 MB."""

import math
import os
import platform
import time
from pathlib import Path
from random import Random
from typing import Any

import psutil

from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import CheckpointInfo, Event, RunInfo, Step, Summary, encode, iso

STATES = (
    *("finished",) * 9,
    *("stopped", "stopped", "crashed", "killed", "killed"),
    *("running", "stalled", "log_only", "info_only", "broken", "zeros"),
)
"""What befalls one run after the other."""
MAX_STEPS = 50_000
LOG_BYTES = 2**20
_MASTERS = 8
_LINE_BYTES = 260
_APART_S = 600.0
_INTERVAL = 10
_DEAD_PID = 2**22 + 7  # beyond the largest process number of Linux
_CONFIG: dict[str, Any] = {
    "seed": 1337,
    "data": {"corpus": "corpora/python_100mb.toml", "seq_len": 512, "batch_size": 32},
    "model": {"layers": 4, "width": 256, "heads": 4, "mlp": 512, "vocab": 50257},
    "optim": {"lr": 3e-4, "min_lr": 1e-5, "betas": [0.9, 0.95], "weight_decay": 0.1, "clip": 1.0},
    "schedule": {"steps": MAX_STEPS, "warmup": 2000, "decay": "cosine"},
    "log": {"every": _INTERVAL},
    "eval": {"every": 500, "windows": 64},
    "checkpoint": {"every": 5000, "keep": 3},
    "sample": {"every": 500, "prompts": 8, "max_new_tokens": 128, "share": 0.05},
    "device": {"device": "auto", "dtype": "auto", "compile": "auto", "deterministic": False},
}


def write_many(
    logs: Path, count: int, now: float | None = None, log_bytes: int = LOG_BYTES
) -> list[RunDir]:
    """Write `count` runs below `logs`, the last data of each somewhat older than those before.

    Args:
        logs: the folder of them.
        count: of runs.
        now: when the newest was written, seconds since 1970.
        log_bytes: the longest log has about this size; most have far less.
    """
    random = Random(5)
    now = time.time() if now is None else now
    began, lines = now - _APART_S * count, log_bytes // _LINE_BYTES
    masters = [_log(random, began, lines) for _ in range(_MASTERS)]
    runs = []
    for index in range(count):
        run = RunDir.of_experiment(logs, f"run_{index:04d}")
        run.path.mkdir(parents=True)
        lines = masters[index % _MASTERS]
        size = math.exp(random.uniform(math.log(300), math.log(log_bytes)))
        kept = lines[: max(1, int(size / _LINE_BYTES))]
        write_state(run, STATES[index % len(STATES)], kept, now - _APART_S * index)
        runs.append(run)
    return runs


def write_state(run: RunDir, state: str, lines: list[Step], ended: float) -> None:
    """Write what a run in this state has left."""
    if state == "zeros":
        run.log.write_bytes(bytes(100_000))
    elif state == "broken":
        run.log.write_bytes(b'{"step": 10, "train_loss": 9.\x00\n{"step"\n')
        run.run_info.write_bytes(b'{"experiment": ')
    elif state != "info_only":
        _write_log(run, lines)
    if state not in ("zeros", "broken", "log_only"):
        _write_records(run, state, lines[-1], ended)
    for path in run.path.iterdir():
        os.utime(path, (ended, ended))


def _write_log(run: RunDir, lines: list[Step]) -> None:
    run.log.write_bytes(b"".join(encode(line) + b"\n" for line in lines))


def _write_records(run: RunDir, state: str, last: Step, ended: float) -> None:
    is_mine = state == "running"
    info = RunInfo(
        experiment=run.experiment,
        phase=state if state in ("finished", "stopped", "crashed") else "training",
        heartbeat=iso(ended),
        step=last.step,
        step_time=iso(ended),
        max_steps=MAX_STEPS,
        started=iso(ended - (last.elapsed_s or 0.0)),
        host="gpu-box-3" if state == "stalled" else platform.node(),
        pid=os.getpid() if is_mine else _DEAD_PID,
        process_created=psutil.Process().create_time() if is_mine else 1.0,
        config={"experiment": run.experiment, **_CONFIG},
        corpus={"fingerprint": "9f3c21aa" * 8, "name": "python_100mb"},
        tokenizer={"name": "gpt2", "sha256": "306cd27f" * 8},
        packages={"python": "3.11.7", "torch": "2.13.0"},
        error="CUDA out of memory" if state == "crashed" else None,
    )
    run.run_info.write_bytes(encode(info))
    run.events.write_bytes(encode(Event(event="start", step=0, time=info.started)) + b"\n")
    best = CheckpointInfo(step=last.step, sha256="0" * 64, bytes=1, val_loss=last.train_loss)
    RunDir.sidecar(run.best).write_bytes(encode(best))
    if state in ("finished", "stopped"):
        summary = Summary(experiment=run.experiment, state=state, step=last.step)
        run.summary.write_bytes(encode(summary))


def _log(random: Random, ended: float, lines: int) -> list[Step]:
    """Return the lines of a log."""
    floor, began = random.uniform(1.2, 3.5), ended - 3600
    return [_line(index * _INTERVAL, floor, random, began) for index in range(1, max(2, lines))]


def _line(step: int, floor: float, random: Random, began: float) -> Step:
    loss = floor + 8 / (1 + step / 330) + random.gauss(0, 0.03)
    known: dict[str, Any] = {"val_loss": round(loss + 0.05, 4)} if step % 500 == 0 else {}
    return Step(
        step=step,
        train_loss=round(loss, 4),
        train_ppl=round(math.exp(loss), 3),
        lr=3e-4,
        steps_per_sec=28.3,
        tokens_per_sec=463_667.2,
        tokens=step * 16_384,
        epoch=round(step / 2795, 4),
        grad_norm=round(0.4 + random.random() / 9, 4),
        elapsed_s=round(step / 28.3, 3),
        time=iso(began + step / 28.3),
        **known,
    )
