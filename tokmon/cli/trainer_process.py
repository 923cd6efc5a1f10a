"""Starts the trainer: in this process for the foreground, or as one that outlives this."""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, RunInfo, decode

_POLL_S = 0.1
_WINDOWS_OWN_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) | getattr(
    subprocess, "DETACHED_PROCESS", 0
)


def train_here(arguments: Sequence[str]) -> int:
    """Train in this process; return its exit code."""
    from trainer.__main__ import main

    return main(arguments)


def prepare(config: Path, overrides: Sequence[str], logs: Path) -> RunDir:
    """Check config and name, and build the corpus, where people can still see what goes wrong.

    Raises:
        TokmonError: as training would.
    """
    from trainer.claim import refuse_taken
    from trainer.config import corpus_path
    from trainer.config_file import load_config
    from trainer.corpus.build import open_or_build
    from trainer.corpus.progress import showing_progress

    loaded = load_config(config, overrides)
    run = RunDir.of_experiment(logs, loaded.experiment)
    refuse_taken(run)
    with showing_progress() as progress:
        open_or_build(corpus_path(loaded, config), progress)
    return run


class DetachedTrainer:
    """A trainer in its own session: closing the terminal or the monitor does not touch it."""

    def __init__(self, arguments: Sequence[str], run: RunDir) -> None:
        self._run = run
        self._process = subprocess.Popen(
            # -P: a `trainer` of the user's own in the working folder must not stand in for ours.
            [sys.executable, "-P", "-m", "trainer", "--quiet", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # POSIX and Windows each have their own way to leave the terminal's process group.
            start_new_session=os.name != "nt",
            creationflags=_WINDOWS_OWN_GROUP,
        )

        assert self._process.stderr is not None
        self._stderr = self._process.stderr

    @property
    def pid(self) -> int:
        """Process number."""
        return self._process.pid

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        return self._process.poll()

    def wait_until_started(self) -> None:
        """Wait until the trainer has written its run.json.

        Raises:
            TokmonError: it ended before; with its last words.
        """
        while not self._has_written():
            if self._process.poll() is not None and not self._has_written():
                raise TokmonError(
                    f"the trainer ended at once with exit code {self._process.returncode}"
                    f"{self._last_words()}",
                    f"see {self._run.output_log}",
                )
            time.sleep(_POLL_S)

    def _has_written(self) -> bool:
        try:
            info = decode(self._run.run_info.read_bytes(), RunInfo)
        except (OSError, BadLineError):
            return False
        return info.pid == self._process.pid

    def _last_words(self) -> str:
        lines = self._stderr.read().decode(errors="replace").split("\n")
        spoken = [line for line in lines if line.strip()]
        return f": {spoken[-1].removeprefix('Error: ')}" if spoken else ""
