"""The comparison as a page."""

import argparse
from collections.abc import Sequence

import torch

from bench.change.measured import Measured
from bench.change.predicted import Prediction
from bench.change.ways import WAYS

_PARTS = ("head", "trunk", "optimizer")


def page(
    predicted: Sequence[Prediction],
    measured: Sequence[Measured],
    facts: tuple[str, str, dict[str, object], argparse.Namespace],
) -> str:
    """Return it in Markdown."""
    command, revision, machine, options = facts
    versions = {**machine, "PyTorch": torch.__version__, "threads": torch.get_num_threads()}
    first, last = measured[0], measured[-1]
    what = f"{options.batch_size} x 512 tokens a step, median of {options.turns} turns"
    headings = ("change", "step", *_PARTS, "most memory", "predicted", "came", "as counted")
    lines = [
        "# One step of v1 on a CPU, before and after",
        "",
        f"`{command}`, revision {revision}: {what}, each in a process of its own.",
        "",
        ", ".join(f"{key} {value}" for key, value in versions.items()),
        "",
        f"| {' | '.join(headings)} |",
        f"|{' --- |' * len(headings)}",
    ]
    for number, (way, found) in enumerate(zip(WAYS, measured, strict=True)):
        gain = ["", "", ""]
        if number:
            saved_s = measured[number - 1].step_s - found.step_s
            guess = predicted[number - 1]
            gain = [f"{-guess.saved_s:+.2f} s", f"{-saved_s:+.2f} s", guess.because]
        parts = [f"{found.parts_s.get(part, 0):.2f} s" for part in _PARTS]
        memory = f"{found.peak_bytes / 1e6:,.0f} MB"
        cells = [way.change, f"{found.step_s:.2f} s", *parts, memory, *gain]
        lines.append(f"| {' | '.join(cells)} |")
    ratio = first.step_s / last.step_s
    lines += ["", f"In all: {ratio:.2f} times as fast as the step that PyTorch has.", ""]
    return "\n".join(lines)
