"""Starts real trainers on a tiny model, for the tests that need a process."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import TIME_KEYS

CONFIG = """\
experiment = "tiny"
[data]
corpus = "{corpus}"
seq_len = 16
batch_size = {batch_size}
[model]
layers = 1
width = 8
heads = 2
mlp = 8
[optim]
lr = 1e-2
min_lr = 1e-3
[schedule]
steps = {steps}
warmup = 4
[log]
every = 2
[eval]
every = 10
windows = 4
[checkpoint]
every = 10
keep = 2
[device]
device = "cpu"
threads = 1
"""


def write_config(folder: Path, corpus: Path, steps: int = 40, batch_size: int = 2) -> Path:
    """Write a config that trains in seconds; return its path."""
    path = folder / "tiny.toml"
    text = CONFIG.format(corpus=corpus.as_posix(), steps=steps, batch_size=batch_size)
    path.write_text(text, encoding="utf-8")
    return path


def trainer_command(config: Path, logs: Path, *more: str) -> list[str]:
    """Return the command line of a trainer."""
    return [sys.executable, "-m", "trainer", str(config), "--logs", str(logs), *more]


def run_trainer(config: Path, logs: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """Train to the end; return what it said and its exit code."""
    command = trainer_command(config, logs, *more)
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    """Wait for `condition` while the trainer runs."""
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)


def lines_without_times(run: RunDir) -> list[dict[str, Any]]:
    """Return the step log's lines but for what differs between runs that are equal."""
    lines = [json.loads(line) for line in run.log.read_bytes().splitlines()]
    return [{key: line[key] for key in line if key not in TIME_KEYS} for line in lines]
