"""Removes runs, or their weights, as planned. Never one that a trainer may be at work on.

A whole run is renamed aside first, which is one step for every reader: killed anywhere, this leaves
the run as it was or gone from every list, and what is left aside is removed by the next one.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tokmon.monitor.prune_plan import PrunePlan, Wish, is_link, plan, refusal
from tokmon.monitor.run_lock import holding
from tokmon.rundir.atomic import fsync_folder
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir

_ASIDE = ".tokmon-pruned-"
_TAKEN = "a trainer holds its lock"


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was removed."""

    files: int
    size: int
    """Bytes."""
    left: tuple[Path, ...]
    """What lies there still and is not the run's own."""


def prune(planned: PrunePlan, clock: Callable[[], float]) -> Pruned:
    """Remove what was planned, after another look at whether it may be.

    Args:
        planned: as `plan` made it; the folder is looked through again.
        clock: seconds since 1970.

    Raises:
        TokmonError: a trainer is at work on the run now, it is gone, or the system refuses.
    """
    run = planned.run
    try:
        with holding(run.lock) as hold:
            if not hold.is_held:
                raise TokmonError(f"{run.path}: {_TAKEN}; it was not touched")
            fresh = _looked_at_again(run, planned.wish, clock)
            if not fresh.is_whole:
                return _without_weights(fresh)
            _move_aside(run)
            hold.is_obsolete = True
            finish(_aside(run))
            return Pruned(len(fresh.doomed), fresh.size, fresh.left)
    except OSError as error:
        what = error.filename or run.path
        raise TokmonError(f"{what}: cannot be removed ({error.strerror or error})") from error


def leftovers(folder: Path) -> list[Path]:
    """Return what prunes that were ended have left aside in a folder of runs, by name."""
    if not folder.is_dir():
        return []
    found = (path for path in folder.iterdir() if path.name.startswith(_ASIDE))
    return sorted(path for path in found if path.is_dir() and not is_link(path))


def leftover_size(aside: Path) -> int:
    """Return the bytes that finishing would remove; 0 where nothing of it is a run's own."""
    log = _output_log(aside)
    planned = _plan_aside(aside)
    doomed = planned.doomed if planned is not None else ()
    beside = log.lstat().st_size if log.is_file() and not log.is_symlink() else 0
    return beside + sum(file.size for file in doomed if file.path != log)


def finish(aside: Path) -> None:
    """Remove a run that was renamed aside; what is not its own goes back to where it was.

    Raises:
        OSError: the system refuses; what is left stays aside.
    """
    log = _output_log(aside)
    planned = _plan_aside(aside)
    for file in planned.doomed if planned is not None else ():
        file.path.unlink(missing_ok=True)
    folder = _inner(aside)
    logs = [log]
    if planned is not None and not aside.with_name(folder.name).exists():
        # Killed between the two renames: its log lies where the run was.
        logs.append(aside.with_name(log.name))
    for path in logs:
        if path.is_file() and not path.is_symlink():
            path.unlink(missing_ok=True)
    _remove_if_empty(folder / RunDir(folder, "").superseded.name)
    if not _remove_if_empty(folder) and not aside.with_name(folder.name).exists():
        folder.rename(aside.with_name(folder.name))
    _remove_if_empty(aside)


def _looked_at_again(run: RunDir, wish: Wish, clock: Callable[[], float]) -> PrunePlan:
    if not run.path.is_dir():
        raise TokmonError(f"{run.path}: the run is gone already")
    if reason := refusal(run, clock()):
        raise TokmonError(f"{reason}; it was not touched")
    fresh = plan(run, wish)
    if isinstance(fresh, str):
        raise TokmonError(fresh)
    return fresh


def _move_aside(run: RunDir) -> None:
    aside = _aside(run)
    if aside.exists():
        finish(aside)
    aside.mkdir(exist_ok=True)
    target = aside / run.path.name
    run.path.rename(target)
    if is_link(target):
        # Put in its place after the last look: never through a link.
        target.rename(run.path)
        aside.rmdir()
        raise TokmonError(f"{run.path}: was replaced by a link; it was not touched")
    if run.output_log.is_file() and not run.output_log.is_symlink():
        run.output_log.rename(aside / run.output_log.name)
    fsync_folder(aside.parent)


def _without_weights(planned: PrunePlan) -> Pruned:
    for file in planned.doomed:
        file.path.unlink(missing_ok=True)
    superseded = planned.run.superseded
    if superseded.is_dir() and not is_link(superseded):
        _remove_if_empty(superseded)
    return Pruned(len(planned.doomed), planned.size, planned.left)


def _plan_aside(aside: Path) -> PrunePlan | None:
    """Return what to remove of a run that lies aside; None where what made it a run is gone."""
    folder = _inner(aside)
    if not folder.is_dir() or is_link(folder):
        return None
    try:
        run = RunDir.open(folder)
    except TokmonError:
        return None
    found = plan(run, Wish())
    return None if isinstance(found, str) else found


def _remove_if_empty(folder: Path) -> bool:
    """Remove a folder; say whether it is gone."""
    if not folder.is_dir():
        return True
    if is_link(folder) or any(folder.iterdir()):
        return False
    folder.rmdir()
    return True


def _aside(run: RunDir) -> Path:
    return run.path.with_name(f"{_ASIDE}{run.path.name}")


def _inner(aside: Path) -> Path:
    return aside / aside.name.removeprefix(_ASIDE)


def _output_log(aside: Path) -> Path:
    return RunDir(_inner(aside), "").output_log
