"""What one run needed to get where another is. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tokmon.monitor.alignment import AlignedCurve, Along, Measure, reached
from tokmon.monitor.compared import LABELS, Compared
from tokmon.monitor.config_difference import same_data
from tokmon.monitor.durations import duration

_SCARCE_TOKENS = 1e6
_DIGITS, _MANY_DIGITS = 3, 6
_Indexed: TypeAlias = tuple[int, AlignedCurve]


@dataclass(frozen=True, slots=True, kw_only=True)
class Race:
    """What two runs needed for one level of one measure."""

    runner: str
    """The label of the run that is spoken of."""
    other: str
    """The label of the run that sets the level with its lowest value."""
    measure: Measure
    along: Along
    level: float
    """Nats per token, or bits per byte."""
    spent: float | None
    """By the runner, in steps, tokens or seconds; None if it never reached the level."""
    spent_by_other: float
    """By the one that set it."""
    lowest: float
    """The runner's own."""

    @property
    def share(self) -> float | None:
        """What the runner spent of what the other did; None if it never reached the level."""
        if self.spent is None or not self.spent_by_other:
            return None
        return self.spent / self.spent_by_other

    @property
    def digits(self) -> int:
        """Decimals to show: two values that are not equal are not to look so."""
        return _DIGITS if f"{self.level:.3f}" != f"{self.lowest:.3f}" else _MANY_DIGITS

    def in_words(self) -> str:
        """Return it as one sentence."""
        level = f"{self.other}'s lowest {self.measure.in_words}, {self.level:.{self.digits}f}"
        if self.spent is None:
            own = f"its own lowest is {self.lowest:.{self.digits}f}"
            return f"{self.runner} never reached {level}; {own}"
        if self.share is None:
            return f"{self.runner} reached {level} ({self.amounts()})"
        unit = _UNITS[self.along]
        share = f"{100 * self.share:.0f} % of {self.other}'s {unit}"
        return f"{self.runner} reached {level}, at {share} ({self.amounts()})"

    def amounts(self) -> str:
        """Return what both spent: 1.50M against 4.00M; for a runner that got there."""
        spent = 0.0 if self.spent is None else self.spent
        return f"{amount(spent, self.along)} against {amount(self.spent_by_other, self.along)}"


_UNITS = {Along.STEP: "steps", Along.TOKENS: "tokens", Along.TIME: "training time"}


def measure_for(runs: Sequence[Compared]) -> Measure:
    """Return what all the runs can be compared by.

    Bits per byte where the tokenizers differ: nats per token then are of different tokens. Without
    that, the validation loss if all have one, else the train loss.
    """
    first = runs[0].state.info
    is_one = all(same_data(first, run.state.info)[1] is not False for run in runs[1:])
    wanted = (Measure.VALIDATION,) if is_one else (Measure.BPB, Measure.VALIDATION)
    for measure in wanted:
        if all(len(run.curves[measure, Along.STEP]) for run in runs):
            return measure
    return Measure.TRAIN


def axis_for(runs: Sequence[Compared], wanted: Along, measure: Measure) -> Along:
    """Return the wanted axis if every run's log has it, else steps."""
    is_known = all(len(run.curves[measure, wanted]) for run in runs)
    return wanted if is_known else Along.STEP


def races(runs: Sequence[Compared], reference: int, wanted: Along) -> tuple[Race, ...]:
    """Return for each other run how it stands to the reference.

    That is where it reached the reference's lowest value. If it never did, that is said, and where
    the reference reached its lowest.

    Args:
        runs: at most MAX_RUNS.
        reference: index among them.
        wanted: what is counted; steps where a log does not have it.
    """
    measure = measure_for(runs)
    along = axis_for(runs, wanted, measure)
    curves = [run.curves[measure, along] for run in runs]
    base = curves[reference]
    found = []
    for index, other in enumerate(curves):
        if index == reference or not len(other) or not len(base):
            continue
        race = _race((index, other), (reference, base), measure, along)
        found.append(race)
        if race.spent is None:
            found.append(_race((reference, base), (index, other), measure, along))
    return tuple(found)


def amount(value: float, along: Along) -> str:
    """Return a place on an axis without its name: 1,200 (steps), 1.50M (tokens) or 3 min 20 s."""
    if along is Along.TIME:
        return duration(value)
    if along is Along.STEP or value < _SCARCE_TOKENS:
        return f"{value:,.0f}"
    return f"{value / 1e6:,.2f}M"


def _race(runner: _Indexed, other: _Indexed, measure: Measure, along: Along) -> Race:
    level = float(other[1].y.min())
    return Race(
        runner=LABELS[runner[0]],
        other=LABELS[other[0]],
        measure=measure,
        along=along,
        level=level,
        spent=reached(runner[1], level),
        spent_by_other=reached(other[1], level) or 0.0,
        lowest=float(runner[1].y.min()),
    )
