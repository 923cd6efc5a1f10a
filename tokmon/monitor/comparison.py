"""All that is found when runs are compared, worked out once for Markdown, JSON and the screen.

Must not read files: what was read is handed in.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tokmon.monitor.alignment import Along, Measure
from tokmon.monitor.compared import LABELS, MAX_RUNS, Compared, Result, compared, results
from tokmon.monitor.config_difference import Difference, differences
from tokmon.monitor.eval_results import EvalResult
from tokmon.monitor.groups import Group, GroupTest, group_tests, groups_of
from tokmon.monitor.races import Race, axis_for, measure_for, races
from tokmon.monitor.remarks import caveats, remarks
from tokmon.monitor.side_by_side import Aligned, aligned, is_one_scale

__all__ = ["LABELS", "MAX_RUNS", "Comparison", "compare", "compared", "races", "remarks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two to eight runs; the first is the reference."""

    runs: tuple[Compared, ...]
    results: tuple[Result, ...]
    """One a run."""
    evals: tuple[EvalResult | None, ...]
    """One a run: what `tokmon eval` found, where that was handed in."""
    measure: Measure
    """What all of them can be compared by."""
    remarks: tuple[str, ...]
    """What has to be known first, a sentence each."""
    caveats: tuple[str, ...]
    """What else to know: of runs that are not over, and of evaluations."""
    differences: tuple[Difference, ...]
    aligned: tuple[Aligned, ...]
    """By axis, of those that a log has: the measure, and the train loss beside it."""
    is_one_scale: bool
    """Whether tokens are the same multiple of steps in all runs."""
    races: tuple[Race, ...]
    """By axis, then by run."""
    groups: tuple[Group, ...]
    """Runs of one configuration; a run alone is one too."""
    tests: tuple[GroupTest, ...]
    """Between groups, if any has several seeds."""

    @property
    def has_seeds(self) -> bool:
        """Whether any configuration was run with several seeds."""
        return any(group.seeds > 1 for group in self.groups)


def compare(
    runs: Sequence[Compared],
    along: Sequence[Along] = tuple(Along),
    evals: Sequence[EvalResult | None] = (),
    eval_remarks: Sequence[str] = (),
) -> Comparison:
    """Return what is found.

    Args:
        runs: two to eight, with their logs read in full.
        along: what they are aligned by.
        evals: one a run; empty where there are none.
        eval_remarks: what was found wrong with those.
    """
    found, infos = results(runs), [run.state.info for run in runs]
    measure = measure_for(runs)
    groups = groups_of(infos, found)
    has_seeds = any(group.seeds > 1 for group in groups)
    told = [aligned(runs, _measures(measure), axis) for axis in along]
    return Comparison(
        runs=tuple(runs),
        results=found,
        evals=tuple(evals) or (None,) * len(runs),
        measure=measure,
        remarks=remarks(runs),
        caveats=(*caveats(runs), *_of_evals(evals), *eval_remarks),
        differences=differences(infos),
        aligned=tuple(one for one in told if one.places),
        is_one_scale=is_one_scale(runs),
        races=tuple(
            race
            for axis in along
            if axis_for(runs, axis, measure) is axis
            for race in races(runs, 0, axis)
        ),
        groups=groups,
        tests=group_tests(groups) if has_seeds else (),
    )


def _measures(measure: Measure) -> tuple[Measure, ...]:
    return (measure,) if measure is Measure.TRAIN else (measure, Measure.TRAIN)


def _of_evals(evals: Sequence[EvalResult | None]) -> list[str]:
    """Tell why evaluations do not compare, or are not to be believed."""
    known = [found for found in evals if found is not None]
    told = []
    if len({found.corpus for found in known}) > 1:
        told.append("the evaluations are on held-out text of different corpora")
    for label, found in zip(LABELS, evals, strict=False):
        if found is not None and not found.is_valid:
            told.append(f"the evaluation of {label} is not valid by its own checks")
    return told
