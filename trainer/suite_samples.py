"""Continues the suite's prompts with a model as it stands, and scores them. Writes no file.

Nothing of the model changes, no random number of the training is drawn, and the seeds are the same
in every round: two rounds differ by the weights alone.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from tokmon.rundir.records import Sample, iso
from trainer.config import Config
from trainer.continuations import Continuation, continue_all
from trainer.model import Model
from trainer.repetition import is_degenerate, merged_whitespace, seq_rep_n
from trainer.sampling_prompts import chosen
from trainer.sampling_settings import JUDGED, Limits
from trainer.scoring import samples as scored
from trainer.scoring.python_text import Verdict, has_keyword, judge
from trainer.scoring.suite import Prompt, load_suite
from trainer.tokenizer import Tokenizer


class Round(NamedTuple):
    """The samples of one step."""

    samples: tuple[Sample, ...]
    """One for each prompt."""

    @property
    def mode_collapse(self) -> float:
        """Share of collapsed samples."""
        return statistics.fmean(bool(sample.collapsed) for sample in self.samples)

    @property
    def keyword_presence(self) -> float:
        """Share with a Python keyword."""
        return statistics.fmean(bool(sample.has_keyword) for sample in self.samples)

    @property
    def validity(self) -> float:
        """Share that parses."""
        return statistics.fmean(sample.validity == Verdict.VALID for sample in self.samples)

    @property
    def seq_rep_4(self) -> float | None:
        """Mean over the samples that have one; None where none has."""
        known = [sample.seq_rep_4 for sample in self.samples if sample.seq_rep_4 is not None]
        return statistics.fmean(known) if known else None

    @property
    def worst(self) -> Sample:
        """The collapsed sample that repeats itself most, if one is collapsed."""
        return max(self.samples, key=lambda sample: (bool(sample.collapsed), sample.seq_rep_4 or 0))


class SuiteSamples:
    """Draws rounds.

    Args:
        config: how many prompts, how long.
        tokenizer: that the model was trained with.
    """

    def __init__(self, config: Config, tokenizer: Tokenizer) -> None:
        self.prompts = chosen(load_suite(), config.sample.prompts)
        """What is continued, each with its place as its seed."""
        self._tokenizer = tokenizer
        self._ids = [tokenizer.encode(prompt.text) for prompt in self.prompts]
        self._settings = replace(JUDGED, max_new_tokens=config.sample.max_new_tokens)
        self._limits = Limits(
            seq_len=config.data.seq_len,
            vocab_size=tokenizer.vocab_size,
            end_of_text=tokenizer.end_of_text,
        )

    def draw(
        self,
        model: Model,
        step: int,
        moment: float,
        after_step: Callable[[int, int], None] | None = None,
    ) -> Round:
        """Return a round of `model` at `step`.

        Args:
            model: as it stands, in any mode: it has no dropout.
            step: that it was trained to.
            moment: of the round, seconds since 1970.
            after_step: called with tokens drawn and in all, after each was drawn for every prompt;
                what it raises ends the round.

        Raises:
            TokmonError: the model's output is not finite.
        """
        begin = time.perf_counter()
        seeds = range(len(self.prompts))
        continuations = continue_all(
            model,
            self._ids,
            seeds,
            self._settings,
            self._limits,
            batch_size=len(seeds),
            on_progress=after_step,
        )
        drawing_s = time.perf_counter() - begin
        drawn = enumerate(zip(self.prompts, continuations, strict=True))
        records = (
            self._record(prompt, continuation, seed, step, drawing_s, iso(moment))
            for seed, (prompt, continuation) in drawn
        )
        return Round(tuple(records))

    def _record(
        self,
        prompt: Prompt,
        continuation: Continuation,
        seed: int,
        step: int,
        drawing_s: float,
        moment: str,
    ) -> Sample:
        ids, is_finished = continuation
        sample = scored.Sample.of_ids(self._tokenizer, prompt.text, ids, is_finished=is_finished)
        return Sample(
            prompt=prompt.text,
            text=sample.text,
            step=step,
            tokens=len(ids),
            seed=seed,
            finish_reason="end_of_text" if is_finished else "length",
            seq_rep_4=seq_rep_n(merged_whitespace(sample.pieces), 4),
            collapsed=is_degenerate(sample.pieces, sample.text),
            tokens_per_sec=round(len(ids) / drawing_s, 1),
            has_keyword=has_keyword(sample.prompt, sample.text),
            validity=str(judge(sample.prompt, sample.text, is_finished=is_finished)),
            prompt_id=prompt.id,
            time=moment,
        )
