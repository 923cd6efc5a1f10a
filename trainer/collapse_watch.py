"""When a run's samples collapse and when that is over. Pure; knows shares and no texts."""

from typing import Literal

COLLAPSED_SHARE = 0.5
"""From here on up a round counts as collapsed."""
RECOVERED_SHARE = 0.25
"""Below this it does no more; between the two all stays as it was, so that news are rare."""

Change = Literal["collapse", "collapse_over"]


class CollapseWatch:
    """Tells changes of the mode collapse from one round to the next.

    It begins anew with every attempt: a run that is resumed collapsed tells so again.
    """

    def __init__(self) -> None:
        self._is_collapsed = False
        self._was_early = False

    def look(self, mode_collapse: float, *, is_early: bool) -> Change | None:
        """Return what has changed with a round; None if nothing has.

        Args:
            mode_collapse: share of collapsed samples, 0 to 1.
            is_early: whether the learning rate still rises, where collapse is what a model begins
                with. If it is still there afterwards, that is told once more.
        """
        if self._is_collapsed and mode_collapse < RECOVERED_SHARE:
            self._is_collapsed = False
            return "collapse_over"
        if mode_collapse < COLLAPSED_SHARE:
            return None
        is_news = not self._is_collapsed or (self._was_early and not is_early)
        self._is_collapsed, self._was_early = True, is_early
        return "collapse" if is_news else None
