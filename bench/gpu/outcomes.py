"""Reads back what the steps of bench/gpu.sh left in its work folder; a missing part is None."""

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tokmon.rundir.layout import RunDir

STEPS = ("wheels", "machine", "corpus", "tests", "bench", "trainer", "run", "experiment")


def gathered(work: Path) -> dict[str, Any]:
    """Return all that the steps found out, by part."""
    tests = work / "tests.xml"
    return {
        "steps": [step for name in STEPS if (step := read(work / f"{name}.step.json"))],
        "machine": read(work / "machine.json"),
        "corpus": read(work / "corpus.out"),
        "tests": count_tests(tests) if tests.exists() else None,
        "bench": read(work / "bench.out"),
        "trainer": read(work / "trainer.json"),
        "run": run_facts(work / "logs"),
    }


def read(path: Path) -> Any:
    """Return the JSON in a file; None if it is missing or cut short."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def count_tests(path: Path) -> dict[str, Any]:
    """Return how many tests there were, passed, failed and were skipped; the names of failures."""
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        return {"error": str(error)}
    cases = list(root.iter("testcase"))
    failed = [
        f"{case.get('classname')}::{case.get('name')}"
        for case in cases
        if case.find("failure") is not None or case.find("error") is not None
    ]
    skipped = sum(case.find("skipped") is not None for case in cases)
    return {
        "tests": len(cases),
        "passed": len(cases) - len(failed) - skipped,
        "failed": len(failed),
        "skipped": skipped,
        "failures": failed,
    }


def run_of(logs: Path) -> RunDir | None:
    """Return the run directory, if the run came so far."""
    return next(iter(RunDir.find_all(logs)), None) if logs.is_dir() else None


def run_facts(logs: Path) -> dict[str, Any] | None:
    """Return what the run directory says: how far it came, how fast, how well."""
    run = run_of(logs)
    if run is None:
        return None
    lines = json_lines(run.log.read_text(encoding="utf-8")) if run.log.exists() else []
    return {
        "first_lines": lines[:5],
        "last_line": lines[-1] if lines else None,
        "best": min((line for line in lines if line.get("val_loss")), key=_val_loss, default=None),
        "summary": read(run.summary),
        "info": read(run.run_info),
    }


def _val_loss(line: dict[str, Any]) -> float:
    return float(line["val_loss"])


def json_lines(text: str) -> list[dict[str, Any]]:
    """Return the whole lines of a log."""
    lines = []
    for line in text.splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            continue  # the last one, cut short by a kill: the run's own reader counts such lines
    return lines
