"""The sampling process: `python -m trainer.sample_server TARGET [--device D]`.

JSON lines in, JSON lines out, as `tokmon.rundir.sampling` says; nothing else reaches stdout. One
thread reads requests so that a cancel overtakes, the main thread answers them one at a time.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, NoReturn

import msgspec

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Cancel, Done, Failed, Generate, Reply, decode_request

if TYPE_CHECKING:
    from trainer.sample_engine import Engine

_READ_BYTES = 2**16
_MAX_LINE_BYTES = 16 * 2**20
# Not UTF-8, and brackets without end, come as Python's own exceptions.
_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class ClientGoneError(Exception):
    """Nobody reads the replies any more."""


class Replies:
    """Where replies go, one line each."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def send(self, reply: Reply) -> None:
        """Write one line at once; raises ClientGoneError if the pipe is broken."""
        rest = memoryview(msgspec.json.encode(reply) + b"\n")
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise ClientGoneError from error


@dataclass
class Job:
    """A request in line or being answered."""

    request: Generate
    cancelled: threading.Event = field(default_factory=threading.Event)


class Requests:
    """What the client asks for, in its order. `read` runs in the reading thread."""

    def __init__(self) -> None:
        self._line: SimpleQueue[Job | Failed] = SimpleQueue()
        self._open: dict[int, Job] = {}

    def read(self, descriptor: int) -> None:
        """Take requests from the pipe; end the process where the pipe ends.

        At once, be it amid a long prompt: the client is gone, and there is nothing to save.
        """
        for line in _lines(descriptor):
            self.take(line)
        os._exit(0)

    def take(self, line: bytes) -> None:
        """Put the request on a line in line, or the answer that it is none."""
        try:
            self._admit(decode_request(line))
        except _UNREADABLE as error:
            self._line.put(Failed(id=_id_on(line), message=f"not a request: {error}"))

    def next(self) -> Job | Failed:
        """Wait for what is to be answered next."""
        return self._line.get()

    def finish(self, job: Job) -> None:
        """Forget an answered request."""
        del self._open[job.request.id]

    def _admit(self, request: Generate | Cancel) -> None:
        job = self._open.get(request.id)
        if isinstance(request, Cancel):
            # One that came after the answer has nothing left to do.
            if job is not None:
                job.cancelled.set()
        elif job is not None:
            self._line.put(Failed(id=request.id, message=f"request {request.id} is still open"))
        else:
            self._open[request.id] = Job(request)
            self._line.put(self._open[request.id])


def serve(engine: "Engine", requests: Requests, replies: Replies) -> NoReturn:
    """Answer requests until `Requests.read` ends the process.

    Raises:
        ClientGoneError: nobody reads the answers.
    """
    while True:
        job = requests.next()
        if isinstance(job, Failed):
            replies.send(job)
            continue
        if job.request.is_following and (fresh := engine.refresh()):
            replies.send(fresh)
        for reply in engine.answer(job.request, job.cancelled.is_set):
            if isinstance(reply, Failed) or (isinstance(reply, Done) and not reply.open):
                # Before the client hears of it: it may use the id again at once.
                requests.finish(job)
            replies.send(reply)


def main(arguments: list[str] | None = None) -> int:
    """Serve until stdin ends, which ends the process; return early if it cannot go on."""
    # Ctrl-C reaches the whole process group. Nothing here needs cleaning up, so it just ends.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    options = _parse(arguments)
    replies = Replies(_take_stdout())
    requests = Requests()
    try:
        engine = _load(options.target, options.device)
        replies.send(engine.ready())
        threading.Thread(target=requests.read, args=(0,), name="requests", daemon=True).start()
        serve(engine, requests, replies)
    except TokmonError as error:
        return _fail(replies, str(error))
    except ClientGoneError:
        return 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m trainer.sample_server", description=__doc__)
    parser.add_argument("target", type=Path, help="run directory or .pt file")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1 or mps")
    return parser.parse_args(arguments)


def _take_stdout() -> int:
    """Return a descriptor for the protocol; what anything else prints goes to stderr from now on.

    Native libraries write to descriptor 1 without asking Python, so the descriptor is moved.
    """
    protocol = os.dup(1)
    os.dup2(2, 1)
    return protocol


def _load(target: Path, device: str) -> "Engine":
    try:
        # Only now: PyTorch may print, takes seconds to import, and may not be installed.
        from trainer.device import find_device
        from trainer.sample_engine import Engine
    except (ImportError, OSError) as error:
        raise TokmonError(
            f"sampling needs PyTorch and tiktoken ({error})", 'pip install "tokmon[train]"'
        ) from error
    _limit_threads()
    try:
        return Engine(target, find_device(device))
    except (RuntimeError, MemoryError) as error:
        raise TokmonError(f"{target}: cannot be loaded on {device} ({error})") from error


def _limit_threads() -> None:
    """Leave half of the cores to the training run that may go on beside; the user's word wins."""
    import torch

    if "OMP_NUM_THREADS" not in os.environ:
        half = max(1, (os.cpu_count() or 1) // 2)
        torch.set_num_threads(min(half, torch.get_num_threads()))


def _fail(replies: Replies, message: str) -> int:
    try:
        replies.send(Failed(message=message))
    except ClientGoneError:
        sys.stderr.write(f"{message}\n")
    return 1


def _lines(descriptor: int) -> Iterator[bytes]:
    """Yield lines as they come. Not through sys.stdin, whose lock an exiting process waits for."""
    pending = b""
    while chunk := os.read(descriptor, _READ_BYTES):
        *whole, pending = (pending + chunk).split(b"\n")
        yield from (line for line in whole if line.strip())
        if len(pending) > _MAX_LINE_BYTES:
            yield pending[:_READ_BYTES]
            pending = b""
    if pending:
        yield pending


def _id_on(line: bytes) -> int | None:
    """Return the id of a request that is otherwise malformed, if it has one."""
    try:
        return msgspec.json.decode(line, type=_Identified).id
    except _UNREADABLE:
        return None


class _Identified(msgspec.Struct):
    id: int


if __name__ == "__main__":
    sys.exit(main())
