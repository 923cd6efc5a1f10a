"""Which of the prompts a training run continues. Pure."""

from collections.abc import Sequence
from itertools import chain, zip_longest

from trainer.scoring.suite import Prompt


def chosen(suite: Sequence[Prompt], count: int) -> tuple[Prompt, ...]:
    """Return `count` prompts spread evenly over the kinds, at most all; fewer are their beginning.

    Those of the reference experiment come first, then one of each kind in turn, kinds and prompts
    in the order of the suite.
    """
    reference = [prompt for prompt in suite if prompt.kind == "reference"]
    kinds = dict.fromkeys(prompt.kind for prompt in suite if prompt.kind != "reference")
    columns = [[prompt for prompt in suite if prompt.kind == kind] for kind in kinds]
    turns = chain.from_iterable(zip_longest(*columns))
    ordered = [*reference, *(prompt for prompt in turns if prompt is not None)]
    return tuple(ordered[:count])
