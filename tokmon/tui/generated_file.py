"""Generated texts as they are copied and saved. Pure; writes no file."""

import re
from collections.abc import Sequence

from tokmon.monitor.visible import visible
from tokmon.report import figures
from tokmon.rundir.sampling import Generate
from tokmon.tui.continuation import Continuation

_SETTINGS = (
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "repetition_penalty",
    "max_new_tokens",
    "samples",
)
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


def copied(continuation: Continuation) -> str:
    """Return prompt and text for the clipboard; what a terminal would act upon is spelled out."""
    lines = continuation.whole.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(map(visible, line.split("\t"))) for line in lines)


def saved(continuations: Sequence[Continuation]) -> bytes:
    """Return the file of some texts as they are, each under comments that tell how to repeat it."""
    parts = [f"{_heading(known)}\n{known.whole}" for known in continuations]
    return ("\n\n".join(parts) + "\n").encode(errors="backslashreplace")


def default_name(experiment: str, continuations: Sequence[Continuation]) -> str:
    """Return a file name that says where the texts come from; .py, as comments head them."""
    first = continuations[0]
    step = f"_step{first.started.step}" if first.started is not None else ""
    return f"{_UNFIT.sub('_', experiment)}{step}_seed{first.seed}.py"


def _heading(known: Continuation) -> str:
    started, done = known.started, known.done
    lines = [f"seed {known.seed}, {_settings(known.request)}"]
    if started is not None:
        loss = figures.loss(started.val_loss)
        lines.insert(0, f"{visible(started.checkpoint)}, step {started.step}, val loss {loss}")
    if done is not None:
        collapsed = "collapsed" if done.collapsed else "not collapsed"
        lines.append(f"{visible(done.finish_reason)}, {collapsed}, {done.validity or ''}")
    return "\n".join(f"# {line.strip(', ')}" for line in lines)


def _settings(request: Generate) -> str:
    return ", ".join(f"{name} {getattr(request, name):g}" for name in _SETTINGS)
