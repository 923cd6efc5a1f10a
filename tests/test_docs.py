"""What the documents show is true: sample lines parse, commands and files exist."""

import re
from pathlib import Path

import click
import msgspec
import pytest

from tokmon.cli import main
from tokmon.rundir.control import Request
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import (
    SCHEMA_VERSION,
    CheckpointInfo,
    Event,
    Record,
    RunInfo,
    Sample,
    Step,
    Summary,
    System,
    decode,
    encode,
)

RUN_DIRECTORY = Path("docs/RUN_DIRECTORY.md").read_text(encoding="utf-8")
README = Path("README.md").read_text(encoding="utf-8")
KINDS: dict[str, type[Record]] = {
    "step": Step,
    "event": Event,
    "system": System,
    "sample": Sample,
    "run": RunInfo,
    "checkpoint": CheckpointInfo,
    "summary": Summary,
}


def sample_lines() -> list[tuple[str, str]]:
    blocks = re.findall(r"```jsonl (\w+)\n(.*?)```", RUN_DIRECTORY, re.DOTALL)
    return [
        (kind, line) for kind, block in blocks if kind != "control" for line in block.splitlines()
    ]


def test_the_sample_request_is_one() -> None:
    block = re.search(r"```jsonl control\n(.*?)\n```", RUN_DIRECTORY)

    assert block
    assert msgspec.json.decode(block[1], type=Request).action == "pause"


@pytest.mark.parametrize(("kind", "line"), sample_lines())
def test_sample_lines_of_the_run_directory_are_records(kind: str, line: str) -> None:
    record = decode(line.encode(), KINDS[kind])
    written = msgspec.json.decode(encode(record))

    shown = msgspec.json.decode(line)
    assert {key: written[key] for key in shown} == shown
    assert [key for key in written if key in shown] == list(shown)


def test_every_kind_of_record_has_a_sample_line() -> None:
    assert {kind for kind, _ in sample_lines()} == set(KINDS)


def test_the_documented_schema_version_is_the_one_in_use() -> None:
    assert f"Schema version: {SCHEMA_VERSION}." in RUN_DIRECTORY


def test_file_names_are_those_of_the_layout() -> None:
    run = RunDir.of_experiment(Path("logs"), "EXPERIMENT")
    paths = (
        run.log,
        run.events,
        run.system,
        run.samples,
        run.run_info,
        run.best,
        run.final,
        run.summary,
        run.control,
    )

    for path in (*paths, run.step_checkpoint(5000), run.output_log):
        assert path.name in RUN_DIRECTORY


def test_every_command_is_in_the_readme() -> None:
    for name in main.list_commands(click.Context(main)):
        assert f"`tokmon {name}" in README, name


@pytest.mark.parametrize("path", [Path("README.md"), *Path("docs").glob("*.md")], ids=str)
def test_links_to_files_lead_somewhere(path: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    targets += re.findall(r'src="(?!https?:)([^"]+)"', path.read_text(encoding="utf-8"))

    assert [target for target in targets if not (path.parent / target).exists()] == []
