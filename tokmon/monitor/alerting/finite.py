"""The rule about metrics that are no number. Pure."""

import numpy as np

from tokmon.monitor.alerting.span import AlertSpan, Lines
from tokmon.monitor.alerting.tracker import Tracker
from tokmon.monitor.state import Severity

_ALWAYS_MEASURED = "train_loss"


class NotFinite:
    """A metric is null, NaN or infinite; ends at the next line that has a value of it.

    One that has had no value yet is not measured, not broken; the training loss always is.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._was_finite = key == _ALWAYS_MEASURED
        self._tracker = Tracker(
            "not_finite", Severity.ERROR, lambda *_: f"{key} was not finite", worst=lambda _: 0.0
        )

    def read(self, lines: Lines) -> None:
        """Take in new lines."""
        rows = lines.rows(self._key)
        values = lines.values(self._key, rows)
        if not len(values):
            return
        is_finite = np.isfinite(values)
        was_finite = np.logical_or.accumulate(is_finite) | self._was_finite
        self._was_finite = bool(was_finite[-1])
        self._tracker.extend(lines.points(rows, values), ~is_finite & was_finite, is_finite)

    def spans(self) -> list[AlertSpan]:
        """Return what was found."""
        return self._tracker.spans()
