"""Writes run directories with realistic curves, all at once or as a trainer would.

`python -m tests.runs.builder LOGS [--history N] [--lines N] [--pause S]` writes a run that
grows, to look at the monitor with.
"""

import argparse
import json
import math
import os
import platform
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import psutil

from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.jsonl import append_line
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import (
    CheckpointInfo,
    Event,
    Gpu,
    Record,
    RunInfo,
    Sample,
    Step,
    Summary,
    System,
    encode,
    iso,
)

GIB = 2**30
EPOCH = 1_790_000_000.0
"""When the recorded runs start: 2026-09-21 14:13:20 UTC."""


@dataclass(kw_only=True)
class RunBuilder:
    """One run on disk. Every method writes what the trainer would write at that point."""

    logs: Path
    experiment: str = "v1_token_bigdata"
    max_steps: int = 50_000
    interval: int = 100
    eval_every: int = 500
    checkpoint_every: int = 5_000
    started: float = EPOCH
    seed: int = 7
    steps_per_sec: float = 28.3
    tokens_per_step: int = 16_384
    gpus: int = 1
    step: int = 0
    elapsed_s: float = 0.0
    best: float = math.inf
    is_this_process: bool = False
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)
        self.run = RunDir.of_experiment(self.logs, self.experiment)
        self.run.path.mkdir(parents=True, exist_ok=True)

    @property
    def now(self) -> float:
        return self.started + self.elapsed_s

    def start(self) -> None:
        self.heartbeat("starting")
        self.event("start", "50,000 steps of 16,384 tokens on NVIDIA RTX 5090, bfloat16")
        self.output("tokmon: corpus python_100mb, 45.79M tokens, fingerprint 9f3c21aa")
        self.output("tokmon: model v1, 28.36M parameters")

    def heartbeat(self, phase: str = "training", **fields: Any) -> None:
        pid, created = (os.getpid(), psutil.Process().create_time())
        info = {
            "experiment": self.experiment,
            "phase": phase,
            "heartbeat": iso(self.now),
            "step": self.step,
            "step_time": iso(self.now) if self.step else None,
            "max_steps": self.max_steps,
            "started": iso(self.started),
            "host": platform.node() if self.is_this_process else "gpu-box-3",
            "pid": pid if self.is_this_process else 4242,
            "process_created": created if self.is_this_process else None,
            "device": {"type": "cuda", "name": "NVIDIA GeForce RTX 5090", "dtype": "bfloat16"},
            "parameters": 28_355_328,
            "config": {"schedule": {"steps": self.max_steps}},
        }
        write_atomic(self.run.run_info, encode(RunInfo(**(info | fields))))

    def loss_at(self, step: int) -> float:
        """9.8, 8.4, 7.2, 5.7, 4.4 at steps 100 to 500, then a slow power law, as measured."""
        early = 8.3 / (1 + (step / 330) ** 2.2)
        late = 1.5 + 1.6 * (step / 500 + 1) ** -0.28
        return early + late + self.random.gauss(0, 0.03 + 0.06 / (1 + step / 800))

    def line(self, **fields: Any) -> Step:
        """Advance one log interval and append its line."""
        self.step += self.interval
        speed = self.steps_per_sec * (1 - 0.32 * math.exp(-self.step / 180))
        speed *= 1 + self.random.gauss(0, 0.012)
        self.elapsed_s += self.interval / speed
        loss = self.loss_at(self.step)
        known: dict[str, Any] = {
            "step": self.step,
            "train_loss": round(loss, 4),
            "train_ppl": round(math.exp(loss), 3),
            "lr": self.lr(),
            "steps_per_sec": round(speed, 2),
            "tokens_per_sec": round(speed * self.tokens_per_step, 1),
            "tokens": self.step * self.tokens_per_step,
            "epoch": round(self.step * self.tokens_per_step / 45.79e6, 4),
            "grad_norm": round(0.4 + 3 * math.exp(-self.step / 700) + self.random.random() / 9, 4),
        }
        if self.step % self.eval_every == 0:
            known |= self.evaluation(loss)
        known |= {"elapsed_s": round(self.elapsed_s, 3), "time": iso(self.now)}
        record = Step(**(known | fields))
        self.append(self.run.log, record)
        self.output(f"step {self.step:,}  loss {loss:.3f}  {speed:.1f} steps/s")
        return record

    def lr(self) -> float:
        warmup = min(1.0, self.step / 2_000)
        progress = min(1.0, max(0.0, (self.step - 2_000) / max(1, self.max_steps - 2_000)))
        return warmup * (1e-5 + 0.5 * 2.9e-4 * (1 + math.cos(math.pi * progress)))

    def evaluation(self, loss: float) -> dict[str, Any]:
        self.elapsed_s += 1.2
        val = loss + 0.06 + 0.02 * math.log1p(self.step / 4_000) + self.random.gauss(0, 0.01)
        if val < self.best:
            self.best = val
            self.event("best", f"validation loss {val:.4f}")
            self.sidecar(self.run.best, val)
        return {
            "val_loss": round(val, 4),
            "val_ppl": round(math.exp(val), 3),
            "val_bpb": round(val / math.log(2) / 2.29, 4),
        }

    def sidecar(self, checkpoint: Path, val: float) -> None:
        info = CheckpointInfo(
            step=self.step, sha256="0" * 64, bytes=340_277_504, val_loss=val, time=iso(self.now)
        )
        write_atomic(RunDir.sidecar(checkpoint), encode(info))

    def checkpoint(self) -> None:
        self.elapsed_s += 0.8
        self.event("checkpoint", self.run.step_checkpoint(self.step).name)

    def system(self, **fields: Any) -> None:
        swing = self.random.random()
        card = [
            Gpu(
                index=index,
                name="NVIDIA GeForce RTX 5090",
                utilization_pct=round(93 + 6 * swing),
                memory_used_bytes=int(9.7 * GIB),
                memory_total_bytes=32 * GIB,
                power_w=round(430 + 60 * swing, 1),
                power_limit_w=575.0,
                temperature_c=round(64 + 4 * swing),
            )
            for index in range(self.gpus)
        ]
        known: dict[str, Any] = {
            "time": iso(self.now),
            "gpus": card,
            "gpu_unavailable": None if card else "no NVIDIA driver is loaded",
            "cpu_pct": round(11 + 4 * swing, 1),
            "memory_used_bytes": int(18.4 * GIB),
            "memory_total_bytes": 64 * GIB,
            "process_cpu_pct": round(99 + 3 * swing, 1),
            "process_memory_bytes": int(2.6 * GIB),
            "disk_free_bytes": 412 * GIB,
        }
        self.append(self.run.system, System(**(known | fields)))

    def sample(self) -> None:
        text = "    return [value * 2 for value in values]\n"
        self.append(
            self.run.samples,
            Sample(
                prompt="def double(values):\n",
                text=text,
                step=self.step,
                tokens=12,
                seq_rep_4=0.0,
                collapsed=False,
            ),
        )

    def event(self, kind: str, message: str = "", **fields: Any) -> None:
        known: dict[str, Any] = {
            "event": kind,
            "step": self.step,
            "time": iso(self.now),
            "message": message,
        }
        self.append(self.run.events, Event(**(known | fields)))

    def output(self, line: str) -> None:
        append_line(self.run.output_log, line.encode())

    def raw_log(self, line: bytes) -> None:
        append_line(self.run.log, line)

    def append(self, path: Path, record: Record) -> None:
        append_line(path, encode(record))

    def finish(self) -> None:
        self.event("finish", f"{self.step:,} steps")
        self.heartbeat("finished")
        write_atomic(
            self.run.summary,
            encode(Summary(experiment=self.experiment, state="finished", step=self.step)),
        )

    def lines(self, count: int) -> Iterator[Step]:
        """Write `count` lines with all that goes with them."""
        for _ in range(count):
            record = self.line()
            if self.step == 2_000:
                self.event("warmup_end", "learning rate 3.0e-04 reached")
            if self.step % self.checkpoint_every == 0:
                self.checkpoint()
            self.system()
            yield record

    def write(self, count: int) -> "RunBuilder":
        """Start, and write `count` lines."""
        self.start()
        for _ in self.lines(count):
            pass
        self.heartbeat()
        return self


def write_long_log(path: Path, lines: int) -> None:
    """Write a log of many lines fast: six metrics, a dip and one spike."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for index in range(1, lines + 1):
            loss = 14.0 if index == lines // 3 else 2 + 8 / (1 + index / 900)
            record = {
                "step": index,
                "train_loss": loss,
                "train_ppl": 9.0,
                "lr": 3e-4,
                "steps_per_sec": 30.0,
                "tokens_per_sec": 491520.0,
                "elapsed_s": index / 30,
            }
            file.write(json.dumps(record) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("logs", type=Path)
    parser.add_argument("--history", type=int, default=180, help="lines written at once")
    parser.add_argument("--lines", type=int, default=10_000, help="lines written after that")
    parser.add_argument("--pause", type=float, default=1.0, help="seconds between lines")
    parser.add_argument("--gpus", type=int, default=1)
    options = parser.parse_args()
    builder = RunBuilder(logs=options.logs, is_this_process=True, gpus=options.gpus)
    with tempfile.TemporaryDirectory() as scratch:
        rehearsal = RunBuilder(logs=Path(scratch))
        for _ in rehearsal.lines(options.history):
            pass
    builder.started = time.time() - rehearsal.elapsed_s
    builder.write(options.history)
    for _ in range(options.lines):
        time.sleep(options.pause)
        builder.started = time.time() - builder.elapsed_s - builder.interval / 28
        for _ in builder.lines(1):
            builder.heartbeat()


if __name__ == "__main__":
    main()
