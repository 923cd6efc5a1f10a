"""Make docs/screenshot.svg from a real run: `make screenshot` trains the demo and renders it.

The picture is of a run in progress, since that is what the monitor is for.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, decode

SIZE = "132x40"
SHOWN_AT = 0.75  # share of the steps


def main() -> None:
    """Start the demo's trainer, wait until it is well on its way, render, let it end."""
    target = Path(__file__).with_name("screenshot.svg")
    with tempfile.TemporaryDirectory() as folder:
        run = RunDir.of_experiment(Path(folder), "demo")
        trainer = subprocess.Popen(
            [sys.executable, "-m", "tokmon", "demo", "--headless", "--logs", folder]
        )
        while share_done(run) < SHOWN_AT:
            if trainer.poll() is not None:
                sys.exit("the demo ended before the picture was taken")
            time.sleep(0.5)
        render = [sys.executable, "-m", "tokmon", "watch", str(run.path)]
        subprocess.run([*render, "--svg", str(target), "--size", SIZE], check=True)
        trainer.wait()
    print(f"wrote {target}")


def share_done(run: RunDir) -> float:
    """Return the share of steps taken, 0 before the first."""
    if not run.run_info.exists():
        return 0.0
    info = decode(run.run_info.read_bytes(), RunInfo)
    return (info.step or 0) / (info.max_steps or 1)


if __name__ == "__main__":
    main()
