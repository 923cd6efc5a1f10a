from pathlib import Path

import pytest

from tests.sampling.tiny import tiny_config
from trainer.evaluation.trust import Recorded, was_evaluated

BEST, STEP = Path("logs/train_tiny/tiny_best.pt"), Path("logs/train_tiny/tiny_step7.pt")


def recorded(val_loss, measured, *, is_of_this_step=True):
    return Recorded(val_loss=val_loss, measured=measured, is_of_this_step=is_of_this_step)


@pytest.mark.parametrize(
    ("val_loss", "measured", "is_of_this_step", "has_passed"),
    [
        (3.7, 3.7, True, True),
        # What bfloat16 then and float32 now may differ by.
        (3.7, 3.715, True, True),
        (0.036, 0.05, True, True),
        (0.036, 9.1, True, False),
        (3.7, 3.73, True, False),
        (3.7, 3.6, True, False),
        (30.0, 30.05, True, True),
        # That of the evaluation before says less.
        (3.7, 3.9, False, True),
        (3.7, 2.0, False, True),
        (3.7, 4.8, False, False),
        (3.7, float("nan"), True, False),
        (3.7, float("nan"), False, False),
        (None, 9.1, True, None),
    ],
)
def test_weights_give_again_what_their_run_recorded(
    val_loss, measured, is_of_this_step, has_passed
):
    found = recorded(val_loss, measured, is_of_this_step=is_of_this_step)

    assert found.as_dict()["passed"] is has_passed
    assert bool(found.fault) is (has_passed is False)


def test_the_fault_tells_both_losses_and_the_cause():
    assert recorded(0.036, 9.1).fault == (
        "the run recorded a validation loss of 0.036, and the same weights now give 9.100: "
        "the code that trained it saw its targets"
    )
    assert "another then" in recorded(3.7, 2.0).fault
    assert "either" in recorded(3.7, 9.0, is_of_this_step=False).fault


@pytest.mark.parametrize(
    ("step", "path", "expected"),
    [(5, STEP, False), (4, STEP, True), (10, STEP, True), (5, BEST, True), (12, STEP, True)],
)
def test_a_checkpoint_between_evaluations_has_the_loss_of_the_one_before(step, path, expected):
    import msgspec

    config = tiny_config()
    evaluated = msgspec.structs.replace(
        config,
        log=msgspec.structs.replace(config.log, every=4),
        eval=msgspec.structs.replace(config.eval, every=4),
    )

    assert was_evaluated(evaluated, step, path) is expected
