"""What the texts that a trainer sampled last are worth, with 95 % intervals. Pure.

Scores are the trainer's own, as the samples log has them; only distinct-2 is worked out here.
"""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tokmon.monitor.intervals import Interval, bootstrap_mean, jackknife, wilson
from tokmon.rundir.records import Sample

_UNIT = re.compile(r"\w+|\s+|[^\w\s]")
_VALID = "valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSummary:
    """A round of samples; a score that the log does not have is None."""

    step: int | None
    """Steps that the weights had taken."""
    samples: int
    """Texts of the round."""
    mode_collapse: Interval | None
    """Share that is collapsed (docs/RUN_DIRECTORY.md, Degenerate text); Wilson's interval."""
    keyword_presence: Interval | None
    """Share with a Python keyword as a word; Wilson's interval."""
    validity: Interval | None
    """Share that is Python up to the last complete statement, of which there has to be one;
    Wilson's interval."""
    seq_rep_4: Interval | None
    """Mean share of repeated 4-grams (Welleck et al. 2019, 1908.04319); bootstrap over texts."""
    distinct_2_words: Interval | None
    """Unique pairs / pairs over all texts, of words, signs and runs of whitespace, as the log holds
    no tokens: not the number of `tokmon eval`. Li et al. 2015, 1510.03055; jackknife over texts."""


def last_round(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """Return the samples of the newest round; where a prompt comes twice, the newer one.

    A resumed run draws rounds of earlier steps again: the newest is the one that was written last.
    """
    if not samples:
        return ()
    step = samples[-1].step
    found: dict[object, Sample] = {}
    for sample in reversed(samples):
        if sample.step != step:
            break
        # Without a name it is one of its own.
        found.setdefault(sample.prompt_id or len(found), sample)
    return tuple(reversed(found.values()))


def generation_summary(samples: Sequence[Sample]) -> GenerationSummary | None:
    """Return what the last round is worth; None where nothing was sampled."""
    drawn = last_round(samples)
    if not drawn:
        return None
    repetition = [sample.seq_rep_4 for sample in drawn]
    return GenerationSummary(
        step=drawn[-1].step,
        samples=len(drawn),
        mode_collapse=_share([sample.collapsed for sample in drawn]),
        keyword_presence=_share([sample.has_keyword for sample in drawn]),
        validity=_share([_is_valid(sample) for sample in drawn]),
        seq_rep_4=bootstrap_mean([x for x in repetition if x is not None and math.isfinite(x)]),
        distinct_2_words=distinct_2_words([sample.text for sample in drawn]),
    )


def distinct_2_words(texts: Sequence[str]) -> Interval | None:
    """Return unique pairs / pairs of words, signs and runs of whitespace over all texts.

    It falls as texts are added, so that only rounds of the same size compare. No pair reaches over
    two texts. None where there is none.
    """
    pairs = [list(pairwise(units_of(text))) for text in texts]
    sets = [set(found) for found in pairs]
    holders = Counter(pair for found in sets for pair in found)
    total = sum(map(len, pairs))
    if not total:
        return None
    # What goes with a text is what it alone has.
    own = [sum(holders[pair] == 1 for pair in found) for found in sets]
    rest = [
        (len(holders) - alone) / (total - len(found))
        for alone, found in zip(own, pairs, strict=True)
        if total > len(found)
    ]
    return jackknife(len(holders) / total, rest)


def units_of(text: str) -> list[str]:
    """Return words, single signs and runs of whitespace; together they are the text."""
    return _UNIT.findall(text)


def _share(flags: Sequence[bool | None]) -> Interval | None:
    known = [flag for flag in flags if flag is not None]
    return wilson(sum(known), len(known))


def _is_valid(sample: Sample) -> bool | None:
    return None if sample.validity is None else sample.validity == _VALID
