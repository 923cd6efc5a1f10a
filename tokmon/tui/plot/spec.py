"""Which metrics make a chart, and how they are named and written."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from enum import Enum

from tokmon.monitor.smoothing import DEFAULT_BETA
from tokmon.report import figures


class Smoothing(Enum):
    """How much of the past is in the average: weight of what was there before each value."""

    OFF = 0.0
    WEAKER = 0.6
    DEFAULT = DEFAULT_BETA
    STRONGER = 0.95

    @property
    def following(self) -> "Smoothing":
        """The next one in turn."""
        every = list(Smoothing)
        return every[(every.index(self) + 1) % len(every)]


@dataclass(frozen=True, slots=True)
class ChartSpec:
    """One chart: a metric, and its twin on held-out text if it has one."""

    key: str
    """Of the step log, or the name of a host trace; foreign text."""
    title: str
    """Foreign text where it is the key."""
    validation: str = ""
    """Key of the twin; empty without one."""
    is_smoothed: bool = False
    """Whether an average is drawn from the start."""
    show: Callable[[float | None], str] = figures.figure
    """A value for people."""
    best: str = ""
    """Which field of Best belongs on it."""

    @property
    def noun(self) -> str:
        """The title within a sentence."""
        return self.title if self.title.isupper() else self.title.lower()


def usual_smoothing(spec: ChartSpec) -> Smoothing:
    """Return how much is averaged unasked."""
    return Smoothing.DEFAULT if spec.is_smoothed else Smoothing.OFF


_KNOWN = {
    spec.key: spec
    for spec in (
        ChartSpec("train_loss", "Loss", "val_loss", True, figures.loss, "val_loss"),
        ChartSpec("train_ppl", "PPL", "val_ppl", True, best="val_ppl"),
        ChartSpec("lr", "LR", show=figures.learning_rate),
        ChartSpec("grad_norm", "Gradient norm", is_smoothed=True),
        ChartSpec("tokens_per_sec", "Tokens/s", is_smoothed=True, show=figures.compact),
        ChartSpec("steps_per_sec", "Steps/s", is_smoothed=True, show=figures.rate),
        ChartSpec("val_loss", "Validation loss", show=figures.loss, best="val_loss"),
        ChartSpec("val_ppl", "Validation PPL", best="val_ppl"),
        ChartSpec("val_bpb", "Validation bpb", show=figures.loss, best="val_bpb"),
        ChartSpec("gpu0 utilization %", "GPU 0 utilization %"),
    )
}
LOSS = _KNOWN["train_loss"]
_FIRST = ("train_loss", "train_ppl", "lr", "grad_norm", "tokens_per_sec")
_TRAIN, _VALIDATION = "train_", "val_"


def spec_of(key: str, names: Collection[str]) -> ChartSpec:
    """Return the chart of a metric; `names` are all there are."""
    if known := _KNOWN.get(key):
        return known
    twin = _VALIDATION + key.removeprefix(_TRAIN)
    is_twin = key.startswith(_TRAIN) and twin in names
    return ChartSpec(key, key, twin if is_twin else "")


def usual_keys(names: Collection[str]) -> list[str]:
    """Return what is shown unasked: loss, PPL, LR, gradient norm, throughput, the first GPUs."""
    log = [key for key in _FIRST if key in names]
    if "tokens_per_sec" not in names and "steps_per_sec" in names:
        log.append("steps_per_sec")
    gpus = [name for name in names if name.startswith("gpu") and name.endswith("utilization %")]
    return (log or ["train_loss"]) + gpus[:1]
