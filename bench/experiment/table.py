"""The three runs beside each other, as a Markdown table."""

import math
from collections.abc import Callable, Sequence

from bench.experiment.findings import Finding, amount, share

_ROWS: tuple[tuple[str, Callable[[Finding], str]], ...] = (
    ("training text", lambda run: f"{run.corpus_tokens:,} tokens"),
    ("read", lambda run: f"{run.epochs:.1f} times in {run.summary.step:,} steps"),
    ("causality gate", lambda run: "open" if (run.info.gate or {}).get("passed") else "**closed**"),
    ("recorded validation loss, the best", lambda run: _recorded(run)),
    ("the same weights, evaluated: PPL", lambda run: amount(run.own, "val_ppl", 1)),
    ("bits per byte", lambda run: amount(run.own, "val_bpb")),
    ("bits per byte, common text", lambda run: amount(run.common, "val_bpb")),
    ("`tokmon eval` says", lambda run: str(run.own["verdict"])),
    ("mode collapse, sampled", lambda run: share(run.own, "mode_collapse")),
    ("mode collapse, greedy", lambda run: share(run.own["greedy"], "mode_collapse")),
    ("keyword presence", lambda run: share(run.own, "keyword_presence")),
    ("keyword accuracy", lambda run: share(run.own, "keyword_accuracy")),
    ("validity", lambda run: share(run.own, "validity")),
    ("seq-rep-4", lambda run: amount(run.own, "seq_rep_4")),
    ("distinct-2", lambda run: amount(run.own, "distinct_2")),
    ("training time", lambda run: f"{(run.summary.elapsed_s or 0) / 60:,.0f} min"),
)
_HUMAN = {
    "bits per byte": "1.35 (xz)",
    "bits per byte, common text": "1.35 (xz)",
    "mode collapse, sampled": "mode_collapse",
    "keyword presence": "keyword_presence",
    "validity": "validity",
    "seq-rep-4": "seq_rep_4",
    "distinct-2": "distinct_2",
}


def table(runs: Sequence[Finding]) -> str:
    """Return a row a fact and a column a run, the last of human code."""
    heads = ["", *(f"`{run.planned.experiment}`" for run in runs), "human code"]
    lines = [heads, ["---"] * len(heads)]
    lines += [[name, *map(value, runs), _human(name, runs[0])] for name, value in _ROWS]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _recorded(run: Finding) -> str:
    loss = run.summary.best_val_loss
    if loss is None:
        return ""
    return f"{loss:.3f}, PPL {math.exp(loss):,.1f}, at step {run.summary.best_step:,}"


def _human(row: str, run: Finding) -> str:
    key = _HUMAN.get(row, "")
    human = run.own["human"]
    if key not in human:
        return key
    return f"{human[key]:.3f}" if key in {"seq_rep_4", "distinct_2"} else f"{human[key]:.1%}"
