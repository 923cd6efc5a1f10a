"""Writes the pages on the experiment out of the records that `bench.experiment.runs` kept.

    python -m bench.experiment.pages [--scale 64th] [--reports]

Fills the templates in bench/experiment/templates/ into docs/ and README.md; --reports first lets
`tokmon report` and `tokmon compare` write the runs' own pages beside the records.
"""

import argparse
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.experiment.findings import Finding, finding
from bench.experiment.keep import anonymous
from bench.experiment.plan import ROOT, SCALES, Scale
from bench.experiment.table import table

TEMPLATES = Path(__file__).parent / "templates"
README = ROOT / "README.md"
_BLOCK = re.compile(r"(<!-- experiment: .*? -->\n).*?(<!-- /experiment -->)", re.DOTALL)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", choices=SCALES, default="64th")
    parser.add_argument("--reports", action="store_true")
    options = parser.parse_args()
    scale = SCALES[options.scale]
    if options.reports:
        _write_reports(scale)
    for path, text in pages(scale):
        path.write_text(text, encoding="utf-8")
    return 0


def pages(scale: Scale) -> Iterator[tuple[Path, str]]:
    """Yield each page that the records suffice for: where it belongs, and its text."""
    runs = dict(_findings(scale))
    for template in sorted(TEMPLATES.glob("*.md")):
        text = template.read_text(encoding="utf-8")
        if not all(name in runs for name in re.findall(r"\{(small|unmasked|big)\b", text)):
            continue
        tables = {"table": table(list(runs.values())), "twins": table(list(runs.values())[:2])}
        filled = text.format(scale=scale, kept=scale.kept.relative_to(ROOT), **runs, **tables)
        if template.name == README.name:
            readme = README.read_text(encoding="utf-8")
            yield README, _BLOCK.sub(lambda block, new=filled: block[1] + new + block[2], readme)
        else:
            yield ROOT / "docs" / template.name, filled


def _findings(scale: Scale) -> Iterator[tuple[str, Finding]]:
    for name in ("small", "unmasked", "big"):
        try:
            yield name, finding(getattr(scale, name), scale.kept)
        except OSError:
            continue


def _write_reports(scale: Scale) -> None:
    runs = [found.run for _, found in _findings(scale)]
    folders = [str(run.path.relative_to(ROOT)) for run in runs]
    for run, folder in zip(runs, folders, strict=True):
        _tokmon("report", folder, "-o", str(scale.kept / f"{run.experiment}.md"))
    evaluations = [str(scale.kept / f"{run.experiment}_eval_own.jsonl") for run in runs]
    evals = [word for path in evaluations for word in ("--eval", path)]
    _tokmon("compare", *folders, *evals, "-o", str(scale.kept / "comparison.md"))
    for page in scale.kept.glob("*.md"):
        page.write_text(anonymous(page.read_text(encoding="utf-8"), {}), encoding="utf-8")


def _tokmon(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "tokmon", *arguments], cwd=ROOT, check=True)


if __name__ == "__main__":
    sys.exit(main())
