"""What the numbers mean, in words: against human code, against the reference's targets. Pure."""

import math
from collections.abc import Sequence
from typing import Literal, NamedTuple

from trainer.evaluation.result import Verdict
from trainer.evaluation.trust import XZ_BPB
from trainer.scoring.intervals import Estimate
from trainer.scoring.measures import Scores

COLLAPSED = 0.5
"""Share of collapsed samples from which on a model counts as collapsed."""
REFERENCE_PPL = 1.01
_MODE_COLLAPSE = 0.10
_KEYWORDS = 0.90
_CLOSE_TO_HUMAN = 0.5
"""Share of human code's validity that a model needs to count as writing code."""


class Target(NamedTuple):
    """What the reference experiment wanted of a metric."""

    limit: float
    is_most: bool
    """Whether less is wanted; else more."""

    def verdict(self, found: Estimate) -> str:
        """Return met or missed, with a question mark where the interval holds the limit."""
        if found.value is None:
            return ""
        is_met = found.value < self.limit if self.is_most else found.value > self.limit
        is_open = found.low is not None and found.high is not None
        is_open = is_open and (found.low or 0) <= self.limit <= (found.high or 0)
        return ("met" if is_met else "missed") + ("?" if is_open else "")


MODE_COLLAPSE = Target(_MODE_COLLAPSE, is_most=True)
KEYWORD_PRESENCE = Target(_KEYWORDS, is_most=False)


def against_human(ours: Estimate, human: Estimate) -> str:
    """Return how a metric lies to that of human code: like it where the 95 % intervals meet."""
    low, high = _ends(ours)
    human_low, human_high = _ends(human)
    if math.isnan(low) or math.isnan(human_low):
        return ""
    if low > human_high:
        return "above human"
    return "below human" if high < human_low else "like human"


def against_xz(val_bpb: Estimate) -> str:
    """Return how bits a byte lie to those of xz."""
    if val_bpb.value is None:
        return ""
    return f"{'better' if val_bpb.value < XZ_BPB else 'worse'} than xz"


def no_goal(bytes_per_token: float) -> str:
    """Return why nobody should want the reference's perplexity."""
    bpb = math.log2(REFERENCE_PPL) / bytes_per_token
    return (
        f"A perplexity of {REFERENCE_PPL} would be {bpb:.4f} bits a byte here, "
        f"{XZ_BPB / bpb:.0f} times better than xz: only a leak gets there."
    )


def judged(scores: Scores, greedy: Scores) -> tuple[Verdict, str]:
    """Return the verdict on numbers that can be believed, and the sentence that says why."""
    verdict = _verdict(scores)
    collapse, human = scores.mode_collapse, scores.human.mode_collapse
    others = f"greedily {_percent(greedy.mode_collapse)}, human code {_percent(human)}"
    parts = [
        f"{_percent(collapse)} of samples repeat themselves ({others})",
        f"{_percent(scores.validity)} parse (human code {_percent(scores.human.validity)})",
        f"{_percent(scores.keyword_presence)} have a Python keyword",
    ]
    if scores.val_bpb.value is not None:
        parts.append(f"{scores.val_bpb.value:.2f} bits a byte on held-out text (xz {XZ_BPB})")
    return verdict, f"{verdict}: {', '.join(parts)}"


def refused(faults: Sequence[str], too_good: str) -> tuple[Verdict, str]:
    """Return the verdict on numbers that cannot be believed, and the sentence that says why.

    Args:
        faults: all that speaks against them.
        too_good: that of them which is only implausible; empty if it is none.
    """
    is_only_too_good = tuple(faults) == (too_good,)
    verdict: Verdict = "too good to be true" if is_only_too_good else "not valid"
    return verdict, f"{verdict}: {'; '.join(faults)}"


def _verdict(scores: Scores) -> Verdict:
    collapse, validity = scores.mode_collapse.value or 0.0, scores.validity.value or 0.0
    if collapse >= COLLAPSED:
        return "collapsed"
    if MODE_COLLAPSE.verdict(scores.mode_collapse) == "missed":
        return "repeats itself"
    if (scores.keyword_presence.value or 0.0) < COLLAPSED:
        return "writes no code yet"
    human = scores.human.validity.value or 0.0
    if validity >= _CLOSE_TO_HUMAN * human and validity > 0:
        return "writes code"
    return "writes pieces of code" if validity > 0 else "writes no code yet"


def against_target(target: Target | None, ours: Estimate) -> str:
    """Return what `Target.verdict` says, nothing where there is no target."""
    return target.verdict(ours) if target is not None else ""


Form = Literal["percent", "number"]


def shown(value: float | None, form: Form) -> str:
    """Return a metric for people; `-` where there is none."""
    if value is None:
        return "-"
    if form == "percent":
        return f"{100 * value:.0f} %" if value in (0, 1) else f"{100 * value:.1f} %"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}" if abs(value) >= 1 or value == 0 else f"{value:.3f}"


def _percent(share: Estimate) -> str:
    return "-" if share.value is None else f"{100 * share.value:.0f} %"


def _ends(estimate: Estimate) -> tuple[float, float]:
    """Return the interval; the value alone where none is known, NaN where nothing is."""
    value = math.nan if estimate.value is None else estimate.value
    low = value if estimate.low is None else estimate.low
    return low, value if estimate.high is None else estimate.high
