"""Runs of one configuration and several seeds: their spread, and whether two of these differ. Pure.

Nothing here depends on the order of the runs, but that groups and runs are listed in it.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import mean, stdev
from typing import Any

import msgspec

from tokmon.monitor.compared import LABELS, Result, is_leaking
from tokmon.monitor.welch import Welch, mean_interval, welch
from tokmon.rundir.records import RunInfo

_NAME, _SEED = "experiment", "seed"
_MAX_DEPTH = 16
_EXACT = 2.0**53


@dataclass(frozen=True, slots=True)
class Metric:
    """A number that groups are compared by."""

    key: str
    """As in JSON."""
    title: str
    is_share: bool = False
    """Whether it lies between 0 and 1."""


METRICS = (
    Metric("best_val_loss", "best validation loss"),
    Metric("best_val_bpb", "best bits per byte"),
    Metric("val_loss", "final validation loss"),
    Metric("train_loss", "final train loss, averaged"),
    Metric("mode_collapse", "mode collapse", is_share=True),
    Metric("keyword_presence", "keyword presence", is_share=True),
    Metric("validity", "validity", is_share=True),
    Metric("seq_rep_4", "seq-rep-4", is_share=True),
    Metric("distinct_2_words", "distinct-2 of words", is_share=True),
    Metric("tokens_per_sec", "tokens/s"),
)


@dataclass(frozen=True, slots=True)
class Spread:
    """One metric over the seeds of a group."""

    values: tuple[float, ...]
    """One a seed, the mean where a seed was run several times; ascending."""
    mean: float
    sd: float | None
    """Standard deviation of a sample, with n - 1; None for one seed."""
    low: float | None
    """Lower end of the mean's 95 % interval by Student's t, of shares cut to 0 and 1; None for one
    seed, or where all are the same."""
    high: float | None
    """Upper end."""


@dataclass(frozen=True, slots=True)
class Group:
    """Runs whose config is the same but for name and seed, on one corpus with one tokenizer."""

    indexes: tuple[int, ...]
    """Of the runs, ascending."""
    seeds: int
    """Different ones: a seed that was run twice counts once."""
    spreads: Mapping[str, Spread]
    """By the key of METRICS, where at least one seed has the metric."""

    @property
    def label(self) -> str:
        """The letters of its runs: AB."""
        return "".join(LABELS[index] for index in self.indexes)


@dataclass(frozen=True, slots=True)
class GroupTest:
    """Welch's test of one metric between two groups."""

    metric: Metric
    first: str
    """The label of a group."""
    second: str
    outcome: Welch | str
    """Of the second less the first, or why there is none."""


def same_config(infos: Sequence[RunInfo | None]) -> tuple[tuple[int, ...], ...]:
    """Return all runs by index, those together that are one configuration but for the seed.

    Config, corpus and tokenizer have to be the same, what is not recorded included, and so has what
    the causality gate said. A run without run.json or without a seed is alone.
    """
    homes: dict[Hashable, list[int]] = {}
    for index, info in enumerate(infos):
        homes.setdefault(index if info is None else _identity(info, index), []).append(index)
    return tuple(tuple(home) for home in homes.values())


def seeds_of(infos: Sequence[RunInfo | None], indexes: Sequence[int]) -> dict[str, list[int]]:
    """Return the runs of a group by their seed, as JSON."""
    found: dict[str, list[int]] = {}
    for index in indexes:
        info = infos[index]
        seed = "" if info is None else _canonical(info.config.get(_SEED))
        found.setdefault(seed, []).append(index)
    return found


def groups_of(infos: Sequence[RunInfo | None], results: Sequence[Result]) -> tuple[Group, ...]:
    """Return the groups, one of a single run included, in the order of their first runs."""
    return tuple(_group(infos, results, indexes) for indexes in same_config(infos))


def group_tests(groups: Sequence[Group]) -> tuple[GroupTest, ...]:
    """Return Welch's test for each two groups and each metric that both have.

    P values are as they are: not corrected for how many metrics and pairs are looked at. Where one
    of the two has a single seed, one line says so for all metrics.
    """
    found = []
    for first, second in combinations(groups, 2):
        is_possible = min(first.seeds, second.seeds) > 1
        for metric in METRICS if is_possible else METRICS[:1]:
            one, other = first.spreads.get(metric.key), second.spreads.get(metric.key)
            if one is not None and other is not None:
                outcome = welch(one.values, other.values)
                found.append(GroupTest(metric, first.label, second.label, outcome))
    return tuple(found)


def value_of(result: Result, key: str) -> float | None:
    """Return a run's value of one of METRICS; None where it has none."""
    generation = result.generation
    if generation is not None and hasattr(generation, key):
        found = getattr(generation, key)
        return None if found is None else float(found.value)
    value = getattr(result, key, None)
    return None if value is None else float(value)


def _group(
    infos: Sequence[RunInfo | None], results: Sequence[Result], indexes: tuple[int, ...]
) -> Group:
    by_seed = seeds_of(infos, indexes)
    spreads = {}
    for metric in METRICS:
        values = [_of_seed(results, runs, metric.key) for runs in by_seed.values()]
        # Sorted, so that the order of the runs does not change the last bit of a sum.
        known = sorted(value for value in values if value is not None)
        if known:
            spreads[metric.key] = _spread(known, is_share=metric.is_share)
    return Group(indexes, len(by_seed), spreads)


def _of_seed(results: Sequence[Result], runs: Sequence[int], key: str) -> float | None:
    """Return the mean over runs of one seed: they are one draw, not several."""
    values = [value_of(results[index], key) for index in runs]
    known = sorted(value for value in values if value is not None)
    return mean(known) if known else None


def _spread(values: Sequence[float], *, is_share: bool) -> Spread:
    sd = stdev(values) if len(values) > 1 else None
    ends = mean_interval(values)
    if ends is None:
        return Spread(tuple(values), mean(values), sd, None, None)
    low, high = (min(1.0, max(0.0, end)) for end in ends) if is_share else ends
    return Spread(tuple(values), mean(values), sd, low, high)


def _identity(info: RunInfo, index: int) -> Hashable:
    """Return what is the same for the seeds of one configuration, and for no other."""
    if _SEED not in info.config:
        return index
    config = {key: value for key, value in info.config.items() if key not in (_NAME, _SEED)}
    corpus, tokenizer = info.corpus.get("fingerprint"), info.tokenizer.get("sha256")
    return _canonical([config, corpus, tokenizer, is_leaking(info)])


def _canonical(value: Any) -> str:
    """Return JSON that is the same for equal values: keys sorted, 1.0 as 1, while true is not 1."""
    return msgspec.json.encode(_plain(value, 0), order="deterministic").decode()


def _plain(value: Any, depth: int) -> Any:
    if isinstance(value, float) and value.is_integer() and abs(value) < _EXACT:
        return int(value)
    if depth < _MAX_DEPTH and isinstance(value, dict):
        return {key: _plain(part, depth + 1) for key, part in value.items()}
    if depth < _MAX_DEPTH and isinstance(value, list):
        return [_plain(part, depth + 1) for part in value]
    return value
