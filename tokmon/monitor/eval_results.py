"""What `tokmon eval --json` printed, as far as runs are compared by it. Runs nothing."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tokmon.monitor.intervals import Interval
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, CheckpointInfo, decode

KEYS = (
    *("val_loss", "val_ppl", "val_bpb", "mode_collapse", "keyword_presence", "keyword_accuracy"),
    *("validity", "seq_rep_4", "distinct_2"),
)
"""Of an evaluation, those that runs are compared by."""
_MAX_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class EvalResult:
    """One evaluation of one checkpoint."""

    experiment: str
    """Of the run, foreign text."""
    checkpoint: str
    """File names, foreign text."""
    step: int | None
    """Of the weights."""
    sha256: str
    """Of the weights' file."""
    is_valid: bool
    """Whether the evaluation itself believes its numbers."""
    metrics: Mapping[str, Interval] = field(default_factory=dict)
    """By KEYS, with 95 % intervals as docs/EVALUATION.md has them."""
    human: Mapping[str, Interval] = field(default_factory=dict)
    """The same of human code cut alike."""
    corpus: str = ""
    """Fingerprint of the held-out text's corpus."""


def read_eval_results(path: Path) -> list[EvalResult]:
    """Return the evaluations in a file of `tokmon eval --json`, a line each.

    Raises:
        TokmonError: it cannot be read, or holds something else.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_BYTES)
    except OSError as error:
        raise TokmonError(f"{path}: cannot be read ({error.strerror or error})") from error
    lines = [line for line in content.splitlines() if line.strip()]
    found = [_result(path, number, line) for number, line in enumerate(lines, 1)]
    if not found:
        raise TokmonError(f"{path}: holds no evaluation", "write it with `tokmon eval RUN --json`")
    return found


def of_runs(
    runs: Sequence[RunDir], results: Sequence[EvalResult]
) -> tuple[tuple[EvalResult | None, ...], tuple[str, ...]]:
    """Return for each run its evaluation, and what is wrong with the others, a sentence each.

    An evaluation belongs to the run that has a checkpoint of its hash; else, weights being the
    first to be deleted, to the only run of its name. Of several the last one counts.
    """
    hashes = [_hashes(run) for run in runs]
    found: list[EvalResult | None] = [None] * len(runs)
    remarks = []
    for result in results:
        homes = [index for index, known in enumerate(hashes) if result.sha256 in known]
        named = [i for i, run in enumerate(runs) if run.experiment == result.experiment]
        if not homes and len(named) == 1 and hashes[named[0]]:
            remarks.append(f"the evaluation of {_named(result)} is of weights it has no more")
        if len(homes) != 1:
            homes = [index for index in named if not homes or index in homes]
        if len(homes) != 1:
            remarks.append(f"the evaluation of {_named(result)} belongs to none of these runs")
        else:
            found[homes[0]] = result
    return tuple(found), tuple(remarks)


def _named(result: EvalResult) -> str:
    return f"{result.checkpoint} of {result.experiment}"


def _hashes(run: RunDir) -> set[str]:
    """Return the hashes of a run's checkpoints by their sidecars."""
    checkpoints = (run.best, run.final, *_step_checkpoints(run))
    infos = (_sidecar(RunDir.sidecar(checkpoint)) for checkpoint in checkpoints)
    return {info.sha256 for info in infos if info is not None}


def _step_checkpoints(run: RunDir) -> list[Path]:
    # By their sidecars: weights may be gone.
    return [path.with_suffix(".pt") for path in run.path.glob("*_step*.json")]


def _sidecar(path: Path) -> CheckpointInfo | None:
    try:
        return decode(path.read_bytes(), CheckpointInfo)
    except (OSError, BadLineError):  # a checkpoint that cannot be told is none
        return None


def _result(path: Path, number: int, line: bytes) -> EvalResult:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _not_one(path, number) from error
    if not isinstance(fields, dict) or "verdict" not in fields or "sha256" not in fields:
        raise _not_one(path, number)
    intervals = _mapping(fields.get("intervals"))
    human = _mapping(fields.get("human"))
    corpus = _mapping(fields.get("corpus"))
    step = fields.get("step")
    return EvalResult(
        experiment=str(fields.get("experiment", "")),
        checkpoint=str(fields.get("checkpoint", "")),
        step=step if isinstance(step, int) else None,
        sha256=str(fields["sha256"]),
        is_valid=fields.get("valid") is True,
        metrics=_metrics(fields, intervals),
        human=_metrics(human, _mapping(intervals.get("human"))),
        corpus=str(corpus.get("fingerprint", "")),
    )


def _metrics(numbers: Mapping[str, Any], ends: Mapping[str, Any]) -> dict[str, Interval]:
    found = {}
    for key in KEYS:
        value = _number(numbers.get(key))
        if value is not None:
            found[key] = Interval(value, *_ends(ends.get(key)))
    return found


def _ends(ends: object) -> tuple[float | None, float | None]:
    if not isinstance(ends, list) or len(ends) != 2:
        return None, None
    low, high = map(_number, ends)
    return (None, None) if low is None or high is None else (low, high)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:  # an integer beyond all floats
        return None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _not_one(path: Path, number: int) -> TokmonError:
    return TokmonError(
        f"{path}: line {number} is no evaluation", "write it with `tokmon eval RUN --json`"
    )
