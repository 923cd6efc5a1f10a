"""What the model writes: the newest round of samples, a few of them whole, and rounds over time."""

import numpy as np

from tokmon.monitor.generation_summary import last_round
from tokmon.monitor.milestones import milestones
from tokmon.monitor.sample_rounds import Round, rounds
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.report.comparison_figures import share
from tokmon.report.document import Block, Code, CodeBlock, Paragraph, Section, Strong, Table, Text
from tokmon.rundir.records import Sample

_MAX_SAMPLES = 16
_MAX_ROUNDS = 10
_WHOLE = 3
_WHOLE_LINES, _WHOLE_CHARACTERS = 24, 1500
_PROMPT, _BEGINNING = 40, 60
_NEWLINE = "\u21b5"
_VALIDITY = {"valid": "valid", "invalid": "invalid", "nothing": "no statement"}


def generation(state: RunState) -> Section:
    """Return samples and how they were judged."""
    known = rounds(state.samples)
    if not known:
        told = [event for event in state.events if event.event == "samples_left_out"]
        why = f" The trainer left rounds out: {told[-1].message}" if told else ""
        return Section("Generation", (Paragraph(f"No text was sampled during training.{why}"),))
    newest = Round(known[0].step, last_round(state.samples))
    blocks: list[Block] = [Paragraph(_heading(newest)), _table(newest), *_over_time(known)]
    for sample in _chosen(newest):
        blocks += _whole(sample)
    return Section("Generation", tuple(blocks))


def _heading(newest: Round) -> Text:
    where = "" if newest.step is None else f" at step {newest.step:,}"
    count = len(newest.samples)
    shown = f"; the first {_MAX_SAMPLES} are shown" if count > _MAX_SAMPLES else ""
    samples = f"{count} sample{'s' if count > 1 else ''}"
    return f"The newest round, {samples}{where}{shown}. {_NEWLINE} is a line's end."


def _table(newest: Round) -> Table:
    rows = tuple(
        (
            Code(beginning(sample.prompt, _PROMPT)),
            Code(beginning(sample.text, _BEGINNING)),
            figures.UNKNOWN if sample.seq_rep_4 is None else f"{sample.seq_rep_4:.2f}",
            _collapsed(sample),
            _known(sample.has_keyword, "yes", "no"),
            figures.UNKNOWN if sample.validity is None else _validity(sample.validity),
        )
        for sample in newest.samples[:_MAX_SAMPLES]
    )
    heading = ("Prompt", "Continuation", "seq-rep-4", "Collapsed", "Keyword", "Python")
    return Table(heading, rows, numbers=frozenset({2}))


def _over_time(known: list[Round]) -> list[Block]:
    """Return shares over the rounds: whether a run began to repeat itself shows here."""
    timed = [
        one for one in reversed(known) if one.step is not None and one.count("collapsed", True)[1]
    ]
    kept = milestones(np.arange(1, len(timed) + 1, dtype=np.int64), _MAX_ROUNDS)
    rows = tuple(
        (
            figures.count(timed[index].step),
            _share(timed[index], "collapsed", True),
            _share(timed[index], "has_keyword", True),
            _share(timed[index], "validity", "valid"),
        )
        for index in kept
    )
    heading = ("Round at step", "Collapsed", "With keyword", "Valid Python")
    return [Table(heading, rows, numbers=frozenset(range(4)))] if len(rows) > 1 else []


def _share(one: Round, key: str, value: object) -> str:
    found, judged = one.count(key, value)
    return f"{share(found / judged)} ({found} of {judged})" if judged else figures.UNKNOWN


def _chosen(newest: Round) -> list[Sample]:
    """Return the first samples, and the first that collapsed if it is not among them."""
    first = list(newest.samples[:_WHOLE])
    if not any(sample.collapsed for sample in first):
        first += [sample for sample in newest.samples[_WHOLE:] if sample.collapsed][:1]
    return first


def _whole(sample: Sample) -> list[Block]:
    text = sample.prompt + sample.text
    lines = text.split("\n")
    shown = "\n".join(lines[:_WHOLE_LINES])[:_WHOLE_CHARACTERS]
    named: list[str | Code] = [
        "Prompt ",
        Code(beginning(sample.prompt, _PROMPT)),
        " and what follows",
    ]
    if len(shown) < len(text):
        named.append(f" ({len(shown):,} of {len(text):,} characters)")
    return [Paragraph((*named, ":")), CodeBlock(shown)]


def beginning(text: str, length: int) -> str:
    """Return the beginning of a text on one line, its newlines as signs."""
    shown = text[: length + 1].replace("\n", _NEWLINE)
    return shown if len(text) <= length else f"{shown[: length - 3].rstrip()}..."


def _collapsed(sample: Sample) -> Text:
    if sample.collapsed is None:
        return figures.UNKNOWN
    return Strong("COLLAPSED") if sample.collapsed else "no"


def _validity(verdict: str) -> Text:
    return _VALIDITY.get(verdict) or Code(verdict)


def _known(value: bool | None, yes: str, no: str) -> str:
    return figures.UNKNOWN if value is None else yes if value else no
