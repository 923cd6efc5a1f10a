"""Compiled steps: the same losses and weights as eager ones, kept for the next start."""

import shutil
import sys
from pathlib import Path

import msgspec
import pytest
import torch

from tests.trainer.test_step import CONFIG, CPU, INPUTS, TARGETS
from trainer.model import Model
from trainer.optim import make_optimizer
from trainer.plan import Plan
from trainer.step import TrainStep

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        sys.platform == "win32" or not shutil.which("g++"), reason="no compiler for C++"
    ),
    # PyTorch's own, while it compiles.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning"),
]
EAGER = Plan(device="cpu", dtype="float32")


def trained(plan: Plan) -> tuple[list[float], list[torch.Tensor]]:
    model = Model(CONFIG.model)
    model.initialize(torch.Generator().manual_seed(0))
    step = TrainStep(model, make_optimizer(model, CONFIG.optim), CONFIG, CPU, plan)
    losses = [step(INPUTS, TARGETS, lr=1e-2).loss.item() for _ in range(5)]
    return losses, [parameter.detach() for parameter in model.parameters()]


@pytest.mark.parametrize(
    "changes",
    [
        {"is_compiled": True, "is_head_compiled": True, "columns": 64},
        {"is_compiled": True, "head": "chunked", "rows": 5, "columns": 64},
    ],
)
def test_compiled_steps_are_the_eager_ones(
    changes: dict[str, object], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    torch.compiler.reset()  # sets the variable that comes next
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)
    monkeypatch.setenv("TOKMON_CACHE", str(tmp_path))

    losses, weights = trained(msgspec.structs.replace(EAGER, **changes))

    wanted, eager_weights = trained(EAGER)
    assert losses == pytest.approx(wanted, rel=1e-5)
    for ours, theirs in zip(weights, eager_weights, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-5)
    assert any((tmp_path / "inductor").rglob("*.cpp"))
