"""A full disk, a read-only one, a folder that vanishes: nothing is torn, and people are told."""

import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.runs_of_trainer import (
    lines_without_times,
    run_trainer,
    trainer_command,
    wait_until,
    write_config,
)
from tests.trainer.small_disk import SmallDisk, needs_small_disk
from tokmon.rundir.atomic import is_temporary
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import BadLineError, Event, Step, decode
from trainer.checkpoint import load, newest_good

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory, source_folder: Path) -> Path:
    return write_config(tmp_path_factory.mktemp("config"), source_folder)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, config: Path) -> RunDir:
    """The run that had room."""
    logs = tmp_path_factory.mktemp("whole")
    assert run_trainer(config, logs).returncode == 0
    return RunDir.of_experiment(logs, "tiny")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    small = SmallDisk(folder, megabytes=48)
    yield small
    small.close()


def start(disk: SmallDisk, config: Path, *more: str) -> subprocess.Popen[str]:
    command = disk.inside(trainer_command(config.absolute(), disk.folder, *more))
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run_on(disk: SmallDisk) -> RunDir:
    return RunDir.of_experiment(disk.path, "tiny")


def count_lines(run: RunDir) -> int:
    return run.log.read_bytes().count(b"\n") if run.log.exists() else 0


def events_of(run: RunDir) -> list[str]:
    if not run.events.exists():
        return []
    lines = run.events.read_bytes().splitlines()
    return [decode(line, Event).event for line in lines]


def assert_whole(run: RunDir) -> None:
    """Every line is a record, the newest checkpoint is good, nothing half-written lies about."""
    for line in run.log.read_bytes().split(b"\n")[:-1]:
        decode(line, Step)
    assert run.log.read_bytes().endswith(b"\n")
    checkpoint, passed_over = newest_good(run)
    assert checkpoint is not None
    assert passed_over == []
    assert load(run.best).content["val_loss"] > 0
    assert not [path for path in run.path.iterdir() if is_temporary(path)]


def assert_same(run: RunDir, whole: RunDir) -> None:
    assert lines_without_times(run) == lines_without_times(whole)
    ours, theirs = (load(each.final).content["model"] for each in (run, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


@needs_small_disk()
def test_on_a_full_disk_the_run_waits_and_goes_on_as_if_nothing_had_been(
    disk: SmallDisk, config: Path, whole: RunDir
) -> None:
    run = run_on(disk)
    process = start(disk, config)
    wait_until(lambda: count_lines(run) >= 1, process)
    disk.fill(leaving_bytes=2_000_000)
    wait_until(lambda: "disk_full" in events_of(run), process)
    disk.make_room()
    _, said = process.communicate(timeout=60)

    assert process.returncode == 0, said
    assert said.count("No space left on device; writing waits until there is room") >= 1
    assert "disk_room" in events_of(run)
    assert_whole(run)
    assert_same(run, whole)


@needs_small_disk()
def test_a_run_without_room_can_be_stopped_and_loses_nothing_before_its_checkpoint(
    disk: SmallDisk, config: Path, whole: RunDir
) -> None:
    run = run_on(disk)
    process = start(disk, config)
    wait_until(lambda: "checkpoint" in events_of(run), process)
    disk.fill(leaving_bytes=0)
    wait_until(lambda: is_waiting(disk), process)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1, said
    assert "No space left on device; mend that and start the same command again" in said
    assert "Traceback" not in said
    disk.make_room()
    assert_whole(run)

    again = start(disk, config)
    _, said = again.communicate(timeout=60)

    assert again.returncode == 0, said
    assert_same(run, whole)


def is_waiting(disk: SmallDisk) -> bool:
    """Say whether the disk stayed full to the last page, with the trainer wanting to write."""
    return shutil.disk_usage(disk.path).free == 0


@needs_small_disk()
def test_a_folder_that_turns_read_only_ends_the_run_with_one_line(
    disk: SmallDisk, config: Path
) -> None:
    run = run_on(disk)
    process = start(disk, config, "--set", "schedule.steps=100000")
    wait_until(lambda: "checkpoint" in events_of(run), process)
    disk.make_read_only(run.path)
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert said.count("Read-only file system; mend that and start the same command again") == 1
    assert "Traceback" not in said
    assert newest_good(run)[0] is not None


def test_a_vanished_folder_ends_the_run_with_one_line(tmp_path: Path, config: Path) -> None:
    run = RunDir.of_experiment(tmp_path, "tiny")
    command = trainer_command(config, tmp_path, "--set", "schedule.steps=100000")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_until(lambda: count_lines(run) >= 1, process)
    run.path.rename(tmp_path / "elsewhere")
    _, said = process.communicate(timeout=60)

    assert process.returncode == 1
    assert said.count("No such file or directory; mend that and start the same command again") == 1
    assert "Traceback" not in said
    assert not run.path.exists()


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX resource limits")
def test_a_file_size_limit_ends_the_run_and_leaves_log_and_checkpoint_whole(
    tmp_path: Path, config: Path, whole: RunDir
) -> None:
    run = RunDir.of_experiment(tmp_path, "tiny")
    limit = whole.final.stat().st_size - 1000

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    command = trainer_command(config, tmp_path)
    answer = subprocess.run(
        command, capture_output=True, text=True, check=False, preexec_fn=limited, timeout=60
    )

    assert answer.returncode == 1, answer.stderr
    assert "tiny_step10.pt: File too large; mend that" in answer.stderr
    assert "there is no checkpoint yet to go on from" in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not [path for path in run.path.iterdir() if is_temporary(path)]
    assert_lines_are_records(run)

    assert run_trainer(config, tmp_path).returncode == 0
    assert_same(run, whole)


def assert_lines_are_records(run: RunDir) -> None:
    for line in run.log.read_bytes().splitlines():
        try:
            decode(line, Step)
        except BadLineError as error:
            pytest.fail(str(error))
