"""Checkpoints: written whole, verified when read, never able to run code. Knows no training.

A checkpoint is a .pt file and a .json sidecar with its sha256. Publishing writes a temporary file,
renames it, then writes the sidecar. Where a file of that name stands already (best.pt), the sidecar
first gains the new hash beside the old one, so that a crash between any two writes leaves a pair
that verifies.
"""

import errno
import hashlib
import math
import os
import shutil
import time
from collections import OrderedDict
from pathlib import Path
from typing import IO, Any, BinaryIO, NamedTuple, cast

import torch

from tokmon.rundir.atomic import replacing, write_atomic
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, CheckpointInfo, decode, encode
from trainer.snapshot import tensor_bytes
from trainer.untrusted import RefusedError, read_objects

FORMAT = 1
# Between rename and sidecar lie two flushes of small files.
_SETTLE_S = 0.5


class DamagedCheckpointError(TokmonError):
    """A checkpoint that is not there, incomplete, or not what its sidecar says."""


class Checkpoint(NamedTuple):
    """A verified checkpoint in memory."""

    path: Path
    info: CheckpointInfo
    content: dict[str, Any]


def save(path: Path, content: dict[str, Any], moment: str) -> CheckpointInfo:
    """Publish `content` (tensors, numbers, strings, lists, dicts) as the checkpoint `path`.

    Args:
        path: the .pt file; what stood there stays valid until the new one is whole.
        content: needs `step`; `train_loss` and `val_loss` go to the sidecar where present.
        moment: now, ISO 8601.

    Raises:
        OSError: the disk is full, or the folder cannot be written; nothing has changed then.
    """
    _refuse_full_disk(path, content)
    old = sidecar_info(path)
    sidecar = RunDir.sidecar(path)
    with replacing(path) as temporary:
        sha256, size = _write(temporary, {"format": FORMAT, **content})
        info = CheckpointInfo(
            step=content["step"],
            sha256=sha256,
            bytes=size,
            train_loss=content.get("train_loss"),
            val_loss=content.get("val_loss"),
            previous_sha256=old.sha256 if old is not None else None,
            time=moment,
        )
        if old is not None:
            write_atomic(sidecar, encode(info) + b"\n")
    committed = CheckpointInfo(**{**_fields(info), "previous_sha256": None})
    write_atomic(sidecar, encode(committed) + b"\n")
    return committed


def load(path: Path) -> Checkpoint:
    """Read and verify a checkpoint, its tensors on the CPU.

    Raises:
        DamagedCheckpointError: it is missing, has no sidecar, or its sha256 is another.
    """
    seen: tuple[CheckpointInfo | None, str] | None = None
    while True:
        raw, info = _read(path), sidecar_info(path)
        digest = hashlib.sha256(raw).hexdigest()
        if info is not None and digest in (info.sha256, info.previous_sha256):
            return Checkpoint(path, info, _unpickle(path, raw))
        if seen == (info, digest):
            break
        # Perhaps it is being published right now; what stays as it is does not get better.
        seen = info, digest
        time.sleep(_SETTLE_S)
    if info is None:
        sidecar = RunDir.sidecar(path).name
        raise DamagedCheckpointError(
            f"{path}: no {sidecar} beside it, so it was never completely written",
            "use another checkpoint, or copy the .json as well",
        )
    raise DamagedCheckpointError(
        f"{path}: damaged, {len(raw)} bytes whose sha256 is not the one of its sidecar",
        "use another checkpoint",
    )


def newest_good(run: RunDir, before: float = math.inf) -> tuple[Checkpoint | None, list[str]]:
    """Return the resumable checkpoint of the highest step, and what was passed over and why.

    Args:
        run: where.
        before: only those of lower steps.
    """
    candidates = [*run.step_checkpoints().values(), run.final]
    steps = {path: info.step for path in candidates if (info := sidecar_info(path)) is not None}
    notices = [
        f"{path.name}: no sidecar, never completely written"
        for path in candidates
        if path not in steps and path.exists()
    ]
    eligible = [path for path in steps if steps[path] < before]
    for path in sorted(eligible, key=lambda path: steps[path], reverse=True):
        try:
            return load(path), notices
        except DamagedCheckpointError as error:
            notices.append(str(error))
    return None, notices


def prune(run: RunDir, keep: int) -> list[Path]:
    """Delete all periodic checkpoints but the `keep` newest committed ones; return the deleted.

    Never-committed files go as well. At least one committed checkpoint always stays.
    """
    committed = [path for path in run.step_checkpoints().values() if sidecar_info(path) is not None]
    kept = set(committed[-max(keep, 1) :])
    deleted = [path for path in run.step_checkpoints().values() if path not in kept]
    for path in deleted:
        # The mark first: what has no mark is not there.
        RunDir.sidecar(path).unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    return deleted


def sidecar_info(path: Path) -> CheckpointInfo | None:
    """Return what the sidecar of a .pt file says; None where there is none that can be read."""
    try:
        return decode(RunDir.sidecar(path).read_bytes(), CheckpointInfo)
    except (OSError, BadLineError):
        return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DamagedCheckpointError(f"{path}: {error.strerror or error}") from error


def _unpickle(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        content = read_objects(raw)
    except RefusedError as error:
        raise DamagedCheckpointError(f"{path}: not a checkpoint ({error})") from error
    # A subclass of dict may bring another `get`, and a tensor answers != with a tensor.
    found = content.get("format") if type(content) is dict else None
    if type(content) is not dict or type(found) is not int or found != FORMAT:
        raise DamagedCheckpointError(f"{path}: not a tokmon checkpoint of format {FORMAT}")
    for part in content.values():
        if isinstance(part, OrderedDict):
            # state_dict()'s notes of module versions, which ours do not have. An attribute of
            # another name would stand before the methods.
            vars(part).clear()
    return content


def _refuse_full_disk(path: Path, content: dict[str, Any]) -> None:
    """Write nothing rather than fill the disk up with a part that then has to go again."""
    if shutil.disk_usage(path.parent).free < tensor_bytes(content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _write(path: Path, content: dict[str, Any]) -> tuple[str, int]:
    """Write `content`; return sha256 and bytes, counted on the way: reading back costs as much."""
    with path.open("wb") as file:
        sink = _Sink(file)
        torch.save(content, cast("IO[bytes]", sink))  # writes, and nothing else
        if sink.fault is not None:
            raise sink.fault
    return sink.hash.hexdigest(), sink.bytes


class _Sink:
    """What torch.save writes to. It would make a RuntimeError without errno of a full disk."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()
        self.bytes = 0
        self.fault: OSError | None = None

    def write(self, data: bytes) -> int:
        self.hash.update(data)
        self.bytes += len(data)
        if self.fault is None:
            try:
                self._file.write(data)
            except OSError as error:
                self.fault = error
        return len(data)

    def flush(self) -> None:
        """Closing the file flushes it."""


def _fields(info: CheckpointInfo) -> dict[str, Any]:
    return {name: getattr(info, name) for name in info.__struct_fields__}
