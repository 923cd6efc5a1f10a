"""The debiased exponential moving average, computed as values arrive. Knows nothing of files."""

import numpy as np
from numpy.typing import NDArray

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
        self._mean = 0.0
        self._weight = 0.0

    def extend(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the averages after each of `values`, of the same shape (N,)."""
        beta, mean, weight = self._beta, self._mean, self._weight
        smoothed = []
        for value, is_finite in zip(values.tolist(), np.isfinite(values).tolist(), strict=True):
            if not is_finite:
                smoothed.append(np.nan)
                continue
            mean = beta * mean + (1 - beta) * value
            weight = beta * weight + (1 - beta)
            smoothed.append(mean / weight)
        self._mean, self._weight = mean, weight
        return np.array(smoothed, dtype=np.float64)

    def resume(self, smoothed: NDArray[np.float64]) -> None:
        """Go on behind `smoothed`, averages that this class gave earlier: the log went back."""
        finite = smoothed[np.isfinite(smoothed)]
        self._weight = 1 - self._beta ** len(finite)
        self._mean = float(finite[-1]) * self._weight if len(finite) else 0.0
