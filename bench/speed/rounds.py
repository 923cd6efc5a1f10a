"""Lets contestants take turns: A B C A B C, each time in a fresh process.

In turn, so that a slow minute of the machine hits all alike. Imports no torch: what a process
holds when it starts another one can count as the other one's memory.
"""

import json
import os
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path

import psutil

from bench.speed.job import Job, Outcome
from bench.speed.process import Ended, run_to_end

ROOT = Path(__file__).parents[2]
PATIENCE_S = 3600.0
NO_TURN = "it was stopped before its turn"
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
        ended = self.start([python, "-m", "bench.speed.child", job.encode()], job.device)
        if ended.fault:
            return Outcome(missing=f"failed: {ended.fault}")
        return Outcome(**json.loads(ended.stdout))

    def start(self, command: list[str], device: str, limit_s: float = PATIENCE_S) -> Ended:
        """Run a program to its end or limit, alone as far as it lies with us."""
        self.busy_pct.append(psutil.cpu_percent(_LOOK_S))
        return run_to_end(command, limit_s, ROOT, self._environment(device))

    def _environment(self, device: str) -> dict[str, str]:
        threads = {"OMP_NUM_THREADS": str(self.threads), "MKL_NUM_THREADS": str(self.threads)}
        hidden = {} if device == "cuda" else {"CUDA_VISIBLE_DEVICES": ""}
        return {**os.environ, **threads, **hidden, "TOKMON_CACHE": str(self.cache)}


def play(outcomes: dict[str, list[Outcome]], template: Job, rounds: int, pit: Pit) -> None:
    """Append an outcome a round to each contestant's; of one that cannot run, one in all.

    Whatever stops it, the outcomes until then are there.
    """
    for number in range(1, rounds + 1):
        for name, earlier in outcomes.items():
            if any(outcome.missing for outcome in earlier):
                continue
            outcome = _play_once(replace(template, contestant=name), pit)
            earlier.append(outcome)
            said = outcome.missing or f"{min(outcome.step_s):.4g} s a step at best"
            sys.stderr.write(f"round {number}/{rounds}  {name}: {said}\n")


def whole_rounds(outcomes: dict[str, list[Outcome]]) -> tuple[int, dict[str, list[Outcome]]]:
    """Return how many rounds were whole, and their outcomes alone: all had as many turns.

    Where not even the first was, what there is of it: who had no turn is missing then.
    """
    turns = [len(rounds) for rounds in outcomes.values() if not _is_missing(rounds)]
    whole = min(turns, default=1)
    if whole:
        return whole, {name: rounds[:whole] for name, rounds in outcomes.items()}
    return 0, {name: rounds or [Outcome(missing=NO_TURN)] for name, rounds in outcomes.items()}


def _is_missing(rounds: list[Outcome]) -> bool:
    return any(outcome.missing for outcome in rounds)


def _play_once(job: Job, pit: Pit) -> Outcome:
    if job.name == "nanogpt" and not (Path(job.nanogpt) / "train.py").is_file():
        return Outcome(missing="no train.py: name a checkout of karpathy/nanoGPT by --nanogpt DIR")
    return pit.run(job)
