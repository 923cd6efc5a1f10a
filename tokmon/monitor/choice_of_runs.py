"""Which runs the user means by a few paths: runs, folders of runs, names of experiments."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokmon.monitor.compared import MAX_RUNS
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir


@dataclass(frozen=True, slots=True)
class Choice:
    """Runs in the order they were named, those of a folder by name."""

    runs: tuple[RunDir, ...]
    named: tuple[RunDir, ...]
    """Those of them that were named one by one, not by their folder."""


def chosen_runs(paths: Sequence[Path], logs: Path) -> Choice:
    """Return the runs to be compared.

    Raises:
        TokmonError: a path holds no run, one run is named twice, or they are less than two or
            more than eight.
    """
    runs: list[RunDir] = []
    named: list[RunDir] = []
    for path in paths:
        found = runs_at(path, logs)
        if len(found) == 1:
            named.append(found[0])
        runs += found
    _refuse_twice(runs)
    if len(runs) > MAX_RUNS:
        raise TokmonError(
            f"{len(runs):,} runs are too many: at most {MAX_RUNS} can be compared", "name some"
        )
    if len(runs) < 2:
        raise TokmonError(f"{runs[0].path} is one run: two are needed at least", "name another")
    return Choice(tuple(runs), tuple(named))


def runs_at(path: Path, logs: Path) -> list[RunDir]:
    """Return the run at `path`, or else those directly below it.

    A path that does not exist is also tried as an experiment's or a folder's name under `logs`.

    Raises:
        TokmonError: there is none.
    """
    below = (path, logs / path, RunDir.of_experiment(logs, str(path)).path)
    folder = next((found for found in below if found.exists()), path)
    if not folder.exists():
        raise TokmonError(f"{path}: no such run directory", "see `tokmon runs`")
    try:
        found = RunDir.find_all(folder)
    except OSError as error:
        raise TokmonError(f"{folder}: cannot be read ({error.strerror or error})") from error
    return found or [RunDir.open(folder)]


def _refuse_twice(runs: Sequence[RunDir]) -> None:
    seen: dict[Path, RunDir] = {}
    for run in runs:
        real = run.path.resolve()
        if real in seen:
            raise TokmonError(f"{run.path}: the same run is named twice")
        seen[real] = run
