"""What the screen asks of a sampling client, and where it gets one. Starts nothing by itself."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Protocol, TypeAlias

from tokmon.rundir.sampling import Generate, Ready, Reply


class SampleClient(Protocol):
    """The part of tokmon.sampler.client.SamplerClient that the panel uses."""

    @property
    def has_ended(self) -> bool:
        """Whether the process is gone, so that only another client helps."""

    async def start(self) -> Ready:
        """Start the process; raises TokmonError if it cannot."""

    def generate(self, request: Generate) -> AsyncIterator[Reply]:
        """Yield the replies to one request; raises TokmonError if it fails."""

    async def cancel(self, request_id: int) -> None:
        """End a request early."""

    async def close(self) -> None:
        """End the process."""


ClientFactory: TypeAlias = Callable[[Path, str], SampleClient]
"""Takes the run directory and the device."""


def sampler_client(target: Path, device: str) -> SampleClient:
    """Return the real client; imported at first use, as most sessions never sample."""
    from tokmon.sampler.client import SamplerClient

    return SamplerClient(target, device)
