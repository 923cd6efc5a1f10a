"""Reads one run in full for a comparison: its logs, and the power of all of its time."""

from collections.abc import Callable

import numpy as np

from tokmon.monitor.compared import Compared, compared
from tokmon.monitor.energy import EnergyLog
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.rundir.layout import RunDir

_LOSSES = ("train_loss", "val_loss")


def read_for_comparison(run: RunDir, clock: Callable[[], float]) -> Compared | str:
    """Return the run as its files stand, or why there is nothing to compare, in one sentence.

    Args:
        run: may go meanwhile.
        clock: seconds since 1970.
    """
    source, power = RunSource(run), EnergyLog(run.system)
    state = source.poll(clock())
    while state.is_loading:
        state = source.poll(clock())
    while not power.at_end:
        power.read()
    if not run.path.is_dir():
        return f"{run.path}: the run directory disappeared while it was read"
    frame = state.frame
    if not len(frame):
        fault = "; ".join(alert.message for alert in state.alerts if "cannot be read" in str(alert))
        return f"{run.path}: its log has no line to compare by{': ' if fault else ''}{fault}"
    if not any(np.isfinite(frame.series(key).values).any() for key in _LOSSES):
        return f"{run.path}: no loss in its log is a finite number"
    return compared(state, power.energy())
