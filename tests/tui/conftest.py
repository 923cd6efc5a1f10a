"""One time zone, no user configuration."""

import copy
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runs.builder import RunBuilder
from tests.tui.fake_sampler import FakeSampler
from tokmon.rundir.layout import RunDir


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Clock times on golden screens are UTC where the system lets a process choose."""
    monkeypatch.setenv("TZ", "UTC")
    if hasattr(time, "tzset"):
        time.tzset()
    yield
    monkeypatch.undo()
    if hasattr(time, "tzset"):
        time.tzset()


@pytest.fixture(autouse=True)
def no_samplers() -> Iterator[None]:
    FakeSampler.opened.clear()
    yield
    FakeSampler.opened.clear()


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> RunBuilder:
    """A run at 38 %, written once."""
    return RunBuilder(logs=tmp_path_factory.mktemp("recorded")).write(190)


@pytest.fixture
def builder(recorded: RunBuilder, tmp_path: Path) -> RunBuilder:
    """A copy of the recorded run that the test may go on with."""
    shutil.copytree(recorded.logs, tmp_path / "logs")
    copied = copy.deepcopy(recorded)
    copied.logs = tmp_path / "logs"
    copied.run = RunDir.of_experiment(copied.logs, copied.experiment)
    return copied
