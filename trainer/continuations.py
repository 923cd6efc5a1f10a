"""Many prompts continued to their ends, in batches. Streams nothing; `trainer.generate` does."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from trainer.generate import generate_batch
from trainer.model import Model
from trainer.sampling_settings import Limits, Settings


class Continuation(NamedTuple):
    """What followed a prompt."""

    ids: tuple[int, ...]
    """Its tokens, without the end of text."""
    is_finished: bool
    """Whether the model ended the document, rather than the length."""


def continue_all(
    model: Model,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    settings: Settings,
    limits: Limits,
    *,
    batch_size: int = 32,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Continuation]:
    """Return the continuation of each prompt, in their order.

    Args:
        model: in evaluation, on any device.
        prompts: token ids; an empty one starts a document.
        seeds: of the draws, one for each prompt.
        settings: how to draw, and how long.
        limits: of the model and the tokenizer.
        batch_size: prompts at a time.
        on_progress: called with tokens drawn and in all, at most.

    Raises:
        TokmonError: as `generate` does.
    """
    # Those of like length go together: what pads a row is read for nothing.
    order = sorted(range(len(prompts)), key=lambda index: len(prompts[index]))
    found: dict[int, Continuation] = {}
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        done = len(found) * settings.max_new_tokens
        batch = [prompts[index] for index in chosen], [seeds[index] for index in chosen]
        rows: list[list[int]] = [[] for _ in chosen]
        for place, choices in enumerate(generate_batch(model, *batch, settings, limits), start=1):
            for choice in choices:
                rows[choice.row].append(choice.token)
            if on_progress is not None:
                on_progress(done + place * len(chosen), len(prompts) * settings.max_new_tokens)
        for index, ids in zip(chosen, rows, strict=True):
            found[index] = _continuation(ids, limits.end_of_text)
    return [found[index] for index in range(len(prompts))]


def _continuation(ids: list[int], end_of_text: int) -> Continuation:
    is_finished = bool(ids) and ids[-1] == end_of_text
    return Continuation(tuple(ids[:-1] if is_finished else ids), is_finished)
