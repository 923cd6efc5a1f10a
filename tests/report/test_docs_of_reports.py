"""docs/REPORTS.md names every option and every section there is."""

import re
from pathlib import Path

from tests.report.told_runs import running, subject_of
from tokmon.cli.report import report
from tokmon.report.run_page import run_page

TEXT = Path("docs/REPORTS.md").read_text(encoding="utf-8")


def test_every_option_is_documented() -> None:
    options = [name for param in report.params for name in param.opts if name.startswith("--")]

    assert [name for name in options if f"{name}" not in TEXT] == []


def test_every_section_is_documented_in_its_order(tmp_path: Path) -> None:
    subject = subject_of(running(tmp_path / "logs"))

    titles = [part.title for part in run_page(subject).sections]

    rows = re.findall(r"^\| ([A-Z][\w ]+) \|", TEXT, re.MULTILINE)
    assert [row for row in rows if row in titles] == titles


def test_files_that_it_names_exist() -> None:
    named = re.findall(r"`((?:tokmon|bench)/[\w/]+\.py)`", TEXT)

    assert named
    assert [name for name in named if not Path(name).is_file()] == []
