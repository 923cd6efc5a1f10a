"""The section of a comparison about seeds: the spread of each group, and tests between them."""

from collections.abc import Callable

from tokmon.monitor.comparison import Comparison
from tokmon.monitor.groups import METRICS, Group, GroupTest, Spread
from tokmon.monitor.welch import Welch
from tokmon.report import comparison_figures as shown
from tokmon.report import figures
from tokmon.report.document import Block, Bullets, Paragraph, Table

_SHARES = frozenset({"mode_collapse", "keyword_presence", "validity"})
_RATES = frozenset({"tokens_per_sec"})


def seeds(comparison: Comparison) -> tuple[Block, ...]:
    """Return what several seeds of one configuration say; why no test is possible where none is."""
    if not comparison.has_seeds:
        return (Paragraph("No configuration here has two seeds or more: no test is possible."),)
    blocks: list[Block] = [_spreads(comparison.groups)]
    blocks.append(
        Paragraph(
            "Mean over seeds ± standard deviation (n - 1), in brackets the 95 % interval of the "
            "mean by Student's t, of shares cut to 0 and 1. n is the number of seeds."
        )
    )
    tested = [test for test in comparison.tests if isinstance(test.outcome, Welch)]
    if tested:
        blocks += [_tests(comparison.groups, tested), Paragraph(_CAUTION)]
    untested = [test for test in comparison.tests if isinstance(test.outcome, str)]
    if len(comparison.groups) == 1:
        blocks.append(Paragraph("All runs are one configuration: there is nothing to test."))
    if untested:
        blocks.append(Bullets(tuple(_why_not(comparison.groups, untested))))
    return tuple(blocks)


_CAUTION = (
    "Welch's two-sided t-test of the means; df are its degrees of freedom. The p values are not "
    "corrected for the number of metrics and pairs that are looked at, and with so few seeds the "
    "test sees large differences only."
)


def group_name(group: Group) -> str:
    """Return what a group is called: A, B or C alone."""
    letters = ", ".join(group.label)
    return letters if group.seeds > 1 else f"{letters} alone"


def _spreads(groups: tuple[Group, ...]) -> Table:
    rows = []
    for metric in METRICS:
        spreads = [(group.spreads.get(metric.key), group.seeds) for group in groups]
        if any(spread for spread, _ in spreads):
            rows.append((metric.title, *(_spread(*one, metric.key) for one in spreads)))
    heading = ("", *(f"{group_name(group)} (n = {group.seeds})" for group in groups))
    return Table(heading, tuple(rows), frozenset(range(1, len(heading))))


def _spread(spread: Spread | None, seeds: int, key: str) -> str:
    if spread is None:
        return figures.UNKNOWN
    show, count = _form(key), len(spread.values)
    # Not every seed needs to have every metric.
    told = show(spread.mean) if count == seeds else f"n = {count}: {show(spread.mean)}"
    if spread.sd is not None:
        told += f" ± {show(spread.sd)}"
    if spread.low is not None and spread.high is not None:
        told += f" ({show(spread.low)} to {show(spread.high)})"
    return told


def _tests(groups: tuple[Group, ...], tests: list[GroupTest]) -> Table:
    names = {group.label: group_name(group) for group in groups}
    rows = [
        (test.metric.title, f"{names[test.second]} less {names[test.first]}", *_outcome(test))
        for test in tests
    ]
    heading = ("", "difference of", "is", "95 % interval", "t", "df", "p")
    return Table(heading, tuple(rows), frozenset(range(2, len(heading))))


def _outcome(test: GroupTest) -> tuple[str, ...]:
    found, show = test.outcome, _form(test.metric.key)
    assert isinstance(found, Welch)
    ends = f"{show(found.low)} to {show(found.high)}"
    t = f"{found.t:.2f}" if abs(found.t) < 1e4 else f"{found.t:.1e}"
    return show(found.difference), ends, t, f"{found.df:.1f}", shown.probability(found.p)


def _why_not(groups: tuple[Group, ...], tests: list[GroupTest]) -> list[str]:
    """Return a sentence for each two groups and each reason."""
    names = {group.label: group_name(group) for group in groups}
    seeds = {group.label: group.seeds for group in groups}
    metrics: dict[tuple[str, str, str], list[str]] = {}
    for test in tests:
        key = (test.first, test.second, str(test.outcome))
        metrics.setdefault(key, []).append(test.metric.title)
    told = []
    for (first, second, reason), titles in metrics.items():
        is_of_all = min(seeds[first], seeds[second]) < 2
        about = "" if is_of_all else f" of {', '.join(titles)}"
        told.append(f"{names[first]} against {names[second]}: no test{about} is possible: {reason}")
    return told


def _form(key: str) -> Callable[[float], str]:
    if key in _SHARES:
        return _signed_share
    return figures.compact if key in _RATES else _number


def _number(value: float) -> str:
    return figures.loss(value) if abs(value) >= 0.0005 or value == 0 else f"{value:.1e}"


def _signed_share(value: float) -> str:
    return f"-{shown.share(-value)}" if value < 0 else shown.share(value)
