"""The monitor in a real terminal: keys in, text out, and the files are left as they were."""

import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from bench.watched.pane import ROWS, Pane, pane
from tests.runs.builder import RunBuilder

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux"),
]

PATIENCE_S = 20.0
PROGRAM = "from tokmon.cli import main; main()"
Opens = Callable[..., AbstractContextManager[Pane]]


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """A folder with a run at work and a finished one."""
    folder = tmp_path / "logs"
    folder.mkdir()
    RunBuilder(logs=folder, experiment="working", is_this_process=True).write(40)
    RunBuilder(logs=folder, experiment="ended", seed=3).write(30).finish()
    return folder


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Opens]:
    """Return what opens `tokmon watch PATH` in a pane."""

    def opened(path: Path) -> AbstractContextManager[Pane]:
        return pane([sys.executable, "-c", PROGRAM, "watch", str(path)], tmp_path)

    return opened


def seen(shown: Pane, *texts: str) -> str:
    """Wait until all of these are on the screen; return it."""
    found: list[str] = []

    def is_there(screen: str) -> bool:
        found[:] = [screen]
        return all(text in screen for text in texts)

    shown.wait(is_there, PATIENCE_S)
    return found[0]


def press(shown: Pane, *keys: str) -> None:
    for key in keys:
        shown.press(key)


def test_from_the_list_to_a_comparison_and_to_a_run_and_back(logs: Path, opens: Opens) -> None:
    before = {path: path.stat().st_mtime_ns for path in logs.rglob("*")}

    with opens(logs) as shown:
        seen(shown, "2 runs in", "working", "ended")
        press(shown, "Space", "j", "Space")
        seen(shown, "2 marked")
        press(shown, "c")
        seen(shown, "Results", "lowest validation loss")
        press(shown, "Escape")
        seen(shown, "2 marked")
        press(shown, "Enter")
        seen(shown, "Best checkpoint", "Milestones")
        press(shown, "r")
        seen(shown, "2 marked")

    assert {path: path.stat().st_mtime_ns for path in logs.rglob("*")} == before


@pytest.mark.parametrize(
    ("key", "texts"),
    [
        ("c", ("Gradient norm", "Tokens/s")),
        ("i", ("schedule.steps",)),
        ("o", ("corpus python_100mb",)),
        ("e", ("Alerts",)),
        ("s", ("Samples",)),
        ("a", ("checkpoint", "evaluate", "pause")),
        ("?", ("Leave; the training goes on",)),
    ],
)
def test_every_screen_opens_and_escape_leaves_it(
    logs: Path, opens: Opens, key: str, texts: tuple[str, ...]
) -> None:
    with opens(logs / "train_working") as shown:
        seen(shown, "Best checkpoint")
        press(shown, key)
        seen(shown, *texts)
        press(shown, "Escape")
        seen(shown, "Best checkpoint", "Throughput")


def test_a_size_exported_by_a_parent_does_not_bind(
    logs: Path, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("LINES", "24")

    with opens(logs) as shown:
        screen = seen(shown, "2 runs in", "working", "ended")

    assert len(screen.splitlines()) == ROWS


def test_the_crosshair_tells_exact_values(logs: Path, opens: Opens) -> None:
    with opens(logs / "train_working") as shown:
        seen(shown, "Best checkpoint")
        press(shown, "c")
        seen(shown, "Gradient norm")
        press(shown, "h", "h")
        screen = seen(shown, "EMA", "step ")

    assert "Loss   step" in screen


def test_a_line_that_is_appended_while_another_screen_is_open_is_there_on_return(
    tmp_path: Path, opens: Opens
) -> None:
    builder = RunBuilder(logs=tmp_path, is_this_process=True).write(10)

    with opens(builder.run.path) as shown:
        seen(shown, "Best checkpoint")
        press(shown, "i")
        seen(shown, "schedule.steps")
        record = builder.line()
        builder.heartbeat()
        press(shown, "Escape")
        seen(shown, f"step {record.step:,}/")
