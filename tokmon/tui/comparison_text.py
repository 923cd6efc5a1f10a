"""What the comparison of runs says in words. Pure functions of what was compared."""

from collections.abc import Sequence

from textual.content import Content

from tokmon.monitor.compared import LABELS, Result
from tokmon.monitor.comparison import Comparison
from tokmon.monitor.config_difference import Difference
from tokmon.monitor.groups import METRICS, GroupTest
from tokmon.monitor.races import Race
from tokmon.report import comparison_figures, figures
from tokmon.tui.comparison_table import COST, GENERATION, results_table, table
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.text import MUTED, PHASE_STYLES, STRONG, foreign, shortened, words

MAX_DIFFERENCES = 200
_MAX_VALUE = 120
_ABSENT = "absent"
_LEGEND_FIXED = 18


def everything(
    found: Comparison,
    told: Sequence[Race],
    colours: Sequence[str],
    reference: int,
    width: int,
    glyphs: Glyphs,
) -> Content:
    """Return legend, results, sentences, seeds, generated text, cost and config, one below another.

    Args:
        found: what was compared.
        told: who got where when, seen from the reference.
        colours: one a run.
        reference: index of the run that the others are held against.
        width: in cells.
        glyphs: the signs to draw with.
    """
    results = found.results
    blocks = [
        legend(results, colours, reference, width, glyphs),
        results_table(results, colours, width, glyphs),
        sentences(told, found.remarks),
        _titled("Seeds, best validation loss", seeds(found.tests)),
        _titled("Generated text, 95 %", table(GENERATION, results, colours, width)),
        _titled("Cost", cost(results, colours, width)),
        _titled("Config that differs", config(found.differences, width, glyphs)),
    ]
    return Content("\n\n").join([block for block in blocks if block is not None])


def legend(
    results: Sequence[Result], colours: Sequence[str], reference: int, width: int, glyphs: Glyphs
) -> Content:
    """Return a line for each run: letter, state, name; the reference is named so."""
    lines = []
    for index, (result, colour) in enumerate(zip(results, colours, strict=True)):
        sign = "ref" if index == reference else "   "
        phase = f"{glyphs.phases[result.phase]} {result.phase:<10}"
        name = shortened(result.name, max(4, width - _LEGEND_FIXED), glyphs)
        lines.append(
            words(
                (f"{result.label} ", f"bold {colour}"),
                (f"{sign} ", MUTED),
                (phase, PHASE_STYLES[result.phase]),
                f" {name}",
            )
        )
    return Content("\n").join(lines)


def sentences(races: Sequence[Race], remarks: Sequence[str]) -> Content:
    """Return what was found and what has to be known, a sentence a line."""
    lines = [words((remark, "$warning")) for remark in remarks]
    lines += [words((race.in_words(), "")) for race in races]
    return Content("\n").join(lines or [words(("no loss that all have to compare by", MUTED))])


def seeds(found: Sequence[GroupTest]) -> Content | None:
    """Return what the tests of the first metric say, a line for each two groups; None without."""
    lines = [words((_test(test), "")) for test in found if test.metric is METRICS[0]]
    return Content("\n").join(lines) if lines else None


def cost(results: Sequence[Result], colours: Sequence[str], width: int) -> Content | None:
    """Return what the runs took, and what to know of that; None where nothing is known."""
    found = table(COST, results, colours, width)
    if found is None:
        return None
    notes = [
        words((f"{result.label}: {result.cost.remark}", MUTED))
        for result in results
        if result.cost.energy is not None and result.cost.remark
    ]
    return Content("\n").join([found, *notes])


def config(differences: Sequence[Difference], width: int, glyphs: Glyphs) -> Content:
    """Return each key that differs, with the runs of each value; equal keys are left out."""
    if not differences:
        return words(("no recorded key differs", MUTED))
    lines = [
        line for found in differences[:MAX_DIFFERENCES] for line in _block(found, width, glyphs)
    ]
    if more := len(differences) - MAX_DIFFERENCES:
        lines += [words((f"and {more:,} keys more", MUTED))] if more > 0 else []
    return Content("\n").join(lines)


def _titled(title: str, block: Content | None) -> Content | None:
    return None if block is None else Content("\n").join([words((title, MUTED)), block])


def _test(test: GroupTest) -> str:
    outcome = test.outcome
    if isinstance(outcome, str):
        return f"{test.second} against {test.first}: no test is possible: {outcome}"
    low, value, high = (
        f"{number:+.3f}" for number in (outcome.low, outcome.difference, outcome.high)
    )
    return (
        f"{test.second} less {test.first}: {value} ({low} to {high}), "
        f"t {figures.figure(outcome.t)}, df {outcome.df:.1f}, "
        f"p {comparison_figures.probability(outcome.p)}"
    )


def _block(found: Difference, width: int, glyphs: Glyphs) -> list[Content]:
    """Return one key: on one line if there is room, else a line for each value."""
    groups: dict[str | None, str] = {}
    for label, value in zip(LABELS, found.values, strict=False):
        groups[value] = groups.get(value, "") + label
    key = foreign(shortened(found.key, width, glyphs), STRONG)
    room = max(8, min(_MAX_VALUE, width - len(groups) - 4))
    values = [_value(labels, value, room, glyphs) for value, labels in groups.items()]
    line = Content("  ").join([key, *values])
    if line.cell_length <= width:
        return [line]
    return [key, *(words("  ", value) for value in values)]


def _value(labels: str, value: str | None, room: int, glyphs: Glyphs) -> Content:
    shown = (_ABSENT, MUTED) if value is None else (shortened(value, room, glyphs), "")
    return words((f"{labels} ", MUTED), shown)
