"""Who runs what, where: the part of run.json that is known before the first step. No torch."""

import importlib.metadata
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec

from tokmon.rundir.records import RunInfo
from tokmon.rundir.writer import this_process
from trainer.config import Config

_PACKAGES = ("tokmon", "torch", "numpy", "tiktoken")
_GIT_TIMEOUT_S = 5.0


def describe_run(config: Config, started: str) -> RunInfo:
    """Return the run.json of a run that starts now."""
    host, pid, process_created = this_process()
    return RunInfo(
        experiment=config.experiment,
        max_steps=config.schedule.steps,
        started=started,
        host=host,
        pid=pid,
        process_created=process_created,
        config=msgspec.to_builtins(config),
        git=_git_state(Path(__file__).parent),
        packages=_package_versions(),
    )


def _package_versions() -> dict[str, str]:
    versions = {"python": sys.version.split()[0], "platform": platform.platform()}
    for name in _PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def _git_state(folder: Path) -> dict[str, Any]:
    revision = _git(folder, "rev-parse", "HEAD")
    if revision is None:
        return {}
    return {"revision": revision, "dirty": bool(_git(folder, "status", "--porcelain"))}


def _git(folder: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(folder), *arguments]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=_GIT_TIMEOUT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return answer.stdout.strip()
