"""One corpus build in a process of its own, measured: `measure` for the other scripts here.

python bench/measured_build.py RECIPE       # one build in the cache, as a line of JSON
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[1]
SAMPLE_S = 0.01


@dataclass(frozen=True)
class Measured:
    """One build, its manifest and what it cost."""

    manifest: dict[str, Any]
    build_s: float
    """Without starting Python."""
    phases_s: dict[str, float]
    cpu_s: float
    peak_mb: float
    """Resident memory of the process and all its children, the highest of samples 10 ms apart and,
    on Linux, of the process's own high-water mark (VmHWM)."""
    load_before: float


def measure(recipe: Path, wheels: Path | None = None) -> Measured:
    """Build `recipe` in an empty cache that has only the wheels of the folder `wheels`."""
    with tempfile.TemporaryDirectory() as cache:
        if wheels:
            (Path(cache) / "wheels").symlink_to(wheels.absolute())
        environment = {**os.environ, "TOKMON_CACHE": cache, "PYTHONPATH": str(ROOT)}
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
        process = subprocess.Popen(
            [sys.executable, __file__, str(recipe)], stdout=subprocess.PIPE, env=environment
        )
        sampled = _peak_of_tree(process)
        output, _ = process.communicate()
        if process.returncode:
            raise SystemExit(f"{recipe}: the build failed")
        (manifest,) = Path(cache).glob("corpora/*/manifest.json")
        told = json.loads(output)
        return Measured(
            manifest=json.loads(manifest.read_bytes()),
            peak_mb=max(sampled, told.pop("high_water_bytes")) / 1e6,
            load_before=load,
            **told,
        )


def machine() -> str:
    """Return one line on where this runs."""
    cores = os.cpu_count()
    system = f"{platform.system()} {platform.machine()}"
    return f"{system}, {cores} cores, Python {platform.python_version()}"


def _peak_of_tree(process: "subprocess.Popen[bytes]") -> int:
    peak, root = 0, psutil.Process(process.pid)
    while process.poll() is None:
        peak = max(peak, _resident(root))
        time.sleep(SAMPLE_S)
    return peak


def _resident(root: psutil.Process) -> int:
    total = 0
    try:
        for part in (root, *root.children(recursive=True)):
            total += part.memory_info().rss
    except psutil.NoSuchProcess:
        return total
    return total


def _build(recipe: Path) -> None:
    from trainer.corpus.build import open_or_build

    begin = time.perf_counter()
    starts: dict[str, float] = {}
    open_or_build(recipe, lambda phase, *_: starts.setdefault(phase, time.perf_counter()))
    end = time.perf_counter()
    ends = [*list(starts.values())[1:], end]
    times = os.times()
    told = {
        "build_s": end - begin,
        "phases_s": {
            p: stop - start for (p, start), stop in zip(starts.items(), ends, strict=True)
        },
        "cpu_s": times.user + times.system,
        "high_water_bytes": _high_water_bytes(),
    }
    print(json.dumps(told))


def _high_water_bytes() -> int:
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    _build(Path(sys.argv[1]))
