"""Prints evaluations for people: the conclusion first, then every number beside human code's."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from trainer.evaluation.result import Result
from trainer.evaluation.verdicts import (
    KEYWORD_PRESENCE,
    MODE_COLLAPSE,
    Form,
    Target,
    against_human,
    against_xz,
    no_goal,
    shown,
)
from trainer.scoring.intervals import Estimate
from trainer.scoring.measures import Scores

_STYLES = {"met": "green", "like human": "green", "missed": "red", "not valid": "bold red"}


class _Metric(NamedTuple):
    """A row of samples."""

    key: str
    label: str
    form: Form
    target: Target | None = None


_SAMPLED = (
    _Metric("mode_collapse", "mode collapse", "percent", MODE_COLLAPSE),
    _Metric("keyword_presence", "keyword presence", "percent", KEYWORD_PRESENCE),
    _Metric("validity", "validity", "percent"),
    _Metric("complete", "  complete", "percent"),
    _Metric("seq_rep_4", "seq-rep-4", "number"),
    _Metric("rep_line", "rep-line", "number"),
    _Metric("distinct_2", "distinct-2", "number"),
    _Metric("unique_outputs", "unique outputs", "percent"),
    _Metric("zlib_ratio", "zlib ratio", "number"),
    _Metric("longest_copy", "longest copy", "number"),
    _Metric("entropy", "entropy", "number"),
)
_GREEDY = tuple(
    metric
    for metric in _SAMPLED
    if metric.key
    in {"mode_collapse", "keyword_presence", "validity", "seq_rep_4", "distinct_2", "longest_copy"}
)


def print_result(console: Console, result: Result) -> None:
    """Print one evaluation."""
    _print_head(console, result)
    console.print(_table(result))
    facts = {
        "held-out text": _text_words(result),
        "samples": _samples_words(result),
        "gate": _gate_words(result),
        "recorded loss": _recorded_words(result),
        "overlap": _overlap_words(result),
    }
    for name, value in facts.items():
        console.print(Text(f"{name:<16}{value}"), soft_wrap=True)
    console.print(Text(no_goal(result.corpus.bytes_per_token), style="dim"), soft_wrap=True)


def print_curve(console: Console, results: Sequence[Result]) -> None:
    """Print a row for each checkpoint of a run, the oldest first, and human code below them."""
    table = Table(box=None, pad_edge=False)
    headings = ("loss", "PPL", "bpb", "collapse", "greedily", "keyword", "valid", "distinct-2")
    table.add_column("checkpoint", overflow="fold")
    for heading in ("step", *headings):
        table.add_column(heading, justify="right")
    table.add_column("verdict")
    for result in results:
        cells = _curve_cells(result.scores, result.greedy)
        name, verdict = Text(_short_names(result)), _styled(result.verdict, result)
        table.add_row(name, f"{result.step:,}", *cells, verdict)
    if results:
        newest = results[-1]
        human = _human_cells(newest.scores, newest.greedy)
        table.add_row("human code", "", "", "", "", *human, "")
    console.print(table)
    for result in results:
        for line in (*result.faults, *result.notes):
            console.print(Text(f"{result.checkpoint}: {line}"), soft_wrap=True)


def _print_head(console: Console, result: Result) -> None:
    style = "bold" if result.is_valid else "bold red"
    console.print(Text(result.conclusion, style=style), soft_wrap=True)
    where = f"{result.checkpoint} of {result.experiment}, step {result.step:,}, {result.device}"
    console.print(Text(where, style="dim"), soft_wrap=True)
    for note in result.notes:
        console.print(Text(f"note: {note}"), soft_wrap=True)


def _short_names(result: Result) -> str:
    """Return the files without what all of a run's have: `step5000`, or `best, final`."""
    names = result.checkpoint.split(", ")
    prefix = f"{result.experiment}_"
    return ", ".join(name.removeprefix(prefix).removesuffix(".pt") for name in names)


def _table(result: Result) -> Table:
    # 80 columns hold all of it.
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("", no_wrap=True)
    for heading in ("ours", "95 % interval", "human", "target"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    _add_predicted(table, result)
    _add_heading(table, f"{result.scores.samples} samples")
    _add_sampled(table, result, result.scores, _SAMPLED)
    _add_heading(table, f"{result.greedy.samples} greedy samples")
    _add_sampled(table, result, result.greedy, _GREEDY)
    return table


def _add_predicted(table: Table, result: Result) -> None:
    scores = result.scores
    bpb = "too good to be true" if result.verdict == "too good to be true" else ""
    rows: tuple[tuple[str, Estimate, Form, str, str], ...] = (
        ("val loss", scores.val_loss, "number", "", ""),
        ("val PPL", scores.val_ppl, "number", "< 1.01", "not a goal"),
        ("val bits/byte", scores.val_bpb, "number", "", bpb or against_xz(scores.val_bpb)),
        ("keyword accuracy", scores.keyword_accuracy, "percent", "", ""),
        ("token accuracy", scores.accuracy.get("all", Estimate()), "percent", "", ""),
    )
    _add_heading(table, "held-out text")
    for label, ours, form, target, verdict in rows:
        cells = (shown(ours.value, form), _interval(ours, form), "", target)
        table.add_row(label, *cells, _styled(verdict, result))


def _add_sampled(table: Table, result: Result, scores: Scores, metrics: Sequence[_Metric]) -> None:
    for key, label, form, target in metrics:
        ours, human = getattr(scores, key), getattr(scores.human, key)
        words = [target.verdict(ours)] if target else []
        words.append(against_human(ours, human))
        table.add_row(
            label,
            shown(ours.value, form),
            _interval(ours, form),
            shown(human.value, form),
            _target_words(target),
            _styled(", ".join(filter(None, words)), result),
        )


def _add_heading(table: Table, words: str) -> None:
    table.add_row(Text(words, style="bold"))


def _interval(estimate: Estimate, form: Form) -> str:
    if estimate.low is None:
        return ""
    return f"{shown(estimate.low, form)} to {shown(estimate.high, form)}"


def _target_words(target: Target | None) -> str:
    if target is None:
        return ""
    return f"{'<' if target.is_most else '>'} {100 * target.limit:.0f} %"


def _styled(verdict: str, result: Result) -> Text:
    """Return a verdict; numbers that are not valid have no other one."""
    words = verdict if result.is_valid or verdict.startswith("too good") else "not valid"
    style = next((_STYLES[start] for start in _STYLES if words.startswith(start)), "")
    return Text(words, style=style)


def _text_words(result: Result) -> str:
    settings, corpus = result.settings, result.corpus
    windows = f"{settings.windows:,} windows of {settings.seq_len} tokens"
    whose = "held out by the run" if corpus.is_own else "NOT the corpus of its training"
    return f"{corpus.name}, {whose}; {windows}, {settings.read_windows:,} of them for accuracy"


def _overlap_words(result: Result) -> str:
    corpus = result.corpus
    return (
        f"{corpus.overlap:.1%} of the held-out 13-grams stand in training, "
        f"{corpus.overlap_without_whitespace:.1%} without whitespace tokens"
    )


def _samples_words(result: Result) -> str:
    settings = result.settings
    return (
        f"{settings.prompts} prompts x {settings.samples_per_prompt}, "
        f"{settings.max_new_tokens} tokens, temperature {settings.temperature}, "
        f"top-p {settings.top_p}, seed {settings.seed}"
    )


def _gate_words(result: Result) -> str:
    gate = result.gate
    if not gate["passed"]:
        return f"CLOSED: {'; '.join(gate['faults'])}"
    return (
        f"open: none of {gate['positions']} positions sees later tokens, loss on random tokens "
        f"{gate['random_loss']:.2f} (at least {gate['random_loss_floor']:.2f})"
    )


def _recorded_words(result: Result) -> str:
    recorded = result.recorded
    if recorded["val_loss"] is None:
        return "none of this text: not compared"
    when = "" if recorded["is_of_this_step"] else " at the evaluation before"
    verdict = "agrees" if recorded["passed"] else "DIFFERS"
    return f"{recorded['val_loss']:.4f}{when}, measured {recorded['measured']:.4f}: {verdict}"


def _curve_cells(scores: Scores, greedy: Scores) -> tuple[str, ...]:
    numbers = (scores.val_loss, scores.val_ppl, scores.val_bpb)
    return (*(shown(number.value, "number") for number in numbers), *_shares(scores, greedy))


def _human_cells(scores: Scores, greedy: Scores) -> tuple[str, ...]:
    human, human_greedy = scores.human, greedy.human
    return (
        shown(human.mode_collapse.value, "percent"),
        shown(human_greedy.mode_collapse.value, "percent"),
        shown(human.keyword_presence.value, "percent"),
        shown(human.validity.value, "percent"),
        shown(human.distinct_2.value, "number"),
    )


def _shares(scores: Scores, greedy: Scores) -> tuple[str, ...]:
    return (
        shown(scores.mode_collapse.value, "percent"),
        shown(greedy.mode_collapse.value, "percent"),
        shown(scores.keyword_presence.value, "percent"),
        shown(scores.validity.value, "percent"),
        shown(scores.distinct_2.value, "number"),
    )
