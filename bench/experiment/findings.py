"""What the three runs came to, out of the records that `bench.experiment.runs` kept."""

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.experiment.plan import Planned
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, Summary, decode


@dataclass(frozen=True, slots=True)
class Finding:
    """One run: its own records, and its evaluations by today's code."""

    planned: Planned
    run: RunDir
    info: RunInfo
    summary: Summary
    own: dict[str, Any]
    """`tokmon eval` of the best checkpoint on the held-out text of its own corpus."""
    final: dict[str, Any]
    """The same of the last step's."""
    common: dict[str, Any]
    """The best on the text that all runs have held out."""

    @property
    def tokens_trained(self) -> int:
        """Over all steps, repetitions counted."""
        return self.summary.tokens or 0

    @property
    def recorded_ppl(self) -> float:
        """The best that the run itself recorded."""
        return math.exp(self.summary.best_val_loss or math.nan)

    @property
    def recorded_bpb(self) -> float:
        """Of the same, bits per byte."""
        return (self.summary.best_val_loss or math.nan) / self._nats_per_bit

    @property
    def greedy_collapse(self) -> float:
        """Mode collapse of the greedy samples."""
        return float(self.own["greedy"]["mode_collapse"])

    @property
    def corpus_tokens(self) -> int:
        """In the training split."""
        return int(self.info.corpus["train_tokens"])

    @property
    def epochs(self) -> float:
        """How often the training split was read."""
        return self.tokens_trained / self.corpus_tokens

    @property
    def _nats_per_bit(self) -> float:
        """Nats per token that are one bit per byte, on the held-out text."""
        return math.log(2) * float(self.info.corpus["bytes_per_token"])


def finding(planned: Planned, folder: Path) -> Finding:
    """Return what is kept of a run in `folder`.

    Raises:
        OSError: the run or an evaluation is not there yet.
    """
    run = RunDir.of_experiment(folder, planned.experiment)
    evaluations = {
        name: _evaluation(folder / f"{planned.experiment}_eval_{name}.jsonl")
        for name in ("own", "final")
    }
    common = folder / f"{planned.experiment}_eval_common.jsonl"
    evaluations["common"] = _evaluation(common) if common.exists() else evaluations["own"]
    info = decode(run.run_info.read_bytes(), RunInfo)
    return Finding(planned, run, info, decode(run.summary.read_bytes(), Summary), **evaluations)


def _evaluation(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_bytes())
    return found


def share(numbers: dict[str, Any], key: str) -> str:
    """Return a share with its 95 % interval."""
    ends = numbers.get("intervals", {}).get(key)
    interval = f" ({ends[0]:.1%} to {ends[1]:.1%})" if ends else ""
    return "" if numbers.get(key) is None else f"{numbers[key]:.1%}{interval}"


def amount(numbers: dict[str, Any], key: str, digits: int = 3) -> str:
    """Return a number with its 95 % interval."""
    ends = numbers.get("intervals", {}).get(key)
    interval = f" ({ends[0]:,.{digits}f} to {ends[1]:,.{digits}f})" if ends else ""
    return "" if numbers.get(key) is None else f"{numbers[key]:,.{digits}f}{interval}"
