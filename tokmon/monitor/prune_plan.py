"""What of a run would be removed, and whether it may be. Removes nothing.

Only files that the layout of a run directory names are ever touched; everything else is left and
told. What is no plain file within a plain folder is left as well: no link is followed.
"""

import os
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tokmon.monitor.durations import age
from tokmon.monitor.run_summary import IsAlive, RunReader
from tokmon.monitor.state import Phase
from tokmon.rundir.atomic import is_temporary
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo
from tokmon.rundir.writer import is_alive as writer_is_alive

SILENT_S = 86_400.0
"""A run without a last word counts as dead when nothing of it was written for so long."""
_WORKING = frozenset({Phase.RUNNING, Phase.EVALUATING, Phase.SAVING, Phase.PAUSED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to go."""

    is_weights_only: bool = False
    """Checkpoints and their sidecars; everything that reports and comparisons need stays."""
    keeps_best: bool = False
    """Of the weights, the best stays."""


@dataclass(frozen=True, slots=True)
class Doomed:
    """A file that would go."""

    path: Path
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What would become of one run."""

    run: RunDir
    wish: Wish
    doomed: tuple[Doomed, ...]
    """In the order of removal: what makes the folder a run goes last."""
    left: tuple[Path, ...]
    """What lies in the folder and is not the run's own, or is a link."""
    is_whole: bool
    """Whether nothing of the run would stay."""

    @property
    def size(self) -> int:
        """Bytes that would go."""
        return sum(file.size for file in self.doomed)


def plan(run: RunDir, wish: Wish) -> PrunePlan | str:
    """Return what would be removed, or why nothing may be, in one sentence.

    Raises:
        OSError: the folder cannot be read.
    """
    if is_link(run.path):
        return f"{run.path}: a link, which is not followed; name the folder that it leads to"
    is_own = _is_own(run)
    is_wanted = _is_weight(run) if wish.is_weights_only else is_own
    doomed, left = [], []
    for entry in _entries(run.path):
        path = Path(entry.path)
        if path == run.superseded and entry.is_dir(follow_symlinks=False):
            continue
        if not is_own(entry.name) or not _is_plain(entry):
            left.append(path)
        elif is_wanted(entry.name) and not (wish.keeps_best and _is_best(run, path)):
            doomed.append(Doomed(path, entry.stat(follow_symlinks=False).st_size))
    if strangers := [path.name for path in left if RunDir.is_mark(path.name)]:
        # A rename of the folder would pull another run's files from under its trainer.
        return f"{run.path}: holds another run too ({strangers[0]})"
    found, others = _superseded(run)
    doomed, left = doomed + found, left + others
    if not wish.is_weights_only:
        doomed += [one for path in (run.output_log,) if (one := _beside(path))]
    doomed.sort(key=lambda file: _rank(run, file.path))
    return PrunePlan(run, wish, tuple(doomed), tuple(left), not wish.is_weights_only)


def is_link(path: Path) -> bool:
    """Say whether a path is a symbolic link, or a junction, which Windows has besides."""
    tag = getattr(path.lstat(), "st_reparse_tag", 0)
    return path.is_symlink() or bool(tag and tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", 0))


def refusal(run: RunDir, now: float, is_alive: IsAlive = writer_is_alive) -> str:
    """Return why a run may not be touched: a trainer may be at work on it; empty if it may.

    By the witnesses that the state of a run is judged by. A run that has not ended and does not
    work either, as another host's or another trainer's may be, is left alone for a day.

    Args:
        run: the run.
        now: seconds since 1970.
        is_alive: says whether a writer's process runs; None where this host cannot know.
    """
    seen: list[bool | None] = []

    def looked(info: RunInfo) -> bool | None:
        seen.append(is_alive(info))
        return seen[-1]

    found = RunReader(run, looked).look(now)
    phase = found.health.phase
    if not phase.is_live:
        return ""
    silent_s = now - _last_write(run)
    if phase in _WORKING or True in seen or silent_s < SILENT_S:
        last = "" if phase in _WORKING else f", last written {age(max(0.0, silent_s))} ago"
        return f"{run.path} is {phase}{last}: {found.health.reason}"
    return ""


def _last_write(run: RunDir) -> float:
    """Return when anything in the folder was last written, seconds since 1970."""
    times = []
    for entry in _entries(run.path):
        try:
            times.append(entry.stat(follow_symlinks=False).st_mtime)
        except OSError:  # gone meanwhile
            continue
    return max(times, default=0.0)


def _is_own(run: RunDir) -> Callable[[str], bool]:
    """Return what says whether a name in the folder is one that the run's own files have."""
    names = {
        path.name
        for path in (
            *(run.log, run.events, run.system, run.samples, run.run_info, run.control, run.summary),
            *(run.best, run.final, RunDir.sidecar(run.best), RunDir.sidecar(run.final)),
        )
    }
    return lambda name: name in names or run.is_of_a_step(name) or _is_own_temporary(run, name)


def _is_weight(run: RunDir) -> Callable[[str], bool]:
    files = (run.best, run.final)
    names = {path.name for file in files for path in (file, RunDir.sidecar(file))}
    return lambda name: (
        name in names or run.is_of_a_step(name) or (_is_own_temporary(run, name) and ".pt." in name)
    )


def _is_own_temporary(run: RunDir, name: str) -> bool:
    """Say whether a name is what a writer of one of the run's files leaves when it is killed."""
    return is_temporary(Path(name)) and name.startswith(f".{run.experiment}_")


def _is_best(run: RunDir, path: Path) -> bool:
    return path in (run.best, RunDir.sidecar(run.best))


def _superseded(run: RunDir) -> tuple[list[Doomed], list[Path]]:
    """Return the checkpoints of continuations that were given up, and what else lies there."""
    folder = run.superseded
    if folder.is_symlink() or not folder.is_dir():
        return [], []
    doomed, left = [], []
    is_weight = _is_weight(run)
    for entry in _entries(folder):
        if _is_plain(entry) and is_weight(entry.name):
            size = entry.stat(follow_symlinks=False).st_size
            doomed.append(Doomed(Path(entry.path), size))
        else:
            left.append(Path(entry.path))
    return doomed, left


def _beside(path: Path) -> Doomed | None:
    """Return a file that lies beside the folder; None where it is not there, or a link."""
    try:
        status = path.lstat()
    except OSError:
        return None
    return Doomed(path, status.st_size) if stat.S_ISREG(status.st_mode) else None


def _rank(run: RunDir, path: Path) -> tuple[int, str]:
    """Return a file's place in the order of removal.

    A checkpoint's sidecar goes before it: without one it does not count, so that none is left that
    seems whole. What makes the folder a run goes last.
    """
    if path in (run.run_info, run.log):
        return 3, path.name
    if path.suffix == ".json" and path != run.summary and path != run.control:
        return 0, path.name
    return (1, path.name) if path.suffix == ".pt" else (2, path.name)


def _entries(folder: Path) -> list["os.DirEntry[str]"]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _is_plain(entry: "os.DirEntry[str]") -> bool:
    return entry.is_file(follow_symlinks=False)
