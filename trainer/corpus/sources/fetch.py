"""Fetches a pinned wheel with the running interpreter's pip, so that the user's settings apply.

The only place in tokmon that reaches the network, and only for a recipe that names wheels.
"""

import hashlib
import subprocess
import sys
import tempfile
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.cache import wheels_folder
from trainer.corpus.recipe import WheelSource

_SHOWN_DIGITS = 12
# Only source is read from the wheel, so it need not suit this interpreter.
_PIP = (
    "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--ignore-requires-python",
    "--no-input", "--disable-pip-version-check", "--progress-bar=off",
)  # fmt: skip


def cached_wheel(source: WheelSource) -> Path:
    """Return where the cache keeps the wheel; it need not be there yet."""
    name = f"{source.name}-{source.version}-{source.sha256[:_SHOWN_DIGITS]}.whl"
    return wheels_folder() / name


def fetch_wheel(source: WheelSource) -> Path:
    """Return the wheel's path in the cache, fetched and checked.

    Raises:
        TokmonError: pip cannot fetch it, or its sha256 is not the recipe's.
    """
    path = cached_wheel(source)
    if path.is_file() and _sha256(path) == source.sha256:
        return path
    with tempfile.TemporaryDirectory(prefix=".fetch-", dir=path.parent) as folder:
        fetched = _download(source, Path(folder))
        found = _sha256(fetched)
        if found != source.sha256:
            raise TokmonError(
                f"{fetched.name}: fetched with sha256 {found[:_SHOWN_DIGITS]}..., "
                f"the recipe pins {source.sha256[:_SHOWN_DIGITS]}...",
                "check the recipe and the package index that pip uses (pip config list)",
            )
        fetched.replace(path)
    return path


def _download(source: WheelSource, folder: Path) -> Path:
    wanted = f"{source.name}=={source.version}"
    command = [sys.executable, *_PIP, f"--dest={folder}", wanted]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, check=False, text=True,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode == 0 and len(wheels) == 1:
        return wheels[0]
    raise TokmonError(
        f"wheel {wanted} cannot be fetched: {_reason(done.stderr or done.stdout)}",
        _hint(done.stderr, cached_wheel(source)),
    )


def _reason(output: str) -> str:
    """Return pip's last error line, or its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["pip said nothing"])[-1].removeprefix("ERROR:").strip()


def _hint(output: str, path: Path) -> str:
    if "No module named pip" in output:
        return f"install pip: {Path(sys.executable).name} -m ensurepip"
    return f"check the network and `pip config list`, or put the wheel at {path}"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
