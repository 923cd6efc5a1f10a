"""What all benchmarks of speed have in common: options, how they end, the files they write."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench.speed.stop import Stopped, stopping_on_signals
from tokmon.rundir.errors import TokmonError


class Report(NamedTuple):
    """What a benchmark has to say."""

    page: str
    """Markdown."""
    numbers: dict[str, Any]
    """Everything, for JSON."""
    stopped: Stopped | None = None
    """What ended it early; the rest is of what was measured until then."""


def run(measure: Callable[[], Report], out: Path | None) -> int:
    """Measure, print the page, write it; return the exit code: 0, 1, 128 + n after signal n."""
    try:
        with stopping_on_signals():
            report = measure()
            print(report.page)
            if out is not None:
                write(out, report.page, report.numbers)
    except TokmonError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except Stopped as stopped:
        sys.stderr.write(f"{stopped.name}: nothing was measured yet\n")
        return stopped.exit_code
    return report.stopped.exit_code if report.stopped is not None else 0


def write(path: Path, page: str, numbers: dict[str, Any]) -> None:
    """Write the page, and beside it all numbers as JSON.

    Raises:
        TokmonError: the folder cannot be made or written.
    """
    content = json.dumps(numbers, indent=1) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(page, encoding="utf-8")
        path.with_suffix(".json").write_text(content, encoding="utf-8")
    except OSError as error:
        raise TokmonError(f"--out {path}: {error.strerror}") from error


def markdown_file(text: str) -> Path:
    """Return the path, for argparse."""
    path = Path(text)
    if path.suffix != ".md":
        raise argparse.ArgumentTypeError(f"{text}: not a .md file")
    return path


def positive(text: str) -> int:
    """Return the number, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return number
