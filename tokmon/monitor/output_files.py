"""What lies in a run directory, with sizes and what each file is. Reads names and sizes only."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from tokmon.rundir.atomic import is_temporary
from tokmon.rundir.layout import RunDir

MAX_FILES = 5000
"""Looked at; a folder that holds more is some other program's."""


class FileKind(Enum):
    """What a file of a run is for, in the order of a list."""

    RUN_INFO = "who runs what: config, corpus, device, heartbeat"
    LOG = "metrics, one line per log interval"
    EVENTS = "what happened, one line each"
    SAMPLES = "text sampled during training, with scores"
    SYSTEM = "GPU and host samples"
    OUTPUT = "all that the process wrote to stdout and stderr"
    CONTROL = "the last request to the trainer"
    SUMMARY = "final metrics"
    BEST = "weights at the best validation loss"
    STEP = "periodic checkpoint"
    FINAL = "checkpoint of the last step"
    SIDECAR = "step, losses and sha256 of the checkpoint beside it"
    FOLDER = "folder"
    OTHER = "not of the run itself"


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file."""

    path: Path
    kind: FileKind
    size: int
    """Bytes; of a folder, of all files in it."""
    step: int | None = None
    """Of a periodic checkpoint."""


@dataclass(frozen=True, slots=True)
class OutputFiles:
    """The files of a run, by kind, then by step and name."""

    files: tuple[OutputFile, ...] = ()
    left_out: int = 0
    """Beyond MAX_FILES."""
    faults: tuple[str, ...] = ()
    """What could not be looked at, foreign text."""

    @property
    def size(self) -> int:
        """Bytes of all that is listed."""
        return sum(file.size for file in self.files)

    def of_kind(self, *kinds: FileKind) -> list[OutputFile]:
        """Return the files of some kinds."""
        return [file for file in self.files if file.kind in kinds]


def output_files(run: RunDir) -> OutputFiles:
    """Return what lies in the run directory now, and the output log beside it.

    Temporary files of writers at work are left out.
    """
    known, steps = _known(run), {path: step for step, path in run.step_checkpoints().items()}
    faults: list[str] = []
    entries = sorted(_entries(run.path, faults))
    if run.output_log.is_file():
        entries.insert(0, run.output_log)
    sidecars = {RunDir.sidecar(path) for path in (run.best, run.final, *steps)}
    found = []
    for path in entries[:MAX_FILES]:
        kind = FileKind.STEP if path in steps else known.get(path, FileKind.OTHER)
        kind = FileKind.SIDECAR if path in sidecars else kind
        try:
            is_folder = path.is_dir()
            size = _folder_size(path, faults) if is_folder else path.stat().st_size
        except OSError as error:
            faults.append(f"{path.name}: {error.strerror or error}")
            continue
        found.append(
            OutputFile(path, FileKind.FOLDER if is_folder else kind, size, steps.get(path))
        )
    order = list(FileKind)
    found.sort(key=lambda file: (order.index(file.kind), file.step or 0, file.path.name))
    return OutputFiles(tuple(found), max(0, len(entries) - MAX_FILES), tuple(faults))


def is_of_run(path: Path, run: RunDir) -> bool:
    """Say whether a file is one that the trainer writes: nothing else may be written there."""
    own = {*_known(run), run.lock, *run.step_checkpoints().values()}
    own |= {
        RunDir.sidecar(file) for file in (run.best, run.final, *run.step_checkpoints().values())
    }
    return path.resolve() in {file.resolve() for file in own}


def _known(run: RunDir) -> dict[Path, FileKind]:
    return {
        run.run_info: FileKind.RUN_INFO,
        run.log: FileKind.LOG,
        run.events: FileKind.EVENTS,
        run.samples: FileKind.SAMPLES,
        run.system: FileKind.SYSTEM,
        run.output_log: FileKind.OUTPUT,
        run.control: FileKind.CONTROL,
        run.summary: FileKind.SUMMARY,
        run.best: FileKind.BEST,
        run.final: FileKind.FINAL,
    }


def _entries(folder: Path, faults: list[str]) -> Iterator[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries]
    except OSError as error:
        faults.append(f"{folder}: {error.strerror or error}")
        return
    yield from (folder / name for name in names if not is_temporary(folder / name))


def _folder_size(folder: Path, faults: list[str]) -> int:
    """Return the bytes of the files in a folder, not of folders in it."""
    with os.scandir(folder) as entries:
        found = [entry for _, entry in zip(range(MAX_FILES), entries, strict=False)]
    sizes = 0
    for entry in found:
        try:
            sizes += entry.stat().st_size if entry.is_file() else 0
        except OSError as error:
            faults.append(f"{folder.name}/{entry.name}: {error.strerror or error}")
    return sizes
