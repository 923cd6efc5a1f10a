"""Checkpoint files of any bytes, vouched for by their sidecars: a value, or a refusal."""

import pickletools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.cases import edited, fuzzed, hostile_json
from tests.hostile_checkpoints import commit, pickle_of, saved, with_pickle
from tests.trainer_content import CONFIG, content
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from trainer import checkpoint, randomness
from trainer.checkpoint import Checkpoint, DamagedCheckpointError, load, newest_good
from trainer.checkpoint_content import refuse_unlike, run_so_far
from trainer.guard import Guard
from trainer.meter import Meter
from trainer.model import Model
from trainer.optim import make_optimizer, restore_optimizer
from trainer.trained import load_trained

CPU = torch.device("cpu")
OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]
ODD = [None, True, -1, 2**70, 1.5, float("nan"), "x", b"x", [], {}, (), torch.ones(1), [[]]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunDir]:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(checkpoint, "_SETTLE_S", 0.0)
        yield RunDir(tmp_path_factory.mktemp("run"), "x")


def small() -> bytes:
    """A file with all that a checkpoint is made of, and little of it."""
    fields = {"format": checkpoint.FORMAT, "step": 4, "val_loss": 1.0, "betas": (0.9, 0.95)}
    return saved(fields | {"model": torch.nn.Linear(2, 2).state_dict(), "config": {"seed": 1}})


def refusal(path: Path) -> str:
    """Load a file; return why it was refused, or nothing."""
    try:
        load(path)
    except DamagedCheckpointError as error:
        return str(error)
    return ""


def check(path: Path) -> None:
    """Load a file: it is read, or refused in one line that names it."""
    line = refusal(path)
    assert line.isprintable()
    assert not line or str(path) in line


@fuzzed(400)
@given(raw=edited([small()]))
def test_any_file(run: RunDir, raw: bytes) -> None:
    check(commit(run.best, raw))


@fuzzed(500)
@example(b"\x80\x02V\\c\n.")  # an escape sequence that Python warns of
@given(program=edited([pickle_of(small())], OPCODES))
def test_any_pickle_in_a_sound_file(run: RunDir, program: bytes) -> None:
    check(commit(run.best, with_pickle(small(), lambda _: program)))


@pytest.mark.slow
@fuzzed(200)
@given(keys=st.lists(st.integers(0, 30), min_size=1, max_size=4), value=st.sampled_from(ODD))
@example(keys=[4, 1, 0, 4], value=True)  # amsgrad
@example(keys=[7, 1], value=2**70)  # what the guard has seen
def test_what_is_accepted_can_be_restored(run: RunDir, keys: list[int], value: Any) -> None:
    path = commit(run.step_checkpoint(4), saved(_replaced(content(), keys, value)))
    try:
        found = load(path)
        run_so_far(found)
        refuse_unlike(found, CONFIG)
    except TokmonError:
        return

    _restore(found)


@pytest.mark.slow
@fuzzed(150)
@given(keys=st.lists(st.integers(0, 30), min_size=1, max_size=3), value=st.sampled_from(ODD))
def test_what_has_weights_can_compute(run: RunDir, keys: list[int], value: Any) -> None:
    path = commit(run.best, saved(_replaced(content(), keys, value)))
    try:
        trained = load_trained(path, CPU)
    except TokmonError:
        return

    assert trained.model(torch.zeros(1, 2, dtype=torch.int64)).shape == (1, 2, CONFIG.model.vocab)


SIDECAR = b'{"step":4,"sha256":"%s","bytes":9,"previous_sha256":null,"val_loss":1.5}' % (b"0" * 64)


@fuzzed(400)
@given(sidecar=edited([SIDECAR]) | hostile_json([SIDECAR]))
def test_any_sidecar(run: RunDir, sidecar: bytes) -> None:
    run = RunDir(run.path, "sidecars")
    commit(run.final, small())
    RunDir.sidecar(run.final).write_bytes(sidecar)

    good, notices = newest_good(run)

    assert (good is None) == any(run.final.name in notice for notice in notices)


def _replaced(whole: dict[str, Any], keys: list[int], value: Any) -> dict[str, Any]:
    """Put `value` somewhere into nested containers; `keys` say where."""
    part: Any = whole
    for depth, key in enumerate(keys):
        names = list(part) if isinstance(part, dict) else list(range(len(part)))
        name = names[key % len(names)]
        inner = part[name]
        if depth == len(keys) - 1 or not isinstance(inner, dict | list) or not inner:
            part[name] = value
            break
        part = inner
    return whole


def _restore(found: Checkpoint) -> None:
    """Do what a session does with a checkpoint, and then a step."""
    state = found.content
    model = Model(CONFIG.model)
    optimizer = make_optimizer(model, CONFIG.optim)
    model.load_state_dict(state["model"])
    restore_optimizer(optimizer, state["optimizer"])
    meter, guard = Meter(10), Guard(6.0, CPU)
    meter.restore(state["interval"])
    guard.restore(state["guard"])
    randomness.restore(state["random"])
    loss = model(torch.zeros(1, 4, dtype=torch.int64)).sum()
    loss.backward()
    guard.judge(loss, loss)
    for group in optimizer.param_groups:
        group["lr"] = 1e-3
    optimizer.step()
