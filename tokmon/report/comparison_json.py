"""A comparison as JSON. The keys are stable (docs/COMPARISON.md); what is not known is null."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tokmon.monitor.compared import LABELS
from tokmon.monitor.welch import Welch
from tokmon.rundir.records import iso

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tokmon.monitor.compared import Compared, Result
    from tokmon.monitor.comparison import Comparison
    from tokmon.monitor.cost import Cost
    from tokmon.monitor.eval_results import EvalResult
    from tokmon.monitor.generation_summary import GenerationSummary
    from tokmon.monitor.groups import Group, GroupTest
    from tokmon.monitor.intervals import Interval
    from tokmon.monitor.races import Race
    from tokmon.monitor.side_by_side import Aligned

_SHARES = ("mode_collapse", "keyword_presence", "validity", "seq_rep_4", "distinct_2_words")


def as_json(comparison: Comparison, now: float) -> str:
    """Return the comparison as one JSON object; `now` is seconds since 1970."""
    return msgspec.json.format(msgspec.json.encode(as_dict(comparison, now)), indent=2).decode()


def as_dict(comparison: Comparison, now: float) -> dict[str, Any]:
    """Return the comparison with the keys that scripts depend on; `now` is seconds since 1970."""
    labels = LABELS[: len(comparison.runs)]
    rows = zip(comparison.runs, comparison.results, comparison.evals, strict=True)
    return {
        "compared": iso(now),
        "reference": labels[0],
        "measure": str(comparison.measure),
        "runs": [_run(*row) for row in rows],
        "remarks": [_text(said) for said in (*comparison.remarks, *comparison.caveats)],
        "config": [
            {"key": _text(found.key), "values": _by_label(labels, found.values)}
            for found in comparison.differences
        ],
        "aligned": {str(table.along): _aligned(table, labels) for table in comparison.aligned},
        "reached": [_race(race) for race in comparison.races],
        "groups": [_group(group) for group in comparison.groups],
        "tests": [_test(test) for test in comparison.tests],
    }


def _run(run: Compared, result: Result, evaluated: EvalResult | None) -> dict[str, Any]:
    state, info = run.state, run.state.info
    return {
        "label": result.label,
        "experiment": _text(result.name),
        "path": _text(str(state.run.path)),
        "state": str(result.phase),
        "seed": info.config.get("seed") if info else None,
        "leaking": result.is_leaking,
        "parameters": info.parameters if info else None,
        "step": result.step,
        "max_steps": state.max_steps,
        "tokens": result.tokens,
        "train_loss": result.train_loss,
        "val_loss": result.val_loss,
        "val_step": result.val_step,
        "val_bpb": result.val_bpb,
        "best_val_loss": result.best_val_loss,
        "best_val_ppl": result.best_val_ppl,
        "best_val_bpb": result.best_val_bpb,
        "best_step": result.best_step,
        "steps_per_sec": result.steps_per_sec,
        "tokens_per_sec": result.tokens_per_sec,
        "mfu": result.mfu,
        "bad_lines": state.bad_line_count,
        "cost": _cost(result.cost),
        "generation": None if result.generation is None else _generation(result.generation),
        "evaluation": None if evaluated is None else _evaluation(evaluated),
    }


def _cost(cost: Cost) -> dict[str, Any]:
    energy = cost.energy
    return {
        "elapsed_s": cost.elapsed_s,
        "device": _text(cost.device),
        "devices": cost.devices,
        "gpu_hours": cost.gpu_hours,
        "cpu_core_hours": cost.cpu_core_hours,
        "energy_kwh": energy.kwh if energy else None,
        "energy_gpu_hours": energy.measured_gpu_s / 3600 if energy else None,
        "energy_gaps": energy.gaps if energy else None,
        "energy_gap_gpu_s": energy.gap_gpu_s if energy else None,
        "remark": cost.remark,
    }


def _generation(summary: GenerationSummary) -> dict[str, Any]:
    shares = {key: getattr(summary, key) for key in _SHARES}
    return {
        "step": summary.step,
        "samples": summary.samples,
        **{key: None if found is None else found.value for key, found in shares.items()},
        "intervals": {key: _ends(found) for key, found in shares.items()},
    }


def _evaluation(found: EvalResult) -> dict[str, Any]:
    return {
        "checkpoint": _text(found.checkpoint),
        "step": found.step,
        "valid": found.is_valid,
        **_numbers(found.metrics),
        "human": _numbers(found.human),
    }


def _numbers(metrics: Mapping[str, Interval]) -> dict[str, Any]:
    return {
        **{key: found.value for key, found in metrics.items()},
        "intervals": {key: _ends(found) for key, found in metrics.items()},
    }


def _aligned(table: Aligned, labels: str) -> dict[str, Any]:
    """Return what all runs had at the same places."""
    of_runs = {
        str(measure): {label: [row[i] for row in rows] for i, label in enumerate(labels)}
        for measure, rows in table.values.items()
    }
    return {"places": table.places, **of_runs}


def _race(race: Race) -> dict[str, Any]:
    return {
        "run": race.runner,
        "of": race.other,
        "measure": str(race.measure),
        "along": str(race.along),
        "level": race.level,
        "spent": race.spent,
        "spent_by_other": race.spent_by_other,
        "share": race.share,
        "lowest": race.lowest,
    }


def _group(group: Group) -> dict[str, Any]:
    return {
        "runs": list(group.label),
        "seeds": group.seeds,
        "metrics": {
            key: {
                "n": len(spread.values),
                "mean": spread.mean,
                "sd": spread.sd,
                "interval": None if spread.low is None else [spread.low, spread.high],
            }
            for key, spread in group.spreads.items()
        },
    }


def _test(test: GroupTest) -> dict[str, Any]:
    outcome = test.outcome
    known = outcome if isinstance(outcome, Welch) else None
    return {
        "metric": test.metric.key,
        "first": list(test.first),
        "second": list(test.second),
        "difference": known.difference if known else None,
        "interval": [known.low, known.high] if known else None,
        "t": known.t if known else None,
        "df": known.df if known else None,
        "p": known.p if known else None,
        "reason": outcome if isinstance(outcome, str) else None,
    }


def _ends(found: Interval | None) -> list[float | None] | None:
    return None if found is None or found.low is None else [found.low, found.high]


def _by_label(labels: str, values: tuple[str | None, ...]) -> dict[str, str | None]:
    texts = (None if value is None else _text(value) for value in values)
    return dict(zip(labels, texts, strict=True))


def _text(value: str) -> str:
    """Return foreign text as JSON can have it: a folder's name may be no text."""
    return value.encode(errors="backslashreplace").decode()
