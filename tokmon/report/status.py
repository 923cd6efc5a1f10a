"""One look at a run, as the keys that scripts depend on, as text, and as an exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from tokmon.report import figures
from tokmon.rundir.records import Gpu, iso

if TYPE_CHECKING:
    from tokmon.monitor.state import RunState

_EXIT_CODES = {"STALLED": 3, "CRASHED": 4, "KILLED": 4}
_ACTIVITIES = {
    "head_share": "head",
    "trunk_share": "trunk",
    "optimizer_share": "optimizer",
    "input_share": "input",
    "eval_share": "evaluation",
    "save_share": "saving",
    "gap_share": "gap",
}
_SHARE_DECIMALS = 4


def exit_code(state: RunState) -> int:
    """Return 3 for a stalled run, 4 for a crashed or killed one, else 0."""
    return _EXIT_CODES.get(state.health.phase, 0)


def as_dict(state: RunState) -> dict[str, Any]:
    """Return the stable keys of `tokmon status --json`; null where a value is not known."""
    latest, best, spent = state.latest, state.best, state.time_spent
    return {
        # A folder's name may be no text; JSON is.
        "experiment": state.experiment.encode(errors="backslashreplace").decode(),
        "state": str(state.health.phase),
        "step": state.step,
        "max_steps": state.max_steps,
        "train_loss": latest.get("train_loss"),
        "train_ppl": latest.get("train_ppl"),
        "val_loss": latest.get("val_loss"),
        "best_val_loss": best.val_loss if best else None,
        "best_step": best.step if best else None,
        "lr": latest.get("lr"),
        "steps_per_sec": state.steps_per_sec,
        "tokens_per_sec": state.tokens_per_sec,
        "eta_s": round(state.eta.remaining_s, 1) if state.eta else None,
        "started": None if state.started is None else iso(state.started),
        "updated": None if state.updated is None else iso(state.updated),
        "gpus": msgspec.to_builtins(state.systems[-1].gpus) if state.systems else [],
        "alerts": [str(alert) for alert in state.alerts],
        "bad_lines": state.bad_line_count,
        "time_spent": {key: _rounded(spent.shares.get(key)) for key in _ACTIVITIES},
        "mfu": spent.mfu,
        "floor_share": spent.floor_share,
    }


def as_json(state: RunState) -> str:
    """Return the status as one JSON object."""
    return msgspec.json.format(msgspec.json.encode(as_dict(state)), indent=2).decode()


def in_one_line(state: RunState) -> str:
    """Return what matters most; not yet safe to print."""
    facts = [progress_in_words(state), _train(state), f"val {_validation(state)}", _speed(state)]
    is_known = (state.step is not None, True, bool(_validation(state)), True)
    told = [fact for fact, known in zip(facts, is_known, strict=True) if known and fact]
    return "; ".join([f"{state.experiment} {state.health.phase}", *told])


def as_text(state: RunState) -> list[str]:
    """Return the status as lines for people; not yet safe to print."""
    rows = [
        ("experiment", state.experiment),
        ("state", f"{state.health.phase}: {state.health.reason}"),
        ("step", progress_in_words(state)),
        ("train", _train(state)),
        ("val", _validation(state)),
        ("best", _best(state)),
        ("speed", _speed(state)),
        ("time", _time_spent(state)),
        ("eta", f"{state.eta.in_words()} ({iso(state.eta.ends_at)})" if state.eta else ""),
        ("started", "" if state.started is None else iso(state.started)),
        ("updated", "" if state.updated is None else iso(state.updated)),
        *_gpus(state),
        *(("alert", str(alert)) for alert in state.alerts),
        *(
            ("bad line", f"{bad.file}:{bad.number}: {bad.reason}: {bad.excerpt}")
            for bad in state.bad_lines[-3:]
        ),
    ]
    return [f"{name:<11} {text}" for name, text in rows if text]


def progress_in_words(state: RunState) -> str:
    """Return the steps taken, of how many: 19,000 of 50,000 (38.0 %)."""
    if state.step is None:
        return "none yet"
    if not state.max_steps:
        return figures.count(state.step)
    share = 100 * state.step / state.max_steps
    return f"{state.step:,} of {state.max_steps:,} ({share:.1f} %)"


def _train(state: RunState) -> str:
    latest = state.latest
    if "train_loss" not in latest:
        return ""
    return (
        f"loss {figures.loss(latest['train_loss'])}, "
        f"PPL {figures.figure(latest.get('train_ppl'))}, "
        f"lr {figures.learning_rate(latest.get('lr'))}"
    )


def _validation(state: RunState) -> str:
    latest = state.latest
    if "val_loss" not in latest:
        return ""
    return (
        f"loss {figures.loss(latest['val_loss'])}, PPL {figures.figure(latest.get('val_ppl'))}, "
        f"bpb {figures.loss(latest.get('val_bpb'))}"
    )


def _best(state: RunState) -> str:
    best = state.best
    if best is None:
        return ""
    file = f" in {best.file}" if best.file else ", no checkpoint yet"
    return f"val loss {figures.loss(best.val_loss)} at step {best.step:,}{file}"


def _speed(state: RunState) -> str:
    if state.steps_per_sec is None:
        return ""
    return (
        f"{figures.rate(state.steps_per_sec)} steps/s, "
        f"{figures.compact(state.tokens_per_sec)} tokens/s"
    )


def _time_spent(state: RunState) -> str:
    """Return where the time goes, and how well the device is used, as far as it is known."""
    spent = state.time_spent
    shares = [f"{_ACTIVITIES[key]} {figures.share(share)}" for key, share in spent.shares.items()]
    used = [] if spent.mfu is None else [f"MFU {figures.utilisation(spent.mfu)}"]
    if spent.floor_share is not None:
        used.append(f"{figures.utilisation(spent.floor_share)} of floor")
    return "; ".join(", ".join(facts) for facts in (shares, used) if facts)


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, _SHARE_DECIMALS)


def _gpus(state: RunState) -> list[tuple[str, str]]:
    if not state.systems:
        return []
    system = state.systems[-1]
    if not system.gpus:
        return [("gpu", system.gpu_unavailable or "")]
    return [(f"gpu {gpu.index}", _gpu(gpu)) for gpu in system.gpus]


def _gpu(gpu: Gpu) -> str:
    return (
        f"{gpu.name}: {figures.percent(gpu.utilization_pct)} %, "
        f"{figures.gibibytes(gpu.memory_used_bytes)} of "
        f"{figures.gibibytes(gpu.memory_total_bytes)} GiB, "
        f"{figures.figure(gpu.power_w)} W, {figures.percent(gpu.temperature_c)} C"
    )
