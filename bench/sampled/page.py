"""The page of results: which way of sampling is how fast, and what was asked for."""

import time
from collections.abc import Sequence
from statistics import median
from typing import Any, NamedTuple

from bench.sampled.first_token import FirstToken

_ASKED = {(1, False): 2.0, (32, False): 3.0}
"""Times transformers' tokens/s, by batch and greediness, as the project asks of itself."""
_READY_S, _FIRST_TOKEN_S = 3.0, 0.1

_PAGE = """# Sampling speed on a CPU

`{command}`, {date}, tokmon {revision}

Machine: {cpu}, {cores} cores, {memory_gib} GiB, {system}; {threads} threads, torch {torch},
{peer}.

Weights of step {step} (validation loss {val_loss:.3f}) in float32, the same numbers for both;
{new_tokens} new tokens of each prompt, prompts of different lengths; the median of {rounds} rounds
in turn. Sampling is temperature 0.8 and top-p 0.95.

| batch | how | tokmon tokens/s | transformers tokens/s | ratio | asked | same greedy tokens |
| --- | --- | --- | --- | --- | --- | --- |
{rows}

- the sampling process is ready {ready_s:.2f} s after its start, under {ready_asked_s:g} s asked:
  {ready}
- a request's first token comes {first_ms:.0f} ms after it, once loaded; under
  {first_asked_ms:.0f} ms asked: {first}
"""


class Row(NamedTuple):
    """One way of sampling, measured."""

    batch: int
    is_greedy: bool
    ours: list[float]
    """Tokens/s, one for each round."""
    theirs: list[float]
    same_tokens: int | None
    """Greedy ones that both begin with, in the row where they part first."""

    @property
    def ratio(self) -> float:
        return median(own / other for own, other in zip(self.ours, self.theirs, strict=True))


def page(facts: dict[str, Any], rows: Sequence[Row], waits: FirstToken) -> str:
    return _PAGE.format(
        **facts | facts["machine"],
        date=time.strftime("%Y-%m-%d"),
        rows="\n".join(_line(row, facts["new_tokens"]) for row in rows),
        ready_s=waits.ready_s,
        ready_asked_s=_READY_S,
        ready=_verdict(waits.ready_s < _READY_S),
        first_ms=1e3 * waits.first_token_s,
        first_asked_ms=1e3 * _FIRST_TOKEN_S,
        first=_verdict(waits.first_token_s < _FIRST_TOKEN_S),
    )


def _line(row: Row, new_tokens: int) -> str:
    asked = _ASKED.get((row.batch, row.is_greedy))
    cells = [
        str(row.batch),
        "greedy" if row.is_greedy else "sampling",
        f"{median(row.ours):,.0f}",
        f"{median(row.theirs):,.0f}",
        f"{row.ratio:.2f}",
        f"{asked:g}: {_verdict(row.ratio >= asked)}" if asked else "",
        f"{row.same_tokens} of {new_tokens}" if row.same_tokens is not None else "",
    ]
    return f"| {' | '.join(cells)} |"


def _verdict(is_met: bool) -> str:
    return "met" if is_met else "missed"
