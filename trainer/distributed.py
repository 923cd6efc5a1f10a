"""The processes that train one run together, as torchrun starts them; a lone one is a group of one.

All of them step through the same loop. Rank 0 alone writes; what only it knows (a request, the
checkpoint to go on from) it shares, and what any of them may learn (a signal) they agree on.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed
from torch import Tensor

from tokmon.rundir.errors import TokmonError

# Ranks wait this long for one that builds a corpus; a dead one is noticed at once, by its socket.
_TIMEOUT = timedelta(hours=2)
# What gloo and NCCL say when the other side is gone; neither has an exception type for it.
_LOST = ("Connection closed by peer", "Connection reset by peer", "Broken pipe", "NCCL", "Socket")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Group:
    """Who this process is among those of its run."""

    rank: int = 0
    """Its number; 0 writes."""
    size: int = 1
    """How many there are, over all hosts."""
    local_rank: int = 0
    """Its number on this host: the GPU it takes."""

    @property
    def is_main(self) -> bool:
        """Whether this process is the one that writes."""
        return self.rank == 0

    def agree(self, wishes: Sequence[int]) -> list[int]:
        """Return the largest of each of the numbers over all ranks."""
        if self.size == 1:
            return list(wishes)
        numbers = torch.tensor(wishes, dtype=torch.int64)
        torch.distributed.all_reduce(numbers, torch.distributed.ReduceOp.MAX)
        return numbers.tolist()

    def share(self, value: T) -> T:
        """Return rank 0's value; a collective call, as all others here."""
        if self.size == 1:
            return value
        values = [value]
        torch.distributed.broadcast_object_list(values, src=0)
        return values[0]

    def sum(self, tensor: Tensor) -> Tensor:
        """Add up `tensor` over the ranks, in place, on its device."""
        if self.size > 1:
            torch.distributed.all_reduce(tensor)
        return tensor

    def mean(self, tensor: Tensor) -> Tensor:
        """Average `tensor` over the ranks, in place, on its device."""
        return self.sum(tensor).div_(self.size) if self.size > 1 else tensor

    @contextmanager
    def taking_turns(self) -> Iterator[None]:
        """Let the first process of each host do what is inside before the others there."""
        if self.local_rank:
            self.agree([0])
        yield
        if not self.local_rank:
            self.agree([0])

    @contextmanager
    def noticing_losses(self) -> Iterator[None]:
        """Say in one line that another process died, where the network library says it in many.

        Raises:
            TokmonError: a process of this run is gone.
        """
        try:
            yield
        except RuntimeError as error:
            if self.size == 1 or not any(words in str(error) for words in _LOST):
                raise
            raise TokmonError(
                f"rank {self.rank} of {self.size}: another process of this run is gone",
                "start the same command again: it goes on from the newest checkpoint",
            ) from error


def whole(tensor: Tensor) -> Tensor:
    """Return a tensor that the ranks may share out (a DTensor) as all may read it; collective."""
    return tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor


ALONE = Group()
"""The group of a process that nobody started others beside."""


@contextmanager
def joined() -> Iterator[Group]:
    """Yield the group that torchrun's environment variables describe, and leave it at the end.

    Raises:
        TokmonError: the others cannot be reached.
    """
    group = Group(_number("RANK", 0), _number("WORLD_SIZE", 1), _number("LOCAL_RANK", 0))
    if group.size == 1:
        yield group
        return
    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    try:
        torch.distributed.init_process_group(backend, timeout=_TIMEOUT)
    except (RuntimeError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise TokmonError(
            f"rank {group.rank} of {group.size}: cannot join the others ({reason})",
            "start all of them with torchrun, see docs/MANY_PROCESSES.md",
        ) from error
    try:
        yield group
    finally:
        torch.distributed.destroy_process_group()


def _number(name: str, default: int) -> int:
    return int(os.environ.get(name, default))
