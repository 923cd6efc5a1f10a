"""`tokmon watch`: renders, refuses, and never meets torch."""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.runs.builder import RunBuilder
from tokmon.cli.watch import watch
from tokmon.rundir.errors import TokmonError

PROGRAM = """
import sys
from tokmon.cli.watch import watch
watch(standalone_mode=False)
print(sorted({"torch", "trainer", "tiktoken"} & sys.modules.keys()))
"""


def test_svg_renders_the_screen_in_a_process_that_never_imports_torch(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path).write(20)
    svg = tmp_path / "screen.svg"

    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, builder.run.path, "--svg", svg, "--size", "100x30"],
        capture_output=True, text=True, check=True, timeout=60, env={**os.environ, "LANG": "C"},
    )  # fmt: skip

    assert "url(http" not in svg.read_text(encoding="utf-8")
    text = "".join(ET.fromstring(svg.read_text(encoding="utf-8")).itertext()).replace("\xa0", " ")
    assert "v1_token_bigdata" in text
    assert "2,000" in text
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_the_newest_run_is_taken_and_that_is_said(tmp_path: Path) -> None:
    for name in ("one", "two"):
        RunBuilder(logs=tmp_path, experiment=name).write(1)

    result = CliRunner().invoke(
        watch, ["--logs", str(tmp_path), "--svg", str(tmp_path / "a.svg"), "--size", "80x24"]
    )

    assert result.exit_code == 0
    assert "the newest of 2 runs" in result.stderr
    assert (tmp_path / "a.svg").exists()


@pytest.mark.parametrize("size", ["80", "0x0", "80x", "axb", "99999x99999", "-80x24"])
def test_a_size_that_is_none_is_a_usage_error(tmp_path: Path, size: str) -> None:
    result = CliRunner().invoke(watch, ["--size", size])

    assert result.exit_code == 2


def test_what_is_not_a_run_and_a_file_that_cannot_be_written_are_user_errors(
    tmp_path: Path,
) -> None:
    builder = RunBuilder(logs=tmp_path).write(1)
    missing = CliRunner().invoke(watch, [str(tmp_path / "nowhere")])
    unwritable = CliRunner().invoke(
        watch, [str(builder.run.path), "--svg", str(tmp_path / "no" / "a.svg")]
    )

    assert isinstance(missing.exception, TokmonError)
    assert isinstance(unwritable.exception, TokmonError)
    assert "cannot be written" in str(unwritable.exception)
