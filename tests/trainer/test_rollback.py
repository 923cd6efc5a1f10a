"""When skipping steps does not cure a run: back to a checkpoint, and the end after three times."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

import trainer.head
from tests.runs_of_trainer import lines_without_times, run_trainer, write_config
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import RunInfo, decode
from trainer.checkpoint import load
from trainer.meter import Interval
from trainer.resume import Start
from trainer.rollback import SKIPPED_IN_A_ROW, Rollbacks
from trainer.run import run_training


@pytest.fixture
def breaking(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[int], bool]], None]:
    """Lets the weights be broken before the n-th step that is computed, where wanted."""
    real, calls = trainer.head.mean_loss, [0]

    def install(is_broken_at: Callable[[int], bool]) -> None:
        def faulty(hidden: Tensor, weight: Tensor, targets: Tensor, **how: int) -> Tensor:
            if torch.is_grad_enabled():
                calls[0] += 1
                if is_broken_at(calls[0]):
                    with torch.no_grad():
                        weight.fill_(float("nan"))
            return real(hidden, weight, targets, **how)

        monkeypatch.setattr(trainer.head, "mean_loss", faulty)

    return install


def events_of(run: RunDir, kind: str) -> list[dict[str, Any]]:
    events = [json.loads(line) for line in run.events.read_bytes().splitlines()]
    return [event for event in events if event["event"] == kind]


@pytest.mark.slow
def test_weights_that_broke_once_are_taken_from_the_checkpoint_before(
    breaking: Callable[[Callable[[int], bool]], None], tmp_path: Path, source_folder: Path
) -> None:
    config = write_config(tmp_path, source_folder, steps=70)
    run_trainer(config, tmp_path / "whole")
    whole = RunDir.of_experiment(tmp_path / "whole", "tiny")
    breaking(lambda call: call == 25)

    assert run_training(config, [], "auto", tmp_path, is_quiet=True) == 0

    run = RunDir.of_experiment(tmp_path, "tiny")
    (rollback,) = events_of(run, "rollback")
    assert "no step up to 56 reached the weights: back to step 20" in rollback["message"]
    assert [json.loads(line)["step"] for line in rollback["trimmed"]] == list(range(22, 56, 2))
    assert lines_without_times(run) == lines_without_times(whole)
    ours, theirs = (load(each.final).content["model"] for each in (run, whole))
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_what_comes_again_goes_further_back_and_ends_the_run_the_third_time(
    breaking: Callable[[Callable[[int], bool]], None],
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    source_folder: Path,
) -> None:
    breaking(lambda call: call >= 25)
    config = write_config(tmp_path, source_folder, steps=200)

    with pytest.raises(SystemExit) as ending:
        run_training(config, [], "auto", tmp_path, is_quiet=True)

    run = RunDir.of_experiment(tmp_path, "tiny")
    info = decode(run.run_info.read_bytes(), RunInfo)
    rollbacks = events_of(run, "rollback")
    assert ending.value.code == 1
    assert [event["step"] for event in rollbacks] == [20, 10]
    assert [event["count"] for event in rollbacks] == [1, 2]
    assert info.phase == "crashed"
    assert info.error is not None
    assert "and this would be rollback 3 in a row; see the skipped windows" in info.error
    assert "Traceback" not in capsys.readouterr().err
    # What is left is what worked.
    assert all(torch.isfinite(value).all() for value in weights_of(run.step_checkpoint(10)))


def test_no_checkpoint_is_made_of_weights_that_do_not_work(
    breaking: Callable[[Callable[[int], bool]], None], tmp_path: Path, source_folder: Path
) -> None:
    breaking(lambda call: call == 25)
    config = write_config(tmp_path, source_folder, steps=70)

    run_training(config, ["checkpoint.every=3", "checkpoint.keep=99"], "auto", tmp_path, None, True)

    run = RunDir.of_experiment(tmp_path, "tiny")
    saved = [event["step"] for event in events_of(run, "checkpoint")]
    assert saved == [3, 6, 9, 12, 15, 18, 21, 24, *range(27, 70, 3), 70]
    for path in run.step_checkpoints().values():
        assert all(torch.isfinite(value).all() for value in weights_of(path))


def weights_of(path: Path) -> list[Tensor]:
    return list(load(path).content["model"].values())


def interval(steps: int, bad: int) -> Interval:
    """An interval whose last `bad` steps were not finite."""
    return Interval(steps, 1.0, 1.0, 1.0, 1.0, tuple(range(steps - bad, steps)), ())


def test_a_good_step_between_bad_ones_puts_a_rollback_off() -> None:
    rollbacks = Rollbacks()

    assert not rollbacks.is_due(interval(SKIPPED_IN_A_ROW, SKIPPED_IN_A_ROW - 1), 32)
    assert rollbacks.skipped_in_a_row == SKIPPED_IN_A_ROW - 1
    assert not rollbacks.is_due(interval(10, 9), 42)
    assert rollbacks.skipped_in_a_row == 9
    assert rollbacks.is_due(interval(23, 23), 65)


def test_rollbacks_are_in_a_row_until_the_run_comes_past_the_step_that_caused_them() -> None:
    rollbacks = Rollbacks()
    for _ in range(2):
        assert rollbacks.is_due(interval(40, 40), 140)
        rollbacks.begin()
        rollbacks.skipped_in_a_row = 0
        assert not rollbacks.is_due(interval(40, 0), 100)

    assert rollbacks.is_due(interval(40, 40), 140)
    with pytest.raises(TokmonError, match="rollback 3 in a row"):
        rollbacks.begin()
    assert not rollbacks.is_due(interval(40, 0), 140)
    assert rollbacks.count == 0


def test_without_a_checkpoint_there_is_nothing_to_go_back_to() -> None:
    with pytest.raises(TokmonError, match="no checkpoint to go back to"):
        Rollbacks(40).end(Start(None, [], []))
