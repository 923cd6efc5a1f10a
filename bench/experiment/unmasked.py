"""Trains with the causal mask removed on purpose, to show what the numbers of a leak look like.

    python -m bench.experiment.unmasked CONFIG [the options of `python -m trainer`]

Attention sees every position and the closed causality gate is recorded but not obeyed. tokmon
itself has no switch for either.
"""

import sys
from typing import Any

from torch import Tensor
from torch.nn import functional

import trainer.opening
from trainer.__main__ import main
from trainer.gate import GateReport

_masked_attention = functional.scaled_dot_product_attention


def _unmasked_attention(query: Tensor, key: Tensor, value: Tensor, **_: Any) -> Tensor:
    return _masked_attention(query, key, value)


def _let_pass(report: GateReport) -> None:
    if not report.faults:
        raise SystemExit("the gate is open: this is not the leak that was meant")


functional.scaled_dot_product_attention = _unmasked_attention
trainer.opening.refuse_leaks = _let_pass

if __name__ == "__main__":
    sys.exit(main())
