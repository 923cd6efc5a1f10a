"""The same long log for every program: for tokmon, tail, TensorBoard and W&B's LEET."""

import math
import random
import subprocess
import time
from pathlib import Path

from tests.runs.builder import RunBuilder
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import iso

_BLOCK = 50_000
_STEPS_PER_SEC = 28.3
_TOKENS_A_STEP = 16_384
_NOW = time.time()


def made_run(folder: Path, lines: int) -> RunDir:
    """Write a run directory of the running process with that many log lines, one a step."""
    builder = RunBuilder(
        logs=folder,
        experiment="long",
        max_steps=2 * lines,
        interval=1,
        started=time.time() - lines / _STEPS_PER_SEC,
        is_this_process=True,
    )
    builder.write(1)
    chance = random.Random(1)
    with builder.run.log.open("w", encoding="utf-8", newline="\n") as file:
        for start in range(1, lines + 1, _BLOCK):
            steps = range(start, min(start + _BLOCK, lines + 1))
            file.write("".join(line(step, lines, chance) for step in steps))
    builder.step, builder.elapsed_s = lines, lines / _STEPS_PER_SEC
    builder.heartbeat()
    return builder.run


def line(step: int, lines: int, chance: random.Random) -> str:
    """Return a line of the log as the trainer writes it, newline included."""
    loss = 1.5 + 8 * math.exp(-12 * step / lines) + chance.gauss(0, 0.05)
    seconds = step / _STEPS_PER_SEC
    validation = ""
    if step % 1000 == 0:
        validation = (
            f',"val_loss":{loss + 0.1:.5f},"val_ppl":{math.exp(loss + 0.1):.3f},"val_bpb":0.9'
        )
    return (
        f'{{"step":{step},"train_loss":{loss:.5f},"train_ppl":{math.exp(loss):.3f},"lr":0.0003,'
        f'"steps_per_sec":{_STEPS_PER_SEC + chance.gauss(0, 0.2):.3f},"tokens_per_sec":463667.2,'
        f'"tokens":{step * _TOKENS_A_STEP},"epoch":{step / 2795:.4f},'
        f'"grad_norm":{abs(chance.gauss(0.6, 0.1)):.4f}{validation},"elapsed_s":{seconds:.3f},'
        f'"time":"{iso(_NOW - (lines - step) / _STEPS_PER_SEC)}"}}\n'
    )


_WANDB = """
import math, random, sys, wandb
lines, folder = int(sys.argv[1]), sys.argv[2]
settings = wandb.Settings(silent=True, x_disable_stats=True, console="off")
run = wandb.init(mode="offline", project="bench", dir=folder, settings=settings)
for step in range(lines):
    loss = 1.5 + 8 * math.exp(-12 * step / lines) + random.gauss(0, 0.05)
    run.log({"train_loss": loss, "lr": 3e-4, "steps_per_sec": 28.3, "grad_norm": 0.6}, step=step)
run.finish()
"""
_EVENTS = """
import math, random, sys
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter
lines, folder = int(sys.argv[1]), sys.argv[2]
writer = EventFileWriter(folder, max_queue_size=10000)
for step in range(lines):
    loss = 1.5 + 8 * math.exp(-12 * step / lines) + random.gauss(0, 0.05)
    values = {"train_loss": loss, "lr": 3e-4, "steps_per_sec": 28.3, "grad_norm": 0.6}
    value = [Summary.Value(tag=tag, simple_value=number) for tag, number in values.items()]
    writer.add_event(Event(step=step, wall_time=1.79e9 + step, summary=Summary(value=value)))
writer.close()
"""


def made_wandb(python: Path, folder: Path, lines: int) -> Path:
    """Log as many steps of four metrics with W&B, offline; return the run's folder."""
    folder.mkdir()
    subprocess.run([python, "-c", _WANDB, str(lines), str(folder)], check=True, capture_output=True)
    return next(folder.glob("wandb/offline-run-*"))


def made_events(python: Path, folder: Path, lines: int) -> Path:
    """Write as many steps of four metrics to a TensorBoard event file; return its folder."""
    folder.mkdir()
    subprocess.run(
        [python, "-c", _EVENTS, str(lines), str(folder)], check=True, capture_output=True
    )
    return folder
