"""How a step is computed on this machine: what there is to choose from is measured, not assumed.

A plan changes the last bits of a loss. So a run keeps the one it began with, over resumes, and a
machine the one it found for a shape.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Annotated, Literal

import msgspec
import torch
from msgspec import Meta

from tokmon.rundir.atomic import write_atomic
from trainer.config import Config
from trainer.corpus.cache import cache_folder
from trainer.device import autocast, describe, synchronize
from trainer.head import mean_loss
from trainer.model import Model

_CACHE_FILE = "step_plans.json"
_SMALL_LOGITS_BYTES = 64 * 2**20
"""Below this there is nothing to gain, and not measuring is quicker."""
_MEASURED_TOKENS = 1024
_MEASUREMENTS = 2
_CPU_ROWS = (0, 512)
_WORTH_BFLOAT16 = 1.2
"""bfloat16 rounds more than float32; it is taken only where that buys something."""

DtypeName = Literal["float32", "bfloat16"]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What was chosen."""

    device: str
    """The type of device it is for."""
    dtype: DtypeName
    """Of activations and matrix products; weights stay float32."""
    rows: Annotated[int, Meta(ge=0)] = 0
    """How many tokens' logits are held at a time; 0 holds all (see trainer.head)."""
    is_compiled: bool = False
    """Whether torch.compile makes the kernels."""
    reason: str = ""
    """Why, for people, with what was measured."""

    def suits(self, config: Config, device: torch.device) -> bool:
        """Say whether a run that began with this plan can go on with it under `config`."""
        return device.type == self.device and config.device.dtype in ("auto", self.dtype)

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype as PyTorch names it."""
        return torch.bfloat16 if self.dtype == "bfloat16" else torch.float32

    def __str__(self) -> str:
        head = f"logits {self.rows} rows at a time" if self.rows else "all logits at once"
        how = "compiled" if self.is_compiled else "eager"
        return f"{self.dtype}, {how}, {head}: {self.reason}"


def choose_plan(config: Config, model: Model, device: torch.device, tokens: int) -> Plan:
    """Return the plan for a step of `tokens` tokens in this process.

    Args:
        config: its dtype and compile keys are obeyed; deterministic ones are never measured.
        model: on the device; unchanged.
        device: where it is.
        tokens: a step, of this process.
    """
    plain = _plain_plan(config, device)
    is_small = tokens * config.model.vocab * 4 < _SMALL_LOGITS_BYTES
    if device.type != "cpu" or is_small or config.device.deterministic:
        return plain
    key = _key(config, device, tokens)
    if (known := _cached().get(key)) is not None:
        return known
    chosen = _measured(plain, config, model, device, min(tokens, _MEASURED_TOKENS))
    _remember(key, chosen)
    return chosen


def _plain_plan(config: Config, device: torch.device) -> Plan:
    on_cuda = device.type == "cuda"
    wanted = config.device.dtype
    dtype: DtypeName = wanted if wanted != "auto" else "bfloat16" if on_cuda else "float32"
    compiles = config.device.compile == "on" or (config.device.compile == "auto" and on_cuda)
    return Plan(
        device=device.type, dtype=dtype, is_compiled=compiles, reason="the rule for this device"
    )


def _measured(plain: Plan, config: Config, model: Model, device: torch.device, tokens: int) -> Plan:
    dtypes: tuple[DtypeName, ...] = ("float32", "bfloat16")
    if config.device.dtype != "auto":
        dtypes = (plain.dtype,)
    candidates = [
        msgspec.structs.replace(plain, dtype=dtype, rows=rows)
        for dtype in dtypes
        for rows in _CPU_ROWS
    ]
    seconds = {plan: _time_head(plan, model, device, tokens) for plan in candidates}
    best = min(seconds, key=lambda plan: seconds[plan])
    exact = min(
        (plan for plan in candidates if plan.dtype == "float32"),
        key=lambda plan: seconds[plan],
        default=best,
    )
    if seconds[exact] < _WORTH_BFLOAT16 * seconds[best]:
        best = exact
    return msgspec.structs.replace(best, reason=_reason(seconds, tokens))


def _reason(seconds: dict[Plan, float], tokens: int) -> str:
    times = ", ".join(
        f"{plan.dtype} {plan.rows or 'all'} {s * 1e3:.0f} ms" for plan, s in seconds.items()
    )
    return f"head and loss of {tokens} tokens took {times}"


def _time_head(plan: Plan, model: Model, device: torch.device, tokens: int) -> float:
    """Return the seconds of head and loss, forward and backward: the fastest of a few."""
    generator = torch.Generator().manual_seed(0)
    hidden = torch.randn(tokens, model.config.width, generator=generator).to(device)
    targets = torch.randint(model.config.vocab, (tokens,), generator=generator).to(device)
    weight = model.head.weight.detach().clone().requires_grad_()

    def once() -> None:
        with autocast(device, plan.torch_dtype):
            loss = mean_loss(hidden.requires_grad_(), weight, targets, plan.rows)
        loss.backward()
        hidden.grad = weight.grad = None

    return min(_durations(once, device))


def _durations(work: Callable[[], None], device: torch.device) -> Iterator[float]:
    work()
    for _ in range(_MEASUREMENTS):
        synchronize(device)
        begin = time.perf_counter()
        work()
        synchronize(device)
        yield time.perf_counter() - begin


def _key(config: Config, device: torch.device, tokens: int) -> str:
    parts = (describe(device), torch.__version__, config.model, config.device, tokens)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _cached() -> dict[str, Plan]:
    try:
        return msgspec.json.decode(
            (cache_folder() / _CACHE_FILE).read_bytes(), type=dict[str, Plan]
        )
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}


def _remember(key: str, plan: Plan) -> None:
    path = cache_folder() / _CACHE_FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, msgspec.json.format(msgspec.json.encode(_cached() | {key: plan})))
    except OSError:
        # A cache that cannot be written costs the next run its measurement, nothing else.
        return
