"""Continuations of prompts, token by token, with a KV cache. Knows no text and no files.

The weights' own precision is used, not the training's bfloat16: one token at a time leaves matrix
units idle anyway, and the nearer devices compute to each other, the more often the same seed gives
the same text on both.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from tokmon.rundir.errors import TokmonError
from trainer.drawing import draw, penalised
from trainer.kv_cache import Cache
from trainer.model import Model
from trainer.sampling_settings import Limits, Settings, checked_seed


class Choice(NamedTuple):
    """A token that was drawn."""

    row: int
    """Which of the prompts it continues."""
    token: int
    """Its id; the end of text is the last of its row."""
    probability: float | None = None
    """As the model has it, before temperature and filters; where alternatives were asked for."""
    alternatives: tuple[tuple[int, float], ...] = ()
    """Ids and probabilities of the likeliest tokens, likeliest first."""


def generate(
    model: Model, prompt_ids: Sequence[int], settings: Settings, limits: Limits, *, seed: int = 0
) -> Iterator[int]:
    """Yield the ids that continue one prompt, without the end of text that may end them.

    As `generate_batch`, with one row.
    """
    for choices in generate_batch(model, [prompt_ids], [seed], settings, limits):
        if choices[0].token != limits.end_of_text:
            yield choices[0].token


@torch.inference_mode()
def generate_batch(
    model: Model,
    prompts: Sequence[Sequence[int]],
    seeds: Sequence[int],
    settings: Settings,
    limits: Limits,
    alternatives: int = 0,
) -> Iterator[list[Choice]]:
    """Yield the next token of every prompt that has not ended, until all have.

    A row's tokens do not depend on the others but for rounding: a matrix product of more rows may
    add up in another order.

    Args:
        model: in evaluation, on any device.
        prompts: token ids; an empty one starts a document, and of a longer one than
            `limits.seq_len` the newest part is read.
        seeds: of the draws, one for each prompt; what torch.Generator takes.
        settings: how to draw, and how long.
        limits: of the model and the tokenizer.
        alternatives: how many of the likeliest tokens to tell of with each; 0 is none.

    Raises:
        TokmonError: a prompt has an id that the model does not know, or the model's output is
            not finite.
    """
    contexts = [_readable(ids, limits, model.config.vocab) for ids in prompts]
    rows = _Rows(model, contexts, limits, settings.max_new_tokens)
    # On the CPU whatever computes: every device draws the same numbers.
    random = [torch.Generator().manual_seed(checked_seed(seed)) for seed in seeds]
    for _ in range(settings.max_new_tokens):
        logits = rows.next_logits()
        uniforms = [torch.rand((), generator=random[row], dtype=torch.float64) for row in rows.open]
        likely = penalised(logits, rows.seen(), settings.repetition_penalty)
        tokens = draw(likely, settings, torch.stack(uniforms))
        yield _choices(rows.open, tokens, logits, alternatives)
        rows.append(tokens)
        if not rows.open:
            return


class _Rows:
    """The rows that have not ended: their tokens, and what the model keeps of them.

    Args:
        model: continues them.
        contexts: tokens of each, from one to `limits.seq_len`.
        limits: of the model.
        max_new_tokens: that are to come at most.
    """

    def __init__(
        self, model: Model, contexts: list[list[int]], limits: Limits, max_new_tokens: int
    ) -> None:
        self.open = list(range(len(contexts)))
        """Their numbers, ascending."""
        self._model = model
        self._limits = limits
        self._capacity = min(limits.seq_len, max(map(len, contexts)) + max_new_tokens)
        self._read(contexts)

    def next_logits(self) -> Tensor:
        """Read what is unread; return logits of the next token, (rows, V) float32."""
        unread = self._tokens[:, self._cache.length : self._end].to(self._cache.keys.device)
        last = self._model.hidden(unread, self._cache)[:, -1]
        logits: Tensor = self._model.head(last)[:, : self._limits.vocab_size].float()
        return logits

    def seen(self) -> Tensor:
        """Return the ids that stand in each row, (rows, S), any number of times each."""
        return self._tokens[:, : self._end].to(self._cache.keys.device)

    def append(self, tokens: Tensor) -> None:
        """Add a token to each row, (rows,); those that it ends are open no more."""
        if self._end < self._capacity:
            self._tokens[:, self._end] = tokens
            self._end += 1
        else:
            self._read(self._shortened(tokens))
        is_open = tokens != self._limits.end_of_text
        if not bool(is_open.all()):
            self._keep(is_open.nonzero()[:, 0])

    def _read(self, contexts: list[list[int]]) -> None:
        """Begin with these tokens, each row's last one in the same column."""
        self._end = max(map(len, contexts))
        self._padding = torch.tensor([self._end - len(context) for context in contexts])
        self._tokens = torch.empty(len(contexts), self._capacity, dtype=torch.int64)
        # A row's own first token pads it: no position sees it, and it is in the context anyway.
        for row, context in enumerate(contexts):
            self._tokens[row] = context[0]
            self._tokens[row, self._end - len(context) : self._end] = torch.tensor(context)
        like = self._model.head.weight
        self._cache = Cache(self._model.config, len(contexts), self._capacity, like, self._padding)

    def _shortened(self, tokens: Tensor) -> list[list[int]]:
        """Return the rows with a token more each, those that grow too long cut to their newer half.

        The model never saw positions beyond `seq_len`, and cached keys cannot move: they are
        rotated to their positions, and all above the first layer have seen the tokens to be
        dropped. Reading again costs as much as the context is long; by keeping half, that happens
        once in seq_len / 2 tokens instead of at every one.
        """
        kept = self._limits.seq_len // 2
        rows = torch.cat((self._tokens[:, : self._end], tokens[:, None]), dim=1).tolist()
        rows = [row[padding:] for row, padding in zip(rows, self._padding.tolist(), strict=True)]
        return [row if len(row) <= self._limits.seq_len else row[-kept:] for row in rows]

    def _keep(self, rows: Tensor) -> None:
        self.open = [self.open[row] for row in rows.tolist()]
        self._tokens, self._padding = self._tokens[rows], self._padding[rows]
        self._cache.keep(rows.to(self._cache.keys.device))


def _choices(
    open_rows: Sequence[int], tokens: Tensor, logits: Tensor, alternatives: int
) -> list[Choice]:
    drawn = tokens.tolist()
    if not alternatives:
        return [Choice(row, token) for row, token in zip(open_rows, drawn, strict=True)]
    probabilities = logits.softmax(dim=1)
    best, ids = probabilities.topk(min(alternatives, logits.shape[1]), dim=1)
    own = probabilities.gather(1, tokens[:, None].to(logits.device))[:, 0]
    found = zip(open_rows, drawn, own.tolist(), ids.tolist(), best.tolist(), strict=True)
    return [
        Choice(row, token, probability, tuple(zip(likeliest, values, strict=True)))
        for row, token, probability, likeliest, values in found
    ]


def _readable(prompt_ids: Sequence[int], limits: Limits, vocab: int) -> list[int]:
    """Return what of the prompt the model reads; checked here, as on CUDA a bad id is fatal."""
    context = list(prompt_ids[-limits.seq_len :]) or [limits.end_of_text]
    for token in context:
        if not 0 <= token < vocab:
            raise TokmonError(
                f"the prompt has token {token}, and the model knows {vocab} tokens",
                "the checkpoint was trained with another tokenizer",
            )
    return context
