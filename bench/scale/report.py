"""Puts a whole page together, and all numbers beside it. Measures nothing."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from bench.scale.campaign import Campaign
from bench.scale.forecast import forecast
from bench.scale.ground import Assumptions, Ground, counted_ground, measured_ground
from bench.scale.measured import Row
from bench.scale.page import method, sweep_page
from bench.scale.point import Outcome
from bench.speed.heading import heading
from bench.speed.output import Report
from trainer.config import Config


def predicted(reference: Config, assumed: Assumptions, facts: dict[str, Any]) -> Report:
    """Return the prediction alone, from counts."""
    ground = counted_ground(reference, assumed)
    paragraphs, numbers = forecast(ground, reference.model, assumed)
    top = ["# What several GPUs would do", f"`{facts['command']}`, tokmon {facts['revision']}"]
    page = "\n\n".join([*top, *paragraphs]) + "\n"
    return Report(page, facts | {"prediction": numbers})


def measured(
    campaign: Campaign, reference: Config, assumed: Assumptions, facts: dict[str, Any]
) -> Report:
    """Return what was measured, and the prediction that stands on it.

    Args:
        campaign: run to its end, or as far as it came.
        reference: the config as it is; what the prediction is of, where no GPU was measured.
        assumed: for the prediction.
        facts: command, revision and machine.
    """
    if campaign.cut_short:
        facts["cut_short"] = campaign.cut_short
    rows, first, pit = campaign.rows(), campaign.base, campaign.runner.pit
    has_gpu = campaign.runner.device == "cuda"
    base = campaign.config(campaign.points[0])
    ground = _ground(campaign, rows, reference, assumed)
    paragraphs, numbers = forecast(ground, base.model, assumed, rows if has_gpu else ())
    parts = [
        sweep_page(rows, base, heading(facts, first.versions, pit, first.gpu), has_gpu=has_gpu),
        "## How it was measured",
        method(campaign.runner.template, has_gpu=has_gpu, is_one_plan=campaign.is_one_plan),
        *paragraphs,
    ]
    everything = facts | _numbers(campaign, rows, base) | {"prediction": numbers}
    return Report("\n\n".join(parts) + "\n", everything, campaign.stopped)


def _ground(campaign: Campaign, rows: list[Row], reference: Config, assumed: Assumptions) -> Ground:
    if campaign.base.gpu and campaign.base.dtype in campaign.rates:
        return measured_ground(rows, campaign.base, campaign.rates)
    return counted_ground(reference, assumed)


def _numbers(campaign: Campaign, rows: list[Row], base: Config) -> dict[str, Any]:
    first, task = campaign.base, campaign.runner.template
    outcomes = [outcome for _, outcome in campaign.outcomes]
    return {
        "busy_pct": campaign.runner.pit.busy_pct,
        "versions": first.versions,
        "gpu": first.gpu,
        "base": msgspec.to_builtins(base),
        "task": asdict(task) | {"config": Path(task.config).name},
        "rates": {dtype: rates._asdict() for dtype, rates in campaign.rates.items()},
        "points": [_point(row, outcome) for row, outcome in zip(rows, outcomes, strict=True)],
    }


def _point(row: Row, outcome: Outcome) -> dict[str, Any]:
    return {
        "point": asdict(row.point),
        "parameters": row.parameters,
        "tokens_per_step": row.tokens_per_step,
        "failed": row.failed,
        "numbers": asdict(row.numbers) if row.numbers is not None else None,
        "step_s": outcome.step_s,
        "plan": outcome.plan,
    }
