"""Work on all cores in bounded memory, results in the order of their inputs."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

In = TypeVar("In")
Out = TypeVar("Out")

# Threads, not processes: tiktoken, numpy and hashlib leave the GIL. With text in memory both make
# 10.5M tokens/s on 2 cores (bench/corpus.py), and a process takes another vocabulary into memory.
THREADS = min(os.cpu_count() or 1, 8)


def ordered_map(function: Callable[[In], Out], inputs: Iterable[In]) -> Iterator[Out]:
    """Yield `function` of each input, computed in threads, at most `THREADS` + 1 ahead."""
    waiting: deque[Future[Out]] = deque()
    with ThreadPoolExecutor(THREADS) as pool:
        for item in inputs:
            waiting.append(pool.submit(function, item))
            if len(waiting) > THREADS:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
