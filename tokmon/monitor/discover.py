"""Find the run that the user means: a run directory, a folder of runs, or an experiment's name."""

from dataclasses import dataclass
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir


@dataclass(frozen=True, slots=True)
class Located:
    """A run, and among how many it was chosen."""

    run: RunDir
    candidates: int
    """1 if the run itself was named."""
    folder: Path
    """Where it was chosen."""

    @property
    def notice(self) -> str:
        """What to tell the user of the choice; empty if there was none."""
        if self.candidates == 1:
            return ""
        return f"the newest of {self.candidates} runs in {self.folder}: {self.run.path.name}"


def locate(path: Path | None, logs: Path) -> Located:
    """Return the run at `path`, or the newest below it; without a path, the newest under `logs`.

    A path that does not exist is also tried as an experiment's or a folder's name under `logs`.

    Raises:
        TokmonError: there is no such run.
    """
    folder = logs if path is None else _existing(path, logs)
    if not folder.exists():
        hint = "train one with `tokmon train`, or name another folder with --logs"
        raise TokmonError(f"{folder}: no such run directory", hint if path is None else "")
    if not folder.is_dir():
        raise TokmonError(f"{folder}: not a run directory but a file")
    runs = RunDir.find_all(folder)
    if not runs:
        raise TokmonError(
            f"{folder}: holds no run (no *_run.json and no *_log.jsonl)",
            "name a folder that `tokmon train` wrote",
        )
    if runs[0].path == folder:
        return Located(runs[0], 1, folder)
    return Located(max(runs, key=last_change), len(runs), folder)


def last_change(run: RunDir) -> float:
    """Return when the run's files were last written, seconds since 1970."""
    times = []
    for path in (run.run_info, run.log, run.events):
        try:
            times.append(path.stat().st_mtime)
        except OSError:
            continue
    return max(times, default=0.0)


def _existing(path: Path, logs: Path) -> Path:
    if path.exists():
        return path
    below = (logs / path, RunDir.of_experiment(logs, str(path)).path)
    return next((folder for folder in below if folder.is_dir()), path)
