"""A colour for each run, always the same for one name. A letter goes with it: see LABELS."""

from collections.abc import Sequence
from zlib import crc32

# The eight of Okabe and Ito (2008), as the theme has them.
COLOURS = (
    "$primary",
    "$warning",
    "$success",
    "$secondary",
    "$error",
    "$chart-best",
    "$foreground",
    "$chart-raw",
)


def run_colours(names: Sequence[str]) -> tuple[str, ...]:
    """Return a theme colour for each name; where two want the same, the later takes the next free.

    Args:
        names: of experiments, at most as many as there are colours to tell apart.
    """
    taken: list[int] = []
    for name in names:
        wanted = crc32(name.encode(errors="surrogatepass")) % len(COLOURS)
        ring = [(wanted + step) % len(COLOURS) for step in range(len(COLOURS))]
        taken.append(next((index for index in ring if index not in taken), wanted))
    return tuple(COLOURS[index] for index in taken)
