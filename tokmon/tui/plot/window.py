"""Which part of the x axis is shown: the whole, a part, or the newest end of it. Pure."""

from dataclasses import dataclass, replace

from tokmon.monitor.places import XAxis

_NEWEST_SHARE = 0.1
"""Of the whole: what following shows where nothing was zoomed before."""
_ALL = 0.999
"""A window of this share of the whole is the whole."""

Span = tuple[float, float]
"""Left and right edge, left < right."""


@dataclass(frozen=True, slots=True)
class Window:
    """What the user chose to see; it is turned into numbers against the data of the moment."""

    axis: XAxis = XAxis.STEP
    span: Span | None = None
    """None for the whole."""
    is_following: bool = False
    """Whether the right edge stays at the newest point."""

    def over(self, whole: Span) -> Span:
        """Return the edges to draw; always within the whole."""
        if self.span is None:
            return whole
        width = min(self.span[1] - self.span[0], whole[1] - whole[0])
        left = whole[1] - width if self.is_following else self.span[0]
        left = min(max(left, whole[0]), whole[1] - width)
        return left, left + width

    def zoomed(self, factor: float, at: float, whole: Span, least: float) -> "Window":
        """Return the window `factor` times as close, `at` staying where it is.

        Args:
            factor: above 1 to look closer.
            at: a place on the axis; while following it is the right edge instead.
            whole: of the data.
            least: the narrowest that has anything to show.
        """
        low, high = self.over(whole)
        width = max((high - low) / factor, min(least, whole[1] - whole[0]))
        if width >= _ALL * (whole[1] - whole[0]):
            return self.whole()
        at = high if self.is_following else min(max(at, low), high)
        left = at - (at - low) / (high - low) * width
        return replace(self, span=replace(self, span=(left, left + width)).over(whole))

    def panned(self, share: float, whole: Span) -> "Window":
        """Return the window moved by a share of its width, to the right if it is positive."""
        if self.span is None:
            return self
        low, high = self.over(whole)
        by = share * (high - low)
        moved = Window(self.axis, (low + by, high + by))
        return replace(moved, span=moved.over(whole))

    def whole(self) -> "Window":
        """Return all there is."""
        return Window(self.axis)

    def followed(self, whole: Span) -> "Window":
        """Return the newest end, as wide as the window is; if it follows already, let it stand."""
        if self.is_following:
            return replace(self, span=self.over(whole), is_following=False)
        low, high = self.over(whole)
        width = (high - low) * (_NEWEST_SHARE if self.span is None else 1)
        return Window(self.axis, (whole[1] - width, whole[1]), is_following=True)
