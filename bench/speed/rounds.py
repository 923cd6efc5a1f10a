"""Lets contestants take turns: A B C A B C, each time in a fresh process.

In turn, so that a slow minute of the machine hits all alike. Imports no torch: what a process
holds when it starts another one can count as the other one's memory.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from bench.speed.job import Job, Outcome

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 3600.0
_LOOK_S = 1.0
_PEERS = ("hf", "litgpt")


@dataclass(frozen=True)
class Pit:
    """What a process is started with."""

    peer_python: str
    """Interpreter that has transformers and litgpt."""
    threads: int
    """For everyone."""
    cache: Path
    """An empty folder: what is measured once a machine is measured once a benchmark."""
    busy_pct: list[float] = field(default_factory=list)
    """Of all cores, what other programs used in the second before each start."""

    def run(self, job: Job) -> Outcome:
        """Run one job to its end; a fault of the program is an outcome too."""
        python = self.peer_python if job.name in _PEERS else sys.executable
        done = self.start([python, "-m", "bench.speed.child", job.encode()], job.device)
        if done.returncode:
            return Outcome(missing=f"failed: {_last_line(done.stderr)}")
        return Outcome(**json.loads(done.stdout))

    def start(self, command: list[str], device: str) -> "subprocess.CompletedProcess[str]":
        """Run a program to its end, alone as far as it lies with us."""
        self.busy_pct.append(psutil.cpu_percent(_LOOK_S))
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self._environment(device),
            capture_output=True,
            text=True,
            timeout=_PATIENCE_S,
            check=False,
        )

    def _environment(self, device: str) -> dict[str, str]:
        threads = {"OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}
        hidden = {} if device == "cuda" else {"CUDA_VISIBLE_DEVICES": ""}
        return {**os.environ, **threads, **hidden, "TOKMON_CACHE": str(self.cache)}


def play(contestants: list[str], template: Job, rounds: int, pit: Pit) -> dict[str, list[Outcome]]:
    """Return the outcomes of each contestant, one a round; of one that cannot run, one in all."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name, earlier in outcomes.items():
            if any(outcome.missing for outcome in earlier):
                continue
            outcome = _play_once(replace(template, contestant=name), pit)
            earlier.append(outcome)
            said = outcome.missing or f"{min(outcome.step_s):.4g} s a step at best"
            sys.stderr.write(f"round {number}/{rounds}  {name}: {said}\n")
    return outcomes


def _play_once(job: Job, pit: Pit) -> Outcome:
    if job.name == "nanogpt" and not (Path(job.nanogpt) / "train.py").is_file():
        return Outcome(missing="no train.py: name a checkout of karpathy/nanoGPT by --nanogpt DIR")
    return pit.run(job)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
