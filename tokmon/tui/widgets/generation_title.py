"""What stands over the generation panel: who answers, and which texts are in sight. Pure."""

from collections.abc import Sequence

from tokmon.report import figures
from tokmon.rundir.sampling import Ready
from tokmon.tui.text import MUTED, STRONG, Part, foreign, words


def title_parts(
    ready: Ready | None, checkpoints: Sequence[str], page: tuple[int, int], texts: int
) -> list[Part]:
    """Return the title; what is dropped last stands for most.

    Args:
        ready: what is loaded.
        checkpoints: that were chosen to answer; none is the best one.
        page: numbers of the first and the last text in sight, from 1.
        texts: how many there are.
    """
    return [Part(words("Generate")), *_source(ready, checkpoints), *_page(*page, texts)]


def _source(ready: Ready | None, checkpoints: Sequence[str]) -> list[Part]:
    """Return who answers: the device first, as it says how far to trust the speed."""
    if ready is None:
        return []
    parts = [Part(words("on ", foreign(ready.device, STRONG)), 1)]
    if len(checkpoints) > 1:
        return [Part(words(f"{len(checkpoints)} checkpoints")), *parts]
    if ready.val_loss is not None:
        parts.insert(0, Part(words("val loss ", (figures.loss(ready.val_loss), STRONG)), 3))
    step = Part(words("step ", (f"{ready.step:,}", STRONG)), 2)
    return [Part(foreign(ready.checkpoint), 4), step, *parts]


def _page(first: int, last: int, texts: int) -> list[Part]:
    if last - first + 1 >= texts:
        return []
    span = f"{first}" if first == last else f"{first}-{last}"
    return [Part(words((f"text {span} of {texts}", STRONG), (" (tab)", MUTED)), 0)]
