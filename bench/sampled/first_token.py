"""How soon the sampling process answers, and how soon a first token comes once it does."""

import asyncio
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from tokmon.rundir.sampling import Generate, Token
from tokmon.sampler.client import SamplerClient

_REQUESTS = 20


class FirstToken(NamedTuple):
    """Seconds; each a median."""

    ready_s: float
    """From the start of the process to its first word: imports, weights read and verified."""
    first_token_s: float
    """From a request to its first token, once loaded."""


def measure(target: Path, prompt: str, rounds: int) -> FirstToken:
    """Start the real process `rounds` times; ask each for 20 texts."""
    found = [asyncio.run(_once(target, prompt)) for _ in range(rounds)]
    return FirstToken(*(median(column) for column in zip(*found, strict=True)))


async def _once(target: Path, prompt: str) -> FirstToken:
    begin = time.perf_counter()
    client = SamplerClient(target, "cpu")
    try:
        await client.start()
        ready_s = time.perf_counter() - begin
        waits_s = [await _wait(client, number, prompt) for number in range(1, _REQUESTS + 1)]
    finally:
        await client.close()
    return FirstToken(ready_s, median(waits_s))


async def _wait(client: SamplerClient, number: int, prompt: str) -> float:
    begin, first_s = time.perf_counter(), 0.0
    async for reply in client.generate(Generate(id=number, prompt=prompt, max_new_tokens=2)):
        if isinstance(reply, Token) and not first_s:
            first_s = time.perf_counter() - begin
    return first_s
