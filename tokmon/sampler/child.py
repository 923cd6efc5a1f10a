"""The sampling process as seen from outside: how it starts, speaks last, and ends."""

import asyncio
import subprocess
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec

import tokmon
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Reply, Request, decode_reply

# What holds the packages `tokmon` and `trainer`. The child starts there: `python -m` looks into
# the working directory first, and the user's may have a `trainer` of its own.
_ROOT = Path(tokmon.__file__).parents[1]
_MAX_LINE_BYTES = 16 * 2**20
_KEPT_STDERR_BYTES = 4096
_SIGKILL = 9  # signal.SIGKILL, which Windows does not have


class Child:
    """A started sampling process and its three pipes."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._stderr = asyncio.create_task(self._read_stderr())

    @classmethod
    async def start(cls, target: Path, device: str) -> "Child":
        """Start the process; it ends when this one does, since its stdin ends then.

        Args:
            target: run directory or .pt file, absolute.
            device: as `trainer.device.find_device` takes it.
        """
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "trainer.sample_server"),
            *(str(target), "--device", device),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            limit=_MAX_LINE_BYTES,
            cwd=_ROOT,
            **_own_process_group(),
        )
        return cls(process)

    def send(self, request: Request) -> None:
        """Write a request without waiting; one to a process that has ended is lost."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(msgspec.json.encode(request) + b"\n")

    async def replies(self) -> AsyncIterator[Reply]:
        """Yield what the process says until it ends.

        Raises:
            TokmonError: it said something that is no reply.
        """
        assert self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                yield decode_reply(line)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            # ValueError: not UTF-8, or a line beyond the limit.
            raise TokmonError(f"the sampling process is not understood ({error})") from error

    async def last_words(self) -> TokmonError:
        """Wait for the end of the process; return what is known of it."""
        code = await self._process.wait()
        spoken = [line for line in (await self._stderr).splitlines() if line.strip()]
        reason = f": {spoken[-1].strip()}" if spoken else ""
        if code == -_SIGKILL:
            return TokmonError(
                f"the sampling process was killed{reason}", "the machine may be out of memory"
            )
        ending = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        return TokmonError(f"the sampling process ended {ending}{reason}")

    async def close(self, patience_s: float) -> None:
        """Ask the process to end by closing its stdin; kill it if it has not by `patience_s`."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        ending = asyncio.create_task(self._process.wait())
        try:
            await asyncio.wait([ending], timeout=patience_s)
        finally:
            # Also where this task is cancelled while it waits.
            if self._process.returncode is None:
                self._process.kill()
        await ending
        await self._stderr

    async def _read_stderr(self) -> str:
        """Read all, so that the process never waits for a reader; keep the end."""
        assert self._process.stderr is not None
        kept = b""
        while chunk := await self._process.stderr.read(_KEPT_STDERR_BYTES):
            kept = (kept + chunk)[-_KEPT_STDERR_BYTES:]
        return kept.decode(errors="replace")


def _own_process_group() -> dict[str, Any]:
    """Return what keeps the terminal's Ctrl-C from the child: its client decides when it ends."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
    return {"start_new_session": True}
