"""Checkpoints: written whole, verified when read, never able to run code. Knows no training.

A checkpoint is a .pt file and a .json sidecar with its sha256. Publishing writes a temporary file,
renames it, then writes the sidecar. Where a file of that name stands already (best.pt), the sidecar
first gains the new hash beside the old one, so that a crash between any two writes leaves a pair
that verifies.
"""

import hashlib
import io
import pickle
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch

from tokmon.rundir.atomic import replacing, write_atomic
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, CheckpointInfo, decode, encode

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
    """
    old = sidecar_info(path)
    sidecar = RunDir.sidecar(path)
    with replacing(path) as temporary:
        torch.save({"format": FORMAT, **content}, temporary)
        info = CheckpointInfo(
            step=content["step"],
            sha256=_sha256(temporary),
            bytes=temporary.stat().st_size,
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


def newest_good(run: RunDir) -> tuple[Checkpoint | None, list[str]]:
    """Return the resumable checkpoint of the highest step, and what was passed over and why."""
    candidates = [*run.step_checkpoints().values(), run.final]
    steps = {path: info.step for path in candidates if (info := sidecar_info(path)) is not None}
    notices = [
        f"{path.name}: no sidecar, never completely written"
        for path in candidates
        if path not in steps and path.exists()
    ]
    for path in sorted(steps, key=lambda path: steps[path], reverse=True):
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
    except (FileNotFoundError, BadLineError):
        return None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DamagedCheckpointError(f"{path}: {error.strerror or error}") from error


def _unpickle(path: Path, raw: bytes) -> dict[str, Any]:
    try:
        content = torch.load(io.BytesIO(raw), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError) as error:
        reason = str(error).splitlines()[0]
        raise DamagedCheckpointError(f"{path}: not a checkpoint ({reason})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise DamagedCheckpointError(f"{path}: not a tokmon checkpoint of format {FORMAT}")
    return content


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fields(info: CheckpointInfo) -> dict[str, Any]:
    return {name: getattr(info, name) for name in info.__struct_fields__}
