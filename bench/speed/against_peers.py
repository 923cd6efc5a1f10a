"""Everybody's speed and memory on the same shapes, batch and threads, in turn."""

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.speed.heading import heading
from bench.speed.job import Job, Outcome, Shape
from bench.speed.machine import nanogpt_version
from bench.speed.output import Report
from bench.speed.peers_report import comparison_report
from bench.speed.result import compare
from bench.speed.rounds import Pit, play, whole_rounds
from bench.speed.stop import Stopped

_CONTESTANTS = {
    "cpu": ("tokmon", "tokmon:dtype=float32", "nanogpt", "hf", "litgpt"),
    "cuda": ("tokmon", "nanogpt", "hf", "litgpt"),
}
_GEMMS = {"cpu": ("gemm:dtype=float32", "gemm:dtype=bfloat16"), "cuda": ("gemm:dtype=bfloat16",)}
_BATCH_SIZE = {"cpu": 4, "cuda": 32}
_STEPS = {"cpu": (2, 5, 1), "cuda": (40, 200, 20)}
"""Not counted, counted, and between two readings of the clock: a GPU is not to wait every step."""


def run(options: argparse.Namespace, corpus: Path, pit: Pit, facts: dict[str, Any]) -> Report:
    """Measure everybody in turn.

    Raises:
        Stopped: before anything was measured.
    """
    job = _template(options, corpus)
    everyone = [*(options.contestants or _CONTESTANTS[job.device]), *_GEMMS[job.device]]
    outcomes: dict[str, list[Outcome]] = {name: [] for name in everyone}
    stopped = None
    try:
        play(outcomes, job, options.rounds, pit)
    except Stopped as stop:
        if not any(one.step_s for rounds in outcomes.values() for one in rounds):
            raise
        stopped = stop
    rounds, counted = whole_rounds(outcomes)
    if stopped is not None:
        facts["cut_short"] = f"{stopped.name} came after {rounds} of {options.rounds} rounds"
    return _report(job, counted, max(rounds, 1), pit, facts)._replace(stopped=stopped)


def _report(
    job: Job, outcomes: dict[str, list[Outcome]], rounds: int, pit: Pit, facts: dict[str, Any]
) -> Report:
    comparison = compare(outcomes, job.shape)
    versions = _versions(outcomes) | {"nanoGPT": nanogpt_version(job.nanogpt)}
    device = next((one[0].device for one in outcomes.values() if one[0].device), "")
    top = heading(facts, versions, pit, device)
    numbers = {
        "versions": versions,
        "job": asdict(job) | {"corpus": "stdlib", "nanogpt": ""},
        "comparison": asdict(comparison),
        "outcomes": {name: [asdict(one) for one in turns] for name, turns in outcomes.items()},
    }
    return Report(comparison_report(comparison, job, top, list(outcomes), rounds), numbers)


def _template(options: argparse.Namespace, corpus: Path) -> Job:
    warmup, steps, block = _STEPS[options.device]
    steps = options.steps or steps
    return Job(
        contestant="",
        shape=Shape(batch_size=options.batch_size or _BATCH_SIZE[options.device]),
        device=options.device,
        corpus=str(corpus),
        warmup=options.warmup or warmup,
        steps=steps,
        block=min(block, steps),
        nanogpt=str(options.nanogpt.resolve()) if options.nanogpt else "",
    )


def _versions(outcomes: dict[str, list[Outcome]]) -> dict[str, str]:
    """Return everybody's versions; a package of which two were used is named with both."""
    found: dict[str, set[str]] = {}
    for rounds in outcomes.values():
        for package, version in rounds[0].versions.items():
            found.setdefault(package, set()).add(version)
    return {package: " and ".join(sorted(versions)) for package, versions in found.items()}
