"""The samples that are judged: the prompt suite continued, sampled and greedily. Scores nothing."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from trainer.continuations import continue_all
from trainer.sampling_settings import JUDGED, Limits, Settings
from trainer.scoring.samples import Sample
from trainer.scoring.suite import Prompt
from trainer.tokenizer import Tokenizer
from trainer.trained import TrainedModel

GREEDY = replace(JUDGED, temperature=0.0)
"""The likeliest token each time: the same text whatever the seed."""


def draw(
    trained: TrainedModel,
    prompts: Sequence[Prompt],
    seeds: Sequence[int],
    settings: Settings,
    tokenizer: Tokenizer,
    on_progress: Callable[[int, int], None],
) -> tuple[Sample, ...]:
    """Return a continuation of each prompt.

    Args:
        trained: the weights.
        prompts: one for each sample.
        seeds: one for each sample.
        settings: how to draw.
        tokenizer: of the model.
        on_progress: called with tokens drawn and in all, at most.

    Raises:
        TokmonError: the model's output is not finite.
    """
    limits = Limits(
        seq_len=trained.config.data.seq_len,
        vocab_size=tokenizer.vocab_size,
        end_of_text=tokenizer.end_of_text,
    )
    prompt_ids = [tokenizer.encode(prompt.text) for prompt in prompts]
    drawn = continue_all(
        trained.model, prompt_ids, seeds, settings, limits, on_progress=on_progress
    )
    return tuple(
        Sample.of_ids(
            tokenizer, prompt.text, found.ids, is_finished=found.is_finished, prompt_ids=ids
        )
        for prompt, ids, found in zip(prompts, prompt_ids, drawn, strict=True)
    )
