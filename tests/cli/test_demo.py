"""`tokmon demo --headless`, the whole way on a short schedule."""

from pathlib import Path

import pytest

from tests.cli.commands import tokmon
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, Step, decode


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_demo_learns_real_code_and_shows_what_it_wrote(tmp_path: Path) -> None:
    answer = tokmon(
        "demo", "--headless", "--minutes", "0.2", "--logs", str(tmp_path), timeout_s=380
    )
    run = RunDir.of_experiment(tmp_path, "demo")
    steps = [decode(line, Step) for line in run.log.read_bytes().splitlines()]
    events = [decode(line, Event).event for line in run.events.read_bytes().splitlines()]
    evaluations = [step for step in steps if isinstance(step.val_loss, float)]

    assert answer.returncode == 0, answer.stderr
    assert (steps[-1].train_loss or 99) < (steps[0].train_loss or 0) - 3
    assert len(evaluations) >= 3
    assert events.count("checkpoint") >= 2
    assert "What demo_best.pt" in answer.stdout
    assert "\ndef " in answer.stdout
    assert str(run.best) in answer.stdout
    assert f"tokmon watch {run.path}" in answer.stdout
