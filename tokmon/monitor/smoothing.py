"""The debiased exponential moving average, computed as values arrive. Knows nothing of files."""

from tokmon.monitor.moving_average import Carried, carried_at, debiased_average
from tokmon.monitor.series import Floats

DEFAULT_BETA = 0.8
"""Weight of the past: 5 points are averaged. A log line is a mean over many steps already, and a
longer memory lags visibly behind the steep beginning of a run."""


class DebiasedEma:
    """m = beta m + (1 - beta) x, divided by 1 - beta^n, so that the start is not pulled to zero.

    The correction is Adam's (Kingma and Ba, arXiv 1412.6980, section 3). What is not finite gives
    NaN and leaves the average as it was.
    """

    def __init__(self, beta: float = DEFAULT_BETA) -> None:
        self._beta = beta
        self._carried = Carried()

    def extend(self, values: Floats) -> Floats:
        """Return the averages after each of `values`, of the same shape (N,)."""
        averages, self._carried = debiased_average(values, self._beta, self._carried)
        return averages

    def resume(self, smoothed: Floats) -> None:
        """Go on behind `smoothed`, averages that this class gave earlier: the log went back."""
        self._carried = carried_at(smoothed, self._beta)
