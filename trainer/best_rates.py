"""What this machine does at best for a model, measured once and kept in tokmon's cache."""

import torch

from trainer.device import describe
from trainer.flops import Rates, training_flops
from trainer.machine_cache import MachineCache
from trainer.peak import measure_peaks
from trainer.session import Session

_CACHE = MachineCache("machine_rates.json", Rates)
_SMALL_FLOPS = 5e9
"""Of a step: what is smaller is bound by other things than products, and has no use for a peak."""
_CPU_TOKENS = 512
"""As many as a chunk of the head has: more would only take more memory."""


def best_rates(session: Session) -> Rates | None:
    """Return the rates of this process's device, measured for two seconds where they are not known.

    A busy machine is measured slower than it is; `measured_again` and `tokmon bench` correct that.

    Returns:
        None for steps so small that it would say nothing, and for devices without a clock.
    """
    config, device = session.config, session.device
    tokens = config.tokens_per_step // session.group.size
    flops = training_flops(config.model, config.data.seq_len).total * tokens
    if flops < _SMALL_FLOPS or device.type not in ("cpu", "cuda"):
        return None
    if (known := _CACHE.get(*_key(session))) is not None:
        return known
    return remember_rates(session, _measured(session))


def measured_again(session: Session, rates: Rates) -> Rates:
    """Measure once more, where real steps were faster than `rates` allow; return the better."""
    return remember_rates(session, Rates(*map(max, rates, _measured(session))))


def remember_rates(session: Session, rates: Rates) -> Rates:
    """Keep the better of what is known and what was measured now, and return it."""
    known = _CACHE.get(*_key(session))
    best = Rates(*map(max, rates, known or rates))
    _CACHE.put(best, *_key(session))
    return best


def _measured(session: Session) -> Rates:
    config, device = session.config, session.device
    tokens = config.tokens_per_step // session.group.size
    tokens = tokens if device.type == "cuda" else min(tokens, _CPU_TOKENS)
    return measure_peaks(config.model, tokens, device, session.plan.torch_dtype).rates


def _key(session: Session) -> tuple[object, ...]:
    dtype, model = session.plan.dtype, session.config.model
    return describe(session.device), torch.__version__, dtype, model
