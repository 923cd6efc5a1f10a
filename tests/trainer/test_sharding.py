"""A model shared out over processes learns what one process does, and its checkpoints are alike."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor

from tests.trainer.test_sharding_worker import BAD_STEP, CONFIG, SMALL, run
from tokmon.rundir.errors import TokmonError
from trainer.checkpoint import load
from trainer.checkpoint_content import refuse_unlike, weights_of
from trainer.config_file import load_config
from trainer.distributed import ALONE, Group
from trainer.flops import parameters
from trainer.sharding_rule import is_sharding_wanted, is_too_large

STEPS = 4
GIB = 2**30


class Found(NamedTuple):
    """What a run of some processes left."""

    folder: Path
    steps: dict[str, dict[str, float]]
    evaluation: float

    def content(self, step: int) -> dict[str, Any]:
        return load(self.folder / f"step{step}.pt").content


def numbers(found: Found, first: int = 1) -> list[float]:
    steps = [found.steps[str(step)] for step in range(first, STEPS + 1)]
    return [value for step in steps for value in step.values()] + [found.evaluation]


def sharded(folder: Path, ranks: int, begin: Path | None = None) -> Found:
    """Run that many processes."""
    command = [sys.executable, "-m", "torch.distributed.run", f"--nproc-per-node={ranks}"]
    command += [
        "-m",
        "tests.trainer.test_sharding_worker",
        str(folder),
        *map(str, filter(None, [begin])),
    ]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
        cwd=CONFIG.parents[1],
    )
    assert done.returncode == 0, done.stdout
    found = json.loads((folder / "found.json").read_bytes())
    return Found(folder, **found)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The run that one process makes."""
    folder = tmp_path_factory.mktemp("alone")
    return Found(folder, **run(ALONE, folder))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Found:
    """The same run, made by two."""
    return sharded(tmp_path_factory.mktemp("together"), ranks=2)


def same_form(left: Any, right: Any) -> bool:
    """Say whether two contents have the same types, names, shapes and plain values."""
    if isinstance(left, Tensor):
        alike = type(left) is type(right) and left.dtype == right.dtype
        return alike and left.shape == right.shape and left.is_contiguous()
    if isinstance(left, dict):
        return (
            type(left) is type(right)
            and list(left) == list(right)
            and all(same_form(left[key], right[key]) for key in left)
        )
    if isinstance(left, list | tuple):
        return type(left) is type(right) and all(map(same_form, left, right))
    return bool(left == right)


def test_the_config_describes_a_model_of_1_1_billion_parameters() -> None:
    config = load_config(CONFIG)

    assert parameters(config.model) == pytest.approx(1.1e9, rel=0.01)
    assert config.schedule.steps * config.tokens_per_step == pytest.approx(
        20 * parameters(config.model), rel=0.01
    )


def test_a_state_is_shared_out_once_it_takes_four_fifths_of_a_gpu() -> None:
    assert not is_too_large(int(0.8 * 80 * GIB / 16), 80 * GIB)
    assert is_too_large(int(0.8 * 80 * GIB / 16) + 1, 80 * GIB)
    assert is_too_large(parameters(load_config(CONFIG).model), 16 * GIB)


def test_one_process_keeps_its_state_whole() -> None:
    assert not is_sharding_wanted("fsdp", 10**12, torch.device("cpu"), ALONE)


def test_a_device_that_cannot_take_part_is_refused() -> None:
    with pytest.raises(TokmonError, match=r"set device\.parallel to \"ddp\""):
        is_sharding_wanted("fsdp", 1, torch.device("mps"), Group(size=2))


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="torchrun needs libuv there")
class TestTwoProcesses:
    def test_losses_and_norms_are_those_of_one(self, alone: Found, together: Found) -> None:
        assert numbers(together) == pytest.approx(numbers(alone), rel=1e-6)

    def test_a_checkpoint_has_the_form_of_one(self, alone: Found, together: Found) -> None:
        config = load_config(CONFIG, SMALL)
        for step in range(1, STEPS + 1):
            saved = load(together.folder / f"step{step}.pt")

            refuse_unlike(saved, config)
            assert weights_of(saved).step == step
            assert same_form(saved.content, alone.content(step))

    def test_a_checkpoint_holds_the_numbers_of_one(self, alone: Found, together: Found) -> None:
        ours, theirs = together.content(STEPS), alone.content(STEPS)
        for name, weight in theirs["model"].items():
            torch.testing.assert_close(ours["model"][name], weight, rtol=1e-5, atol=1e-7)
        for number, parts in theirs["optimizer"]["state"].items():
            for key, moment in parts.items():
                found = ours["optimizer"]["state"][number][key]
                torch.testing.assert_close(found, moment, rtol=1e-4, atol=1e-9)

    def test_a_dropped_step_changes_nothing(self, together: Found) -> None:
        before, after = together.content(BAD_STEP - 1), together.content(BAD_STEP)

        assert all(
            torch.equal(before["model"][name], after["model"][name]) for name in after["model"]
        )
        for number, parts in after["optimizer"]["state"].items():
            earlier = before["optimizer"]["state"][number]
            assert all(torch.equal(earlier[key], parts[key]) for key in parts)

    def test_their_run_goes_on_with_one(
        self, alone: Found, together: Found, tmp_path: Path
    ) -> None:
        onward = Found(tmp_path, **run(ALONE, tmp_path, together.folder / "step2.pt"))

        assert numbers(onward, first=3) == pytest.approx(numbers(alone, first=3), rel=1e-6)

    def test_a_run_of_one_goes_on_with_them(self, alone: Found, tmp_path: Path) -> None:
        onward = sharded(tmp_path, ranks=2, begin=alone.folder / "step2.pt")

        assert numbers(onward, first=3) == pytest.approx(numbers(alone, first=3), rel=1e-6)

    def test_their_run_goes_on_with_them_bit_for_bit(self, together: Found, tmp_path: Path) -> None:
        onward = sharded(tmp_path, ranks=2, begin=together.folder / "step2.pt")

        assert numbers(onward, first=3) == numbers(together, first=3)
        ours, theirs = (found.content(STEPS)["model"] for found in (onward, together))
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
