"""The plans that this machine found before, one file in tokmon's cache."""

import hashlib

import msgspec
import torch

from tokmon.rundir.atomic import write_atomic
from trainer.config import Config
from trainer.corpus.cache import cache_folder
from trainer.device import describe
from trainer.head_libraries import has_cut_loss
from trainer.plan import Plan

_FILE = "step_plans.json"


def known_plan(config: Config, device: torch.device, tokens: int) -> Plan | None:
    """Return what was found for steps of `tokens` tokens of such a model here."""
    return _all().get(_key(config, device, tokens))


def remember_plan(config: Config, device: torch.device, tokens: int, plan: Plan) -> None:
    """Keep a plan for the next run."""
    path = cache_folder() / _FILE
    plans = _all() | {_key(config, device, tokens): plan}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, msgspec.json.format(msgspec.json.encode(plans)))
    except OSError:
        # A cache that cannot be written costs the next run its measurement, nothing else.
        return


def _key(config: Config, device: torch.device, tokens: int) -> str:
    machine = (describe(device), torch.__version__, has_cut_loss())
    parts = (*machine, Plan.__struct_fields__, config.model, config.device, tokens)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _all() -> dict[str, Plan]:
    try:
        return msgspec.json.decode((cache_folder() / _FILE).read_bytes(), type=dict[str, Plan])
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return {}
