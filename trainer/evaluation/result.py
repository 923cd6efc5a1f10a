"""What an evaluation found, as one record, and its JSON. Computes no metric."""

from typing import Any, Literal

import msgspec

from trainer.scoring.measures import Measures, Predictions, Scores, flat
from trainer.scoring.samples import Sample

Verdict = Literal[
    "not valid",
    "too good to be true",
    "collapsed",
    "repeats itself",
    "writes code",
    "writes pieces of code",
    "writes no code yet",
]


class CorpusFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What it was evaluated on."""

    name: str
    """Of the recipe."""
    fingerprint: str
    """Of the tokens."""
    folder: str
    """Where it lies."""
    is_own: bool
    """Whether the weights were trained on its other split."""
    bytes_per_token: float
    """Of the held-out split."""
    overlap: float
    """Share of the held-out 13-grams that stand in the training split."""
    overlap_without_whitespace: float
    """The same without the tokens that are whitespace only."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How it was evaluated."""

    prompts: int
    """Of the suite."""
    samples_per_prompt: int
    """Drawn; greedily it is one."""
    seed: int
    """Of draws, pieces and intervals."""
    max_new_tokens: int
    """Of a sample."""
    temperature: float
    """Of the drawn samples."""
    top_p: float
    """Of the drawn samples."""
    windows: int
    """Held-out sequences scored."""
    seq_len: int
    """Their tokens."""
    read_windows: int
    """Those of them that accuracy is measured on."""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    experiment: str
    """Of the config, or the folder's name."""
    checkpoint: str
    """File names."""
    step: int
    """Of the weights."""
    sha256: str
    """Of the file."""
    device: str
    """That computed."""
    verdict: Verdict
    """In a word."""
    conclusion: str
    """In a sentence, with the verdict first."""
    faults: tuple[str, ...]
    """Why it is not to be believed; empty if nothing speaks against it."""
    notes: tuple[str, ...]
    """What else to know."""
    scores: Scores
    """Of the drawn samples and of predictions, with the human pieces."""
    greedy: Scores
    """Of the greedy samples, with human pieces cut like these; nothing of predictions."""
    gate: dict[str, Any]
    """As in run.json."""
    recorded: dict[str, Any]
    """trust.Recorded."""
    corpus: CorpusFacts
    """What it was evaluated on."""
    settings: Settings
    """How."""
    examples: tuple[Sample, ...]
    """The first samples, to be looked at; not in the JSON."""

    @property
    def is_valid(self) -> bool:
        """Whether nothing speaks against the numbers."""
        return not self.faults


def as_json(result: Result) -> dict[str, Any]:
    """Return JSON for scripts; the keys are stable, and nothing in it depends on the time."""
    numbers = flat(result.scores)
    return {
        "experiment": result.experiment,
        "checkpoint": result.checkpoint,
        "step": result.step,
        "valid": result.is_valid,
        "verdict": result.verdict,
        "conclusion": result.conclusion,
        "faults": list(result.faults),
        "notes": list(result.notes),
        **{name: numbers.pop(name) for name in _FIRST},
        **numbers,
        "greedy": _without_predictions(flat(result.greedy)),
        "gate": result.gate,
        "recorded": result.recorded,
        "overlap": result.corpus.overlap,
        "overlap_without_whitespace": result.corpus.overlap_without_whitespace,
        "corpus": msgspec.to_builtins(result.corpus),
        "settings": msgspec.to_builtins(result.settings),
        "sha256": result.sha256,
        "device": result.device,
    }


_FIRST = (
    *("val_loss", "val_ppl", "val_bpb", "mode_collapse", "keyword_presence", "keyword_accuracy"),
    *("validity", "seq_rep_4", "distinct_2"),
)
_PREDICTED = {*Predictions.__struct_fields__, *Scores.__struct_fields__} - {
    *Measures.__struct_fields__,
    "human",
} | {"entropy"}


def _without_predictions(numbers: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not measured of greedy samples, also of their human pieces."""
    return {
        key: _without_predictions(value) if isinstance(value, dict) else value
        for key, value in numbers.items()
        if key not in _PREDICTED
    }
