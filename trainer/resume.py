"""Where a run begins: make its directory ready, find its checkpoint, trim the log to it."""

import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from tokmon.rundir.atomic import is_temporary, write_atomic
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, Step, decode, moment
from trainer.checkpoint import Checkpoint, load, newest_good, sidecar_info
from trainer.checkpoint_content import refuse_unlike, run_so_far
from trainer.config import Config
from trainer.distributed import Group
from trainer.plan import Plan
from trainer.runlog import read_info
from trainer.saving import Progress

# Sections that change what is reported and kept, never what is learnt.
_HARMLESS_SECTIONS = frozenset({"log", "eval", "checkpoint", "sample", "device"})


class Start(NamedTuple):
    """How the run begins."""

    checkpoint: Checkpoint | None
    """Go on from here; None is step 0."""

    notices: list[str]
    """What people should know: a checkpoint passed over, an old run set aside."""

    trimmed: list[str]
    """Lines of the step log past the checkpoint, taken off because they will be written again."""

    @property
    def step(self) -> int:
        """The last step that need not be taken again."""
        return int(self.checkpoint.content["step"]) if self.checkpoint is not None else 0

    @property
    def progress(self) -> Progress:
        """What the checkpoint says of the run up to there."""
        if self.checkpoint is None:
            return Progress(None, None, 0.0, 0)
        so_far = run_so_far(self.checkpoint)
        return Progress(*(getattr(so_far, name) for name in Progress._fields))

    def for_others(self) -> "Start":
        """Return this without weights and moments, which other ranks get shared out."""
        if self.checkpoint is None:
            return self
        content = self.checkpoint.content
        small = {key: content[key] for key in content if key not in ("model", "optimizer")}
        return self._replace(checkpoint=self.checkpoint._replace(content=small))

    @property
    def plan(self) -> Plan | None:
        """How the run's steps were computed so far."""
        return run_so_far(self.checkpoint).plan if self.checkpoint is not None else None


def prepare(run: RunDir, config: Config, resume: str, materials: Mapping[str, str]) -> Start:
    """Make the run directory ready and return where to begin.

    Args:
        run: claimed before.
        config: of the run that begins.
        resume: auto (the newest good checkpoint, else step 0), never, or a checkpoint file.
        materials: fingerprints of corpus and tokenizer, as checkpoints hold them.

    Raises:
        TokmonError: the checkpoint is damaged or of another config, or the folder not writable.
    """
    notices = []
    if resume == "never" and run.path.exists():
        notices.append(f"the earlier run was set aside as {_set_aside(run)}")
    checkpoint, passed_over = _choose(run, resume)
    if checkpoint is not None:
        _refuse_another_run(checkpoint, config, materials)
    _make_folder(run)
    if checkpoint is not None:
        notices += _set_later_ones_aside(run, checkpoint.content["step"])
    trimmed = trim_log(run, checkpoint.content["step"] if checkpoint else 0)
    return Start(checkpoint, notices + passed_over, trimmed)


def go_back(run: RunDir, before: float) -> Start:
    """Make the directory of a run in training ready to go on from an earlier checkpoint.

    Args:
        run: with nothing waiting to be written.
        before: a checkpoint of a lower step is taken if there is one, else the newest good one.
    """
    checkpoint, notices = newest_good(run, before)
    if checkpoint is None:
        checkpoint, notices = newest_good(run)
    if checkpoint is None:
        return Start(None, notices, [])
    step = checkpoint.content["step"]
    notices += _set_later_ones_aside(run, step)
    return Start(checkpoint, notices, trim_log(run, step))


def shared_start(start: Start | None, group: Group, *, is_sharded: bool) -> Start:
    """Return rank 0's start on all ranks; weights and moments only where each needs all of them."""
    light = start.for_others() if start is not None and is_sharded else start
    shared = group.share(light)
    found = start or shared
    assert found is not None
    return found


def newest_step(run: RunDir) -> int:
    """Return the step of the newest checkpoint that was committed, 0 if there is none."""
    infos = map(sidecar_info, [*run.step_checkpoints().values(), run.final])
    return max((info.step for info in infos if info is not None), default=0)


def trim_log(run: RunDir, step: int) -> list[str]:
    """Drop the lines of the step log that are past `step` or unreadable; return them."""
    if not run.log.exists():
        return []
    lines = run.log.read_bytes().splitlines(keepends=True)
    kept = [line for line in lines if _is_kept(line, step)]
    if len(kept) < len(lines):
        write_atomic(run.log, b"".join(kept))
    dropped = [line for line in lines if not _is_kept(line, step)]
    return [line.decode("utf-8", errors="backslashreplace").rstrip("\n") for line in dropped]


def _is_kept(line: bytes, step: int) -> bool:
    try:
        return line.endswith(b"\n") and decode(line, Step).step <= step
    except BadLineError:
        return False


def _choose(run: RunDir, resume: str) -> tuple[Checkpoint | None, list[str]]:
    if resume not in ("auto", "never"):
        return load(Path(resume)), []
    checkpoint, passed_over = newest_good(run)
    if checkpoint is None and passed_over:
        raise TokmonError(
            f"{run.path}: no checkpoint can be used: {'; '.join(passed_over)}",
            "name a good one with --resume CKPT, or start anew with --resume never",
        )
    return checkpoint, passed_over


def _set_later_ones_aside(run: RunDir, step: int) -> list[str]:
    """Move checkpoints past `step` out of the way of the next resume; return what to say of it."""
    later = [path for at, path in run.step_checkpoints().items() if at > step]
    if run.final.exists():
        later.append(run.final)
    moved = [path for path in later if (info := sidecar_info(path)) is None or info.step > step]
    for path in moved:
        run.superseded.mkdir(exist_ok=True)
        for file in (run.sidecar(path), path):
            if file.exists():
                file.replace(run.superseded / file.name)
    return [f"{path.name} is past step {step}: moved to {run.superseded}" for path in moved]


def _make_folder(run: RunDir) -> None:
    try:
        run.path.mkdir(parents=True, exist_ok=True)
        for path in run.path.iterdir():
            if is_temporary(path):
                path.unlink()
    except OSError as error:
        raise TokmonError(
            f"{run.path}: cannot be written ({error.strerror or error})", "choose another --logs"
        ) from error


def _set_aside(run: RunDir) -> Path:
    info = read_info(run)
    started = moment(info.started) if info is not None else None
    stamp = datetime.fromtimestamp(started or time.time()).astimezone().strftime("%Y%m%dT%H%M%S")
    target = run.path.with_name(f"{run.path.name}_{stamp}")
    while target.exists():
        target = target.with_name(f"{target.name}x")
    run.path.rename(target)
    if run.output_log.exists():
        run.output_log.rename(RunDir(target, run.experiment).output_log)
    return target


def _refuse_another_run(
    checkpoint: Checkpoint, config: Config, materials: Mapping[str, str]
) -> None:
    earlier = run_so_far(checkpoint)
    differences = _differences(earlier.config, msgspec.to_builtins(config))
    differences += _differences(earlier.materials, dict(materials))
    if differences:
        raise TokmonError(
            f"{checkpoint.path} was trained with another config: {', '.join(differences)}",
            "restore that, or start anew with --resume never",
        )
    refuse_unlike(checkpoint, config)


def _differences(old: dict[str, Any], new: dict[str, Any], prefix: str = "") -> list[str]:
    found = []
    for key in sorted(old.keys() | new.keys()):
        before, after = old.get(key), new.get(key)
        if not prefix and key in _HARMLESS_SECTIONS:
            continue
        if isinstance(before, dict) and isinstance(after, dict):
            found += _differences(before, after, f"{prefix}{key}.")
        elif _plain(before) != _plain(after):
            was = f"was {before!s:.80}" if key in old else "was not recorded"
            found.append(f"{prefix}{key} {was}, is {after!s:.80}")
    return found


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value
