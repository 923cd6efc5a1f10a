"""How the numbers of a comparison are shown. Pure."""

from collections.abc import Callable

from tokmon.monitor.durations import duration
from tokmon.monitor.energy import Energy
from tokmon.monitor.intervals import Interval
from tokmon.report import figures


def share(value: float) -> str:
    """Return 0 to 1 as percent: 51 %, 4.1 %."""
    pct = 100 * value
    # Half a per cent up: 62.5 of eight samples is no 62.
    return f"{pct + 1e-9:.{0 if pct >= 9.95 or pct == 0 else 1}f} %"


def plain(value: float) -> str:
    """Return a number between 0 and 1 with three digits."""
    return f"{value:.3f}"


EVALUATED: tuple[tuple[str, str, Callable[[float], str]], ...] = (
    ("val_loss", "validation loss", figures.loss),
    ("val_ppl", "validation PPL", figures.figure),
    ("val_bpb", "bits per byte", figures.loss),
    ("mode_collapse", "mode collapse", share),
    ("keyword_presence", "keyword presence", share),
    ("keyword_accuracy", "keyword accuracy", share),
    ("validity", "validity", share),
    ("seq_rep_4", "seq-rep-4", plain),
    ("distinct_2", "distinct-2", plain),
)
"""Key, title and form of what `tokmon eval` measures."""


def interval(found: Interval | None, show: Callable[[float], str]) -> str:
    """Return a value and its 95 % interval: 50 % (28 % to 72 %)."""
    if found is None:
        return figures.UNKNOWN
    if found.low is None or found.high is None:
        return show(found.value)
    return f"{show(found.value)} ({show(found.low)} to {show(found.high)})"


def time(elapsed_s: float | None) -> str:
    """Return a duration in words."""
    return figures.UNKNOWN if elapsed_s is None else duration(elapsed_s)


def hours(value: float | None) -> str:
    """Return hours with three digits: 2.01, 0.0664."""
    if value is None:
        return figures.UNKNOWN
    return f"{value:.3g}" if 0 < value < 0.9995 else figures.rate(value)


def kwh(energy: Energy | None) -> str:
    """Return energy with its unit, in Wh below one kWh."""
    if energy is None:
        return figures.UNKNOWN
    if energy.kwh >= 1:
        return f"{figures.rate(energy.kwh)} kWh"
    return f"{figures.rate(1000 * energy.kwh)} Wh"


def progress(step: int | None, max_steps: int | None) -> str:
    """Return steps taken of those asked for; once where all were taken."""
    if step is None or not max_steps or step == max_steps:
        return figures.count(step)
    return f"{step:,} of {max_steps:,}"


def probability(p: float) -> str:
    """Return a p value: 0.034, 1.2e-05; below all floats as such."""
    if p < 1e-300:
        return "< 1e-300"
    return f"{p:.3f}" if p >= 0.001 else f"{p:.1e}"
