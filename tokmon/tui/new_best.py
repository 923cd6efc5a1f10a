"""Whether a better checkpoint has landed than the one that writes. Pure."""

from tokmon.monitor.state import Best, RunState
from tokmon.report import figures
from tokmon.rundir.sampling import Ready


def offered(state: RunState | None, ready: Ready | None) -> Best | None:
    """Return the best checkpoint if its file is of a later step than what is loaded."""
    best = state.best if state is not None else None
    if best is None or ready is None or best.file != ready.checkpoint or best.file_step is None:
        return None
    return best if best.file_step > ready.step else None


def in_words(best: Best) -> str:
    """Return the offer, without the key that takes it."""
    loss = f", val loss {figures.loss(best.val_loss)}" if best.file_step == best.step else ""
    return f"new best: step {figures.count(best.file_step)}{loss}"
