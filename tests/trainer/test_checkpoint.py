"""Checkpoints: verified, replaced without a moment of damage, never run code."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
import torch

from tokmon.rundir.layout import RunDir
from trainer import checkpoint
from trainer.checkpoint import DamagedCheckpointError

NOW = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunDir:
    monkeypatch.setattr(checkpoint, "_SETTLE_S", 0.0)
    return RunDir(tmp_path, "x")


def content(step: int) -> dict[str, Any]:
    return {"step": step, "val_loss": 1.0, "model": {"w": torch.full((4,), float(step))}}


def save_steps(run: RunDir, *steps: int) -> None:
    for step in steps:
        checkpoint.save(run.step_checkpoint(step), content(step), NOW)


def test_what_was_saved_is_loaded(run: RunDir) -> None:
    info = checkpoint.save(run.best, content(7), NOW)

    loaded = checkpoint.load(run.best)

    assert loaded.info == info
    assert loaded.content["step"] == 7
    assert torch.equal(loaded.content["model"]["w"], torch.full((4,), 7.0))


@pytest.mark.parametrize("damage", ["truncated", "flipped", "replaced", "no sidecar", "missing"])
def test_damage_is_noticed_and_named(run: RunDir, damage: str) -> None:
    checkpoint.save(run.best, content(1), NOW)
    raw = run.best.read_bytes()
    if damage == "truncated":
        run.best.write_bytes(raw[: len(raw) // 2])
    elif damage == "flipped":
        run.best.write_bytes(raw[:100] + bytes([raw[100] ^ 1]) + raw[101:])
    elif damage == "replaced":
        run.best.write_text("this is not a checkpoint")
    elif damage == "no sidecar":
        run.sidecar(run.best).unlink()
    else:
        run.best.unlink()

    with pytest.raises(DamagedCheckpointError) as caught:
        checkpoint.load(run.best)

    assert str(run.best) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_cannot_run_code(run: RunDir, tmp_path: Path) -> None:
    mark = tmp_path / "ran"

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (mark,)

    torch.save({"format": checkpoint.FORMAT, "step": 1, "model": Evil()}, run.best)
    info = checkpoint.CheckpointInfo(
        step=1,
        sha256=hashlib.sha256(run.best.read_bytes()).hexdigest(),
        bytes=run.best.stat().st_size,
    )
    run.sidecar(run.best).write_bytes(checkpoint.encode(info))

    with pytest.raises(DamagedCheckpointError, match="not a checkpoint"):
        checkpoint.load(run.best)

    assert not mark.exists()


@pytest.mark.parametrize("died_after", ["sidecar of both", "rename"])
def test_best_loads_whenever_its_replacement_dies(
    run: RunDir, monkeypatch: pytest.MonkeyPatch, died_after: str
) -> None:
    checkpoint.save(run.best, content(1), NOW)
    written = checkpoint.write_atomic

    class KilledError(BaseException):
        pass

    def die(path: Path, data: bytes) -> None:
        is_final = b'previous_sha256":null' in data
        if died_after == "rename" and is_final:
            raise KilledError
        written(path, data)
        if died_after == "sidecar of both":
            raise KilledError

    monkeypatch.setattr(checkpoint, "write_atomic", die)
    with pytest.raises(KilledError):
        checkpoint.save(run.best, content(2), NOW)

    step = checkpoint.load(run.best).content["step"]

    assert step == (2 if died_after == "rename" else 1)


def test_newest_good_passes_over_the_damaged_and_says_so(run: RunDir) -> None:
    save_steps(run, 10, 20, 30, 40)
    run.step_checkpoint(40).write_bytes(b"torn")
    run.sidecar(run.step_checkpoint(30)).unlink()

    good, notices = checkpoint.newest_good(run)

    assert good is not None
    assert good.content["step"] == 20
    assert len(notices) == 2
    assert "x_step40.pt" in " ".join(notices)
    assert "x_step30.pt" in " ".join(notices)


def test_no_checkpoint_is_no_checkpoint(run: RunDir) -> None:
    assert checkpoint.newest_good(run) == (None, [])


def test_prune_keeps_the_newest_committed_ones(run: RunDir) -> None:
    save_steps(run, 10, 20, 30)
    run.step_checkpoint(40).write_bytes(b"never committed")

    checkpoint.prune(run, keep=2)

    assert list(run.step_checkpoints()) == [20, 30]
    assert not run.sidecar(run.step_checkpoint(10)).exists()
