"""Which machine, versions and command a result is of."""

import hashlib
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path

import psutil

from bench.speed.rounds import ROOT

_CPUINFO = Path("/proc/cpuinfo")


def describe_machine() -> dict[str, object]:
    """Return what the numbers depend on besides the programs."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
    }


def _cpu_model() -> str:
    if _CPUINFO.exists():
        for line in _CPUINFO.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    if sys.platform == "darwin":
        return _output("sysctl", "-n", "machdep.cpu.brand_string")
    return platform.processor() or platform.machine()


def revision(folder: Path = ROOT) -> str:
    """Return the git revision of `folder`, marked where files differ from it."""
    if not (folder / ".git").exists():
        return ""
    changed = _output("git", "-C", str(folder), "status", "--porcelain", "--untracked-files=no")
    return _output("git", "-C", str(folder), "rev-parse", "--short", "HEAD") + "+" * bool(changed)


def nanogpt_version(folder: str) -> str:
    """Return nanoGPT's revision, or where there is none the sha256 of what runs."""
    files = [Path(folder) / name for name in ("train.py", "model.py")]
    if not folder or not all(file.is_file() for file in files):
        return ""
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
    return revision(Path(folder)) or f"train.py + model.py sha256 {digest[:12]}"


def command_line() -> str:
    """Return how this was started; of paths only the last part, the rest is nobody's business."""
    words = [Path(word).name if Path(word).is_absolute() else word for word in sys.argv[1:]]
    return shlex.join(["python", f"bench/{Path(sys.argv[0]).name}", *words])


def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()
