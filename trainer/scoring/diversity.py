"""How much the samples of a set differ from each other, with intervals. Pure."""

from collections import Counter
from collections.abc import Hashable, Sequence

from trainer.repetition import ngrams_of
from trainer.scoring.intervals import Estimate, jackknife


def distinct(samples: Sequence[Sequence[Hashable]], n: int) -> Estimate:
    """Return `trainer.repetition.distinct_n` with its interval; Li et al. 2015, 1510.03055."""
    return _unique_share([ngrams_of(sample, n) for sample in samples])


def unique_outputs(texts: Sequence[str]) -> Estimate:
    """Return different texts / texts; a model that says the same to every prompt has 1 / texts.

    distinct-n of whole texts; as in Caccia et al. 2018, arXiv 1811.02549, where quality is had at
    the cost of diversity.
    """
    return _unique_share([[text] for text in texts])


def _unique_share(samples: Sequence[Sequence[Hashable]]) -> Estimate:
    """Return unique items / items over all samples."""
    sets = [set(sample) for sample in samples]
    holders = Counter(item for items in sets for item in items)
    total = sum(len(sample) for sample in samples)
    own = [sum(holders[item] == 1 for item in items) for items in sets]
    # What goes with a sample is what it alone has.
    without = [
        _share(len(holders) - alone, total - len(sample))
        for alone, sample in zip(own, samples, strict=True)
    ]
    return jackknife(_share(len(holders), total), without)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
