"""Expected against measured: the reference experiment's early table and targets, and this run.

Says why its target for the perplexity is not believed. Must not call a run bad for missing it.
"""

import math

import numpy as np

from tokmon.monitor import reference
from tokmon.monitor.generation_summary import GenerationSummary, generation_summary
from tokmon.monitor.intervals import Interval
from tokmon.monitor.observations import XZ_BPB, Belief, plausibility
from tokmon.monitor.progress_rows import at_steps
from tokmon.monitor.run_facts import facts
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.report.comparison_figures import interval, share
from tokmon.report.document import Code, Paragraph, Section, Strong, Table, Text, joined

_EARLY = (
    *("Step", "Loss, reference", "Loss, here", "Apart", "PPL, reference", "PPL, here"),
    *("Steps/s, reference", "Steps/s, here"),
)


_PPL_VERDICTS = {
    Belief.LEAKING: "with the causality gate closed",
    Belief.TOO_GOOD: "and still too good to be true",
}


def expected(state: RunState) -> Section:
    """Return the reference's numbers beside those of the run."""
    blocks = [_differences(state), *_early(state), *_targets(state), _disbelief(state)]
    return Section("Expected against measured", tuple(blocks))


def _differences(state: RunState) -> Paragraph:
    opening = "The reference: 28.36M parameters, 100 MB of Python, 50,000 steps, one RTX 5090."
    config = state.info.config if state.info else {}
    if not config or state.info is None:
        return Paragraph(f"{opening} The config of this run is not known.")
    differing = reference.differing_settings(config)
    if not differing:
        return Paragraph(f"{opening} Model, batch and schedule of this run are as its were.")
    known = {f"{fact.section}.{fact.key}": fact.value for fact in facts(state.info)}
    shown = [
        (Code(f"{key} = {known.get(f'config.{key}', '?')}"), f", not {reference.SETTINGS[key]:g}")
        for key in differing
    ]
    ending = ": its losses do not compare with the reference's step by step."
    return Paragraph((f"{opening} This run has ", *joined(shown, "; "), ending))


def _early(state: RunState) -> list[Paragraph | Table]:
    steps = tuple(line.step for line in reference.LINES)
    losses, speeds = (at_steps(state.frame, key, steps) for key in ("train_loss", "steps_per_sec"))
    if not np.isfinite(losses).any():
        return [
            Paragraph("The log does not reach the steps 100 to 500 that the reference tells of.")
        ]
    rows = tuple(
        (
            f"{line.step:,}",
            figures.loss(line.train_loss),
            figures.loss(loss),
            _signed(loss - line.train_loss),
            figures.figure(line.train_ppl),
            figures.figure(math.exp(min(loss, 700.0))),
            figures.rate(line.steps_per_sec),
            figures.rate(speed),
        )
        for line, loss, speed in zip(reference.LINES, losses.tolist(), speeds.tolist(), strict=True)
        if math.isfinite(loss)
    )
    return [Table(_EARLY, rows, numbers=frozenset(range(len(_EARLY))))]


def _targets(state: RunState) -> list[Table | Paragraph]:
    found = generation_summary(state.samples)
    collapse, keywords, validity = (
        (found.mode_collapse, found.keyword_presence, found.validity) if found else (None,) * 3
    )
    rows: tuple[tuple[Text, ...], ...] = (
        (
            "validation PPL",
            f"{reference.EARLIER_PPL} (loss {reference.EARLIER_LOSS})",
            f"< {reference.TARGET_PPL}",
            figures.figure(state.best.val_ppl if state.best else None),
            _ppl_verdict(state),
        ),
        (
            "mode collapse",
            share(reference.EARLIER_COLLAPSE),
            f"< {share(reference.TARGET_COLLAPSE)}",
            interval(collapse, share),
            _verdict(collapse, reference.TARGET_COLLAPSE, is_below=True),
        ),
        (
            "Python keywords",
            share(reference.EARLIER_KEYWORDS),
            f"> {share(reference.TARGET_KEYWORDS)}",
            interval(keywords, share),
            _verdict(keywords, reference.TARGET_KEYWORDS, is_below=False),
        ),
        (
            "coherent code",
            Code(reference.EARLIER_TEXT),
            "valid Python",
            interval(validity, share),
            "not measured" if validity is None else "see the samples below",
        ),
    )
    heading = ("Target", "Its earlier run", "Wanted", "Measured", "Verdict")
    return [Table(heading, rows), *_samples_note(found)]


def _samples_note(found: GenerationSummary | None) -> list[Paragraph]:
    if found is None:
        return []
    where = "" if found.step is None else f" at step {found.step:,}"
    shares = f"Shares are of the {found.samples:,} samples of the newest round{where}"
    ending = (f"{shares}, with 95 % intervals; ", Code("tokmon eval"), " measures the whole suite.")
    return [Paragraph(ending)]


def _ppl_verdict(state: RunState) -> str:
    found = plausibility(state)
    if found is None or state.best is None:
        return "not measured"
    if state.best.val_ppl < reference.TARGET_PPL:
        return "met, and not to be believed"
    return f"not met, {_PPL_VERDICTS.get(found.belief, 'as it should be')}"


def _disbelief(state: RunState) -> Paragraph:
    """Say in numbers why the target for the perplexity is none."""
    recorded = state.info.corpus.get("bytes_per_token") if state.info else None
    is_known = isinstance(recorded, int | float) and 0.1 < recorded < 100
    per_token = float(recorded) if is_known and recorded else reference.BYTES_PER_TOKEN
    target = reference.bits_per_byte(reference.TARGET_PPL, per_token)
    earlier = reference.bits_per_byte(reference.EARLIER_PPL, per_token)
    words = (
        f"at {per_token:.2f} bytes per token a PPL of {reference.TARGET_PPL} is {target:.4f} bits "
        f"per byte of unseen source, and the {reference.EARLIER_PPL} of its earlier run "
        f"{earlier:.3f}; xz needs {XZ_BPB}, {XZ_BPB / earlier:.0f} times as many. Together with "
        "collapsed samples that is the sign of a leak (no causal mask, or validation text in the "
        "training set), not of a good model. A causal model of this size is to beat xz, and does "
        "not come near 0.1."
    )
    said = Strong("Why its target for the perplexity is not believed: ")
    return Paragraph((said, words))


def _verdict(found: Interval | None, target: float, *, is_below: bool) -> str:
    """Return whether a target is met; an interval that holds it says that nobody knows yet."""
    if found is None:
        return "not measured"
    is_met = found.value < target if is_below else found.value > target
    said = "met" if is_met else "not met"
    is_unsure = (
        found.low is not None and found.high is not None and found.low <= target <= found.high
    )
    return f"{said}, by too few samples to be sure" if is_unsure else said


def _signed(apart: float) -> str:
    return f"{apart:+.3f}"
