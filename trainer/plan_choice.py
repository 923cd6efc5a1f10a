"""Chooses how a step is computed: what there is to choose from is measured, not assumed.

Head and trunk are timed each for itself, on the run's own shapes, and what fails here is left out.
Whether a whole step is captured in a CUDA graph is found out on the way, by the run's first steps.
"""

from collections.abc import Iterable, Mapping

import msgspec
import torch

from trainer.config import Config
from trainer.device import describe
from trainer.head_libraries import has_cut_loss, has_library_loss
from trainer.machine_cache import MachineCache
from trainer.model import Model
from trainer.plan import DtypeName, Plan
from trainer.plan_timing import Trial, time_head, time_trunk

_CACHE = MachineCache("step_plans.json", Plan)
_SMALL_LOGITS_BYTES = 64 * 2**20
"""Below this there is nothing to gain, and not measuring is quicker."""
_CPU_TOKENS = 1024
"""That head and loss are timed on: as many as their chunk, so that the trial needs no more memory
than the steps do."""
_CPU_ROWS = 1024
"""Each chunk adds to the gradient of the weight, 51 MB at v1's shape: 2 % of the head with as many
rows, 4 % with 512."""
_CUDA_ROWS = (4096, 8192)
"""The defaults of the libraries, 128 rows at v1's shape, are hundreds of small launches."""
_MULTIPLE = 64
"""Columns of logits: rows then begin where a cache line does. On a CPU in float32 the products of
the head take 17 % less time, in bfloat16 as long; CUDA is known to want it."""
_WORTH_BFLOAT16 = 1.2
"""bfloat16 rounds more than float32; it is taken only where that buys something."""
_REASON_LENGTH = 80


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
    if device.type == "mps" or is_small or config.device.deterministic:
        return plain
    key = (*_machine(device), config.model, config.device, tokens)
    if (known := _CACHE.get(*key)) is not None:
        return known
    trial = Trial(config, model, device, tokens if device.type == "cuda" else _CPU_TOKENS)
    chosen = _on_cuda(plain, trial) if device.type == "cuda" else _on_cpu(plain, trial)
    _CACHE.put(chosen, *key)
    return chosen


def _machine(device: torch.device) -> tuple[object, ...]:
    return describe(device), torch.__version__, has_cut_loss(), Plan.__struct_fields__


def _plain_plan(config: Config, device: torch.device) -> Plan:
    on_cuda, wanted = device.type == "cuda", config.device
    dtype: DtypeName = (
        wanted.dtype if wanted.dtype != "auto" else "bfloat16" if on_cuda else "float32"
    )
    compiles = wanted.compile == "on" or (wanted.compile == "auto" and on_cuda)
    return Plan(
        device=device.type,
        dtype=dtype,
        is_compiled=compiles,
        is_head_compiled=compiles,
        is_captured=on_cuda and wanted.capture == "auto" and not wanted.deterministic,
        reason="the rule for this device",
    )


def _on_cpu(plain: Plan, trial: Trial) -> Plan:
    """Choose the dtype; chunks are always taken: all logits at once cost their page faults."""
    wanted = trial.config.device.dtype
    dtypes: tuple[DtypeName, ...] = ("float32", "bfloat16") if wanted == "auto" else (wanted,)
    chunked = msgspec.structs.replace(
        plain,
        head="chunked",
        rows=_CPU_ROWS,
        columns=_columns(trial.config),
        is_head_compiled=False,
    )
    candidates = [msgspec.structs.replace(chunked, dtype=dtype) for dtype in dtypes]
    seconds = {plan: time_head(plan, trial) for plan in candidates}
    best = _fastest(seconds)
    if _seconds(seconds[candidates[0]]) < _WORTH_BFLOAT16 * _seconds(seconds[best]):
        best = candidates[0]
    return msgspec.structs.replace(best, reason=_reason(seconds, trial.tokens))


def _on_cuda(plain: Plan, trial: Trial) -> Plan:
    """Choose head and trunk; the dtype is the rule's, since bfloat16 is what the device is for."""
    heads = {plan: time_head(plan, trial) for plan in _cuda_heads(plain, trial.config)}
    best = _fastest(heads)
    wanted = trial.config.device.compile
    ways = (True, False) if wanted == "auto" else (wanted == "on",)
    trunks = {
        plan: time_trunk(plan, trial)
        for plan in (msgspec.structs.replace(best, is_compiled=way) for way in ways)
    }
    said = ", ".join(
        f"{'compiled' if plan.is_compiled else 'eager'} {_words(s)}" for plan, s in trunks.items()
    )
    reason = f"{_reason(heads, trial.tokens)}; the trunk {said}"
    return msgspec.structs.replace(_fastest(trunks), reason=reason)


def _columns(config: Config) -> int:
    return -(-config.model.vocab // _MULTIPLE) * _MULTIPLE


def _cuda_heads(plain: Plan, config: Config) -> Iterable[Plan]:
    """Yield ways to compute head and loss, likely good ones first."""
    columns = _columns(config)
    replace = msgspec.structs.replace
    yield replace(plain, columns=columns)
    uncompiled = replace(plain, is_head_compiled=False)
    for rows in _CUDA_ROWS:
        yield replace(uncompiled, head="chunked", rows=rows, columns=columns)
    if has_library_loss():
        yield replace(uncompiled, head="linear_cross_entropy", rows=_CUDA_ROWS[0])
    if has_cut_loss():
        yield replace(uncompiled, head="cut_cross_entropy")


Measured = float | str
"""Seconds, or why there are none."""


def _seconds(measured: Measured) -> float:
    return measured if isinstance(measured, float) else float("inf")


def _fastest(measured: Mapping[Plan, Measured]) -> Plan:
    return min(measured, key=lambda plan: _seconds(measured[plan]))


def _reason(measured: Mapping[Plan, Measured], tokens: int) -> str:
    times = (f"{plan.dtype} {plan.head_words()} {_words(s)}" for plan, s in measured.items())
    return f"head and loss of {tokens} tokens took: {'; '.join(times)}"


def _words(measured: Measured) -> str:
    if isinstance(measured, float):
        return f"{measured * 1e3:.3g} ms"
    return f"failed ({measured[:_REASON_LENGTH]})"
