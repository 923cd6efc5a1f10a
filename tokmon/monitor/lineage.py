"""What two moments of one growing log have in common, told without looking at it.

A log grows, and at times goes back and grows differently. Its writer notes how far it went back
each time; so two moments share the rows that were never taken back between them.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, eq=False)
class Lineage:
    """A moment in the life of one log."""

    kept: list[int] = field(default_factory=list)
    """How many rows were left each time that the log went back. One list for all moments of a log;
    only its writer adds to it."""
    moment: int = 0
    """How many of these times lay behind."""

    def shared(self, other: "Lineage", length: int) -> int:
        """Return how many rows stand in both moments; 0 for moments of two logs.

        Args:
            other: before or after this moment.
            length: rows of the shorter of the two.
        """
        if self.kept is not other.kept:
            return 0
        first, last = sorted((self.moment, other.moment))
        return min([length, *self.kept[first:last]])

    def cut(self, length: int) -> "Lineage":
        """Note that the log went back to `length` rows; return the moment after that."""
        self.kept.append(length)
        return Lineage(self.kept, len(self.kept))

    def cut_again(self, length: int) -> None:
        """Note that it went back further before anybody saw this moment."""
        if self.kept:
            self.kept[-1] = min(self.kept[-1], length)
