"""Numbers for people: as many digits as they are worth, and always of the same form."""

import math

UNKNOWN = "-"
"""Stands where there is no value."""

_UNITS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))
# Smallest size that is shown with this many decimals; the limits are where rounding adds a digit.
_DECIMALS = ((99.95, 0), (9.995, 1), (0.0005, 3))
_WIDE = 1e8
_GIB = 2**30


def loss(value: float | None) -> str:
    """Return nats per token: 9.839."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:.3f}" if abs(value) < 1000 else figure(value)


def figure(value: float | None) -> str:
    """Return a number with three to four digits: 1.036, 77.6, 311, 18,752, 1.2e+09."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    size = abs(value)
    if size == 0:
        return "0"
    if size >= _WIDE:
        return f"{value:.1e}"
    for limit, decimals in _DECIMALS:
        if size >= limit:
            return f"{value:,.{decimals}f}"
    return f"{value:.1e}"


def rate(value: float | None) -> str:
    """Return a speed with three digits: 28.3, 3.17, 0.702, 1,304."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    return f"{value:.2f}" if 0.9995 <= abs(value) < 9.995 else figure(value)


def learning_rate(value: float | None) -> str:
    """Return a learning rate, always in the same form: 1.50e-5."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    mantissa, exponent = f"{value:.2e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def count(value: float | None) -> str:
    """Return a whole number with separators: 50,000."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:,.0f}"


def compact(value: float | None) -> str:
    """Return a number with a decimal unit: 463k, 28.4M; below a thousand as it is."""
    if value is None or not math.isfinite(value):
        return UNKNOWN
    for size, unit in _UNITS:
        if abs(value) >= size * 0.9995:
            scaled = value / size
            return f"{scaled:.{_decimals(scaled)}f}{unit}"
    return f"{value:.{0 if float(value).is_integer() else _decimals(value)}f}"


def gibibytes(value: float | None) -> str:
    """Return bytes as GiB without the unit: 12.3, 0.4, 139."""
    if value is None:
        return UNKNOWN
    size = value / _GIB
    return f"{size:.0f}" if size >= 99.95 else f"{size:.1f}"


def percent(value: float | None) -> str:
    """Return a share of 0 to 100 without the sign: 87."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:.0f}"


def share(value: float) -> str:
    """Return 0 to 1 as percent, with the sign: 71%, 0%."""
    return f"{100 * value:.0f}%"


def utilisation(value: float) -> str:
    """Return 0 to 1 as percent with two digits, as a small one matters too: 63%, 4.2%."""
    pct = 100 * value
    return f"{pct:.0f}%" if pct >= 9.95 or pct == 0 else f"{pct:.1f}%"


def _decimals(scaled: float) -> int:
    size = abs(scaled)
    return 0 if size >= 99.95 else 1 if size >= 9.995 else 2
