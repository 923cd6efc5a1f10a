"""From options to what is measured and predicted."""

import argparse
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.scale.campaign import Campaign
from bench.scale.ground import Assumptions
from bench.scale.point import BATCH, LAYERS, RANKS, SEQUENCE, WIDTH, Task
from bench.scale.report import measured, predicted
from bench.scale.runner import Runner
from bench.scale.sweep import points
from bench.speed.cuda import require_device
from bench.speed.machine import command_line, describe_machine, revision
from bench.speed.output import Report
from bench.speed.rounds import Pit
from trainer.config_file import load_config

_VALUES = {
    "cpu": {WIDTH: (128, 512), LAYERS: (2, 8), BATCH: (1, 4), SEQUENCE: (256, 1024), RANKS: (2,)},
    "cuda": {
        WIDTH: (128, 512, 1024),
        LAYERS: (2, 8, 16),
        BATCH: (4, 8, 16, 64, 128),
        SEQUENCE: (256, 1024, 2048),
        RANKS: (2, 4, 8),
    },
}
_BASE = {"cpu": ("data.batch_size=2",), "cuda": ()}
_STEPS = {"cpu": (2, 5, 1), "cuda": (40, 200, 20)}
"""Not counted, counted, and between two readings of the clock: a GPU is not to wait every step."""
_LIMIT_S = {"cpu": 120.0, "cuda": 300.0}


def scaling(
    options: argparse.Namespace, values: Mapping[str, Sequence[int]], assumed: Assumptions
) -> Report:
    """Measure and predict, or predict alone.

    Raises:
        TokmonError: a wrong config, or no GPU where one is asked for.
        Stopped: before anything was measured.
    """
    reference = load_config(options.config, options.set)
    facts = {"command": command_line(), "revision": revision(), "machine": describe_machine()}
    if options.only_predict:
        return predicted(reference, assumed, facts)
    devices = require_device(options.device)
    defaults: dict[str, Sequence[int]] = dict(_VALUES[options.device])
    if options.device == "cuda":
        defaults[RANKS] = [ranks for ranks in defaults[RANKS] if ranks <= devices]
    with tempfile.TemporaryDirectory() as cache:
        pit = Pit("", options.threads, Path(cache))
        campaign = _campaign(options, {**defaults, **values}, pit)
        campaign.run()
    return measured(campaign, reference, assumed, facts)


def _campaign(
    options: argparse.Namespace, values: Mapping[str, Sequence[int]], pit: Pit
) -> Campaign:
    template = _task(options)
    base = load_config(options.config, template.overrides)
    limit_s = options.limit_s or _LIMIT_S[options.device]
    return Campaign(
        runner=Runner(template, options.device, pit, limit_s),
        points=points(base, values),
        is_one_plan=(options.plan or ("base" if options.device == "cpu" else "own")) == "base",
    )


def _task(options: argparse.Namespace) -> Task:
    warmup, steps, block = _STEPS[options.device]
    steps = options.steps or steps
    return Task(
        config=str(options.config.resolve()),
        overrides=(*_BASE[options.device], *options.set, f"device.device={options.device}"),
        warmup=options.warmup or warmup,
        steps=steps,
        block=min(block, steps),
    )
