"""All predictions from one ground: the paragraphs and the numbers. Measures nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import msgspec

from bench.scale.exchange import buckets, ready_gradients
from bench.scale.ground import Assumptions, Ground
from bench.scale.measured import Row
from bench.scale.point import RANKS, RANKS_SAME_SHARE
from bench.scale.prediction import Prediction, strong, weak
from bench.scale.prediction_page import larger_part, prediction_part
from bench.scale.sharded import LARGER, Sharded, compute_s, sharded, state_bytes
from trainer.config import ModelConfig
from trainer.flops import parameters

Larger = list[tuple[ModelConfig, list[Sharded]]]


def forecast(
    ground: Ground, model: ModelConfig, assumed: Assumptions, rows: Sequence[Row] = ()
) -> tuple[list[str], dict[str, Any]]:
    """Return the paragraphs and all numbers.

    Args:
        ground: one GPU.
        model: what the base trains.
        assumed: of GPUs and links.
        rows: of a sweep on GPUs; what it measured stands beside what is predicted.
    """
    sent = buckets(ready_gradients(model), assumed.cap_bytes)
    shared = [strong(ground.base, sent, cluster) for cluster in assumed.clusters]
    each = [weak(ground.base, sent, cluster) for cluster in assumed.clusters]
    larger = [(big, _larger(big, ground, assumed)) for big in LARGER]
    tables = (shared, _measured(rows, RANKS)), (each, _measured(rows, RANKS_SAME_SHARE))
    paragraphs = prediction_part(model, ground, assumed, sent, tables)
    paragraphs += larger_part(larger, ground)
    return paragraphs, _numbers(ground, assumed, shared, each) | {"larger": _of_larger(larger)}


def _larger(model: ModelConfig, ground: Ground, assumed: Assumptions) -> list[Sharded]:
    step_s = compute_s(model, ground.base.batch_size, ground.base.seq_len, ground.pace)
    return [sharded(model, cluster, step_s) for cluster in assumed.clusters if cluster.gpus > 1]


def _measured(rows: Sequence[Row], dimension: str) -> Mapping[int, float]:
    """Return measured seconds a step by the number of GPUs."""
    return {
        row.point.ranks: row.numbers.step_s
        for row in rows
        if row.point.dimension == dimension and row.numbers is not None
    }


def _numbers(
    ground: Ground, assumed: Assumptions, shared: list[Prediction], each: list[Prediction]
) -> dict[str, Any]:
    return {
        "is": "a prediction, not a measurement",
        "from": ground.words,
        "assumed": asdict(assumed),
        "step_s": ground.base.step._asdict(),
        "same_batch": [asdict(one) for one in shared],
        "same_batch_each": [asdict(one) for one in each],
    }


def _of_larger(larger: Larger) -> list[dict[str, Any]]:
    return [
        {
            "model": msgspec.to_builtins(model),
            "parameters": parameters(model),
            "state_bytes": state_bytes(model),
            "sharded": [
                asdict(one) | {"least_s": one.least_s, "most_s": one.most_s} for one in all_
            ],
        }
        for model, all_ in larger
    ]
