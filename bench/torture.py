"""Kill real trainers with SIGKILL at random moments and prove that nothing is lost.

    python bench/torture.py --kills 50 [--seed S] [--out docs/results/torture.md]

A run is trained once without interruption. The same run is then started and killed over and over,
at a random moment after its first new log line or inside a checkpoint write, and resumed each time.
After every kill: best.pt loads and no evaluation of the log is better, and every line of the log
but a torn last one is a record. At the end log lines (but for times) and weights must be equal,
bit for bit, to those of the uninterrupted run. Exit code 1 if anything differs.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import TIME_KEYS, BadLineError, Step, decode
from trainer.checkpoint import load, newest_good

_CONFIG = """\
experiment = "torture"
[data]
corpus = "{corpus}"
seq_len = 16
batch_size = 2
[model]
layers = 1
width = 16
heads = 2
mlp = 16
[optim]
lr = 1e-2
min_lr = 1e-3
[schedule]
steps = {steps}
warmup = 4
[log]
every = 2
[eval]
every = 4
windows = 2
[checkpoint]
every = 3
keep = 2
[device]
device = "cpu"
threads = 1
"""
_PATIENCE_S = 120.0


@dataclass
class Report:
    """What happened."""

    kills: Counter[str] = field(default_factory=Counter)
    """By where they fell."""
    resumes: int = 0
    passed_over: int = 0
    """Checkpoints that a resume found torn and passed over."""
    faults: list[str] = field(default_factory=list)
    """What must not be."""


class Torture:
    """One run that is killed until it has been killed often enough."""

    def __init__(self, folder: Path, steps: int, seed: int) -> None:
        self.random = random.Random(seed)
        self.report = Report()
        self.config = folder / "torture.toml"
        sources = folder / "sources"
        sources.mkdir()
        for name in ("ast.py", "argparse.py", "string.py", "textwrap.py"):
            shutil.copy(Path(sysconfig.get_path("stdlib")) / name, sources)
        self.config.write_text(_CONFIG.format(corpus=sources.as_posix(), steps=steps))
        self.whole = RunDir.of_experiment(folder / "whole", "torture")
        self.run = RunDir.of_experiment(folder / "killed", "torture")

    def train(self, run: RunDir) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "trainer",
            str(self.config),
            "--logs",
            str(run.path.parent),
        ]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill_once(self) -> bool:
        """Start the trainer and kill it; say whether it was still running then."""
        process = self.train(self.run)
        begun = self._wait_for(process, self._next_moment())
        where = "in a checkpoint write" if self._is_writing() else "between writes"
        process.kill()
        process.wait()
        if begun:
            self.report.kills[where] += 1
            self.report.resumes += 1
            self.check()
        return begun

    def _next_moment(self) -> tuple[int, bool, float]:
        """Return how many new log lines to wait for, whether for a write too, and a last delay."""
        lines = self.random.choice((0, 0, 1, 1, 2, 3))
        return lines, self.random.random() < 0.5, self.random.random() * 0.02

    def _wait_for(self, process: subprocess.Popen[bytes], moment: tuple[int, bool, float]) -> bool:
        lines, is_for_write, delay_s = moment
        before, started = _line_count(self.run), time.monotonic()
        log_mark = self._mark()
        while process.poll() is None and time.monotonic() - started < _PATIENCE_S:
            has_begun = self._mark() != log_mark or _line_count(self.run) != before
            is_there = has_begun and _line_count(self.run) >= before + lines
            if is_there and (self._is_writing() or not is_for_write):
                time.sleep(delay_s)
                return process.poll() is None
            time.sleep(0.0005)
        return False

    def _mark(self) -> int:
        """Return a number that changes when the trainer has taken the run over."""
        return self.run.events.stat().st_size if self.run.events.exists() else -1

    def _is_writing(self) -> bool:
        return self.run.path.exists() and any(self.run.path.glob(".*.pt.*.tmp"))

    def check(self) -> None:
        """Look at what the killed trainer left."""
        lines = self.run.log.read_bytes().split(b"\n") if self.run.log.exists() else [b""]
        losses = []
        for line in lines[:-1]:
            try:
                step = decode(line, Step)
            except BadLineError as error:
                self.report.faults.append(f"a broken line in the middle of the log: {error}")
                continue
            if isinstance(step.val_loss, float):
                losses.append(step.val_loss)
        if self.run.best.exists():
            best = load(self.run.best).content["val_loss"]
            if losses and min(losses) < best - 1e-4:
                self.report.faults.append(f"best.pt has {best}, the log {min(losses)}")
        elif losses:
            self.report.faults.append("an evaluation is logged and there is no best.pt")
        _, notices = newest_good(self.run)
        self.report.passed_over += len(notices)

    def finish(self) -> None:
        """Let both runs end, and compare them."""
        for run in (self.run, self.whole):
            if self.train(run).wait() != 0:
                self.report.faults.append(f"a trainer of {run.path} failed: see {run.output_log}")
        if _lines_without_times(self.run) != _lines_without_times(self.whole):
            self.report.faults.append("the log lines differ from those of the uninterrupted run")
        ours, theirs = (load(run.final).content["model"] for run in (self.run, self.whole))
        differing = sum(not torch.equal(ours[name], theirs[name]) for name in theirs)
        if differing:
            self.report.faults.append(f"{differing} weight tensors differ")


def _line_count(run: RunDir) -> int:
    return run.log.read_bytes().count(b"\n") if run.log.exists() else 0


def _lines_without_times(run: RunDir) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in run.log.read_bytes().splitlines()]
    return [{key: line[key] for key in line if key not in TIME_KEYS} for line in lines]


def main() -> int:
    """Torture, print and write the report; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        # Each life of the trainer gets about two steps further, so that kills meet all of the run.
        torture = Torture(Path(folder), steps=4 * options.kills + 20, seed=options.seed)
        while torture.report.kills.total() < options.kills:
            if not torture.kill_once() and torture.run.final.exists():
                torture.report.faults.append("the run ended before it was killed often enough")
                break
        torture.finish()
    text = _text(torture.report, options.seed, time.monotonic() - begin)
    sys.stdout.write(text)
    if options.out is not None:
        options.out.write_text(text, encoding="utf-8")
    return 1 if torture.report.faults else 0


def _text(report: Report, seed: int, elapsed_s: float) -> str:
    command = f"python bench/torture.py --kills {report.kills.total()} --seed {seed}"
    lines = [
        "# Kill -9",
        "",
        f"`{command}`, {elapsed_s:.0f} s",
        "",
        *(f"- {count} kills {where}" for where, count in sorted(report.kills.items())),
        f"- {report.resumes} resumes, all of them succeeded"
        if not report.faults
        else f"- {report.resumes} resumes",
        f"- {report.passed_over} checkpoints found torn and passed over",
        f"- {len(report.faults)} faults"
        + (": log lines and weights equal those of an uninterrupted run" * (not report.faults)),
        *(f"  - {fault}" for fault in report.faults),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
