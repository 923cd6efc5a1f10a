"""Closes bench/gpu.sh: writes the results, prints the table.

    python -m bench.gpu.report WORK OUT COMMAND

Exits 1 if a step failed: the results are written all the same.
"""

import json
import os
import shutil
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.gpu.name import gpu_name
from bench.gpu.outcomes import STEPS, gathered, read, run_of
from bench.gpu.page import closing_rows, page, table
from bench.gpu.step import tail

ROOT = Path(__file__).parents[2]


def main() -> int:
    work, out, command = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    name = gpu_name(read(work / "nvidia-smi.json") or [])
    heading = {
        "name": name,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "revision": os.environ.get("REVISION", ""),
    }
    result = json.loads(anonymous(json.dumps(heading | gathered(work)), work))
    failed = [step["name"] for step in result["steps"] if not step["is_good"]]
    tails = {step: [anonymous(line, work) for line in tail(work, step)] for step in failed}
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1) + "\n"
    (out / f"gpu-{name}.json").write_text(text, encoding="utf-8")
    (out / f"gpu-{name}.md").write_text(page(result, tails), encoding="utf-8")
    keep_raw(work, out / f"gpu-{name}", heading | {"machine": result["machine"]})
    print(
        f"\n{table(('what', 'measured'), closing_rows(result))}\n\nwritten: {out}/gpu-{name}.json"
    )
    return 1 if failed else 0


def keep_raw(work: Path, folder: Path, heading: dict[str, Any]) -> None:
    """Keep the answers of nvidia-smi and NVML, the run's logs and what the steps printed."""
    folder.mkdir(exist_ok=True)
    for name in ("nvidia-smi.json", "nvml.json"):
        records = {**heading, "records": read(work / name)}
        (folder / name).write_text(json.dumps(records, indent=1) + "\n", encoding="utf-8")
    run = run_of(work / "logs")
    for path in (run.log, run.system) if run else ():
        if path.exists():
            shutil.copy(path, folder / path.name)
    if (work / "trainer.md").exists():
        beside = (work / "trainer.md").read_text(encoding="utf-8")
        (folder / "trainer.md").write_text(anonymous(beside, work), encoding="utf-8")
    (folder / "output.txt").write_text(output(work), encoding="utf-8")


def output(work: Path) -> str:
    """Return what all steps printed."""
    parts = []
    for step in STEPS:
        for suffix in ("out", "err"):
            path = work / f"{step}.{suffix}"
            if path.exists() and (text := path.read_text(encoding="utf-8", errors="replace")):
                parts.append(f"==== {step}, std{suffix}\n{text}")
    return anonymous("\n".join(parts), work)


def anonymous(text: str, work: Path) -> str:
    """Return `text` without where folders lie on this machine, which is nobody's business."""
    for folder, short in ((work, "WORK"), (ROOT, "."), (Path.home(), "~")):
        if folder != Path(folder.anchor):
            text = text.replace(str(folder), short)
    return text


if __name__ == "__main__":
    sys.exit(main())
