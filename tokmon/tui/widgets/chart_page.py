"""How many charts stand on a page, and which of them, as a grid without holes. Pure."""

from dataclasses import dataclass

_LEAST_WIDTH, _LEAST_HEIGHT = 64, 11
"""A chart that stands beside others has at least so many characters."""


@dataclass(frozen=True, slots=True)
class ChartPage:
    """One page of a number of charts."""

    columns: int
    rows: int
    number: int
    """Of this page, from 0."""
    count: int
    """Of charts, on all pages."""

    @classmethod
    def around(cls, at: int, count: int, size: tuple[int, int], *, is_alone: bool) -> "ChartPage":
        """Return the page that chart `at` of `count` stands on.

        Args:
            at: from 0.
            count: at least 1.
            size: of the screen, whose last line holds the keys.
            is_alone: show one chart a page.
        """
        width, height = size
        columns = 1 if is_alone else min(max(1, width // _LEAST_WIDTH), count)
        most_rows = 1 if is_alone else max(1, (height - 1) // _LEAST_HEIGHT)
        rows = min(most_rows, -(-count // columns))
        return cls(columns, rows, at // (columns * rows), count)

    @property
    def pages(self) -> int:
        """How many pages there are."""
        return -(-self.count // (self.columns * self.rows))

    def has(self, index: int) -> bool:
        """Say whether a chart stands on this page."""
        return index // (self.columns * self.rows) == self.number

    def columns_of(self, index: int) -> int:
        """Return how many columns a chart takes: the last fills its row."""
        last = self.count - 1
        return 1 if index < last else self.columns - last % self.columns
