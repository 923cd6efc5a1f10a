"""Every file name in a run directory is spelled here and nowhere else."""

import re
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from tokmon.rundir.errors import TokmonError

_FOLDER_PREFIX = "train_"
_STEP_CHECKPOINT = re.compile(r"_step(\d+)\.pt$")
_OF_A_STEP = re.compile(r"step\d+\.(pt|json)")
# One of these makes a folder a run; the first part of the name is the experiment.
_MARKS = ("_run.json", "_log.jsonl")

EXPERIMENT_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]*"
"""What an experiment may be called: it becomes a part of file names on every system."""


@dataclass(frozen=True, slots=True)
class RunDir:
    """One run's folder and the paths in it."""

    path: Path
    """The folder, `logs/train_EXPERIMENT` when tokmon made it."""

    experiment: str
    """The experiment's name, the first part of every file name."""

    @classmethod
    def of_experiment(cls, logs: Path, experiment: str) -> "RunDir":
        """Return the run directory of `experiment` below `logs`; it need not exist."""
        return cls(logs / f"{_FOLDER_PREFIX}{experiment}", experiment)

    @classmethod
    def open(cls, path: Path) -> "RunDir":
        """Return the run in an existing folder, also a renamed one.

        Raises:
            TokmonError: the folder does not exist or holds no run.
        """
        if not path.exists():
            raise TokmonError(f"{path}: no such run directory", "see what is under logs/")
        if not path.is_dir():
            raise TokmonError(f"{path}: not a run directory but a file")
        experiment = _experiment_in(path)
        if experiment is None:
            raise TokmonError(
                f"{path}: holds no run (no *_run.json and no *_log.jsonl)",
                "name a folder that `tokmon train` wrote",
            )
        return cls(path, experiment)

    @classmethod
    def find_all(cls, path: Path) -> "list[RunDir]":
        """Return the run in `path`, or else the runs in the folders directly below it, by name."""
        if not path.is_dir():
            return []
        folders = [path] if _experiment_in(path) else sorted(path.iterdir())
        named = [(folder, _experiment_in(folder)) for folder in folders if folder.is_dir()]
        return [cls(folder, experiment) for folder, experiment in named if experiment]

    @property
    def log(self) -> Path:
        """One line per log interval: records.Step."""
        return self._file("log.jsonl")

    @property
    def events(self) -> Path:
        """What happened, one line each: records.Event."""
        return self._file("events.jsonl")

    @property
    def system(self) -> Path:
        """GPU and host samples: records.System."""
        return self._file("system.jsonl")

    @property
    def samples(self) -> Path:
        """Text sampled during training: records.Sample."""
        return self._file("samples.jsonl")

    @property
    def run_info(self) -> Path:
        """Who runs what, with phase and heartbeat: records.RunInfo."""
        return self._file("run.json")

    @property
    def control(self) -> Path:
        """Requests to the trainer."""
        return self._file("control.json")

    @property
    def summary(self) -> Path:
        """Final metrics: records.Summary."""
        return self._file("summary.json")

    @property
    def best(self) -> Path:
        """Weights at the best validation loss."""
        return self._file("best.pt")

    @property
    def final(self) -> Path:
        """Checkpoint of the last step."""
        return self._file("final.pt")

    @property
    def lock(self) -> Path:
        """Locked by the trainer that writes the run; beside the folder, which may be set aside."""
        return self.path.with_name(f".{self.path.name}.lock")

    @property
    def superseded(self) -> Path:
        """Folder for checkpoints of a continuation that was given up for an earlier checkpoint."""
        return self.path / "superseded"

    @property
    def output_log(self) -> Path:
        """Everything the process wrote to stdout and stderr; it lies beside the folder."""
        return self.path.with_name(f"{self.path.name}_output.log")

    def step_checkpoint(self, step: int) -> Path:
        """Return the path of the periodic checkpoint of `step`."""
        return self._file(f"step{step}.pt")

    def step_checkpoints(self) -> dict[int, Path]:
        """Return the periodic checkpoints that exist, by step, oldest first."""
        found = {}
        for path in self.path.glob(f"{escape(self.experiment)}_step*.pt"):
            if match := _STEP_CHECKPOINT.search(path.name):
                found[int(match[1])] = path
        return dict(sorted(found.items()))

    def is_of_a_step(self, name: str) -> bool:
        """Say whether a file name is a periodic checkpoint's of this run, or its sidecar's."""
        prefix = self._file("").name
        return name.startswith(prefix) and bool(_OF_A_STEP.fullmatch(name, len(prefix)))

    @staticmethod
    def is_mark(name: str) -> bool:
        """Say whether a file of this name makes its folder a run."""
        return name.endswith(_MARKS)

    @staticmethod
    def sidecar(checkpoint: Path) -> Path:
        """Return the small .json beside a checkpoint: its commit mark, records.CheckpointInfo."""
        return checkpoint.with_suffix(".json")

    def _file(self, name: str) -> Path:
        return self.path / f"{self.experiment}_{name}"


def _experiment_in(folder: Path) -> str | None:
    """Return the experiment whose files lie in `folder`; the folder's own name wins."""
    own = folder.name.removeprefix(_FOLDER_PREFIX)
    if any((folder / f"{own}{mark}").is_file() for mark in _MARKS):
        return own
    for mark in _MARKS:
        names = sorted(path.name.removesuffix(mark) for path in folder.glob(f"*{mark}"))
        if names:
            return names[0]
    return None
