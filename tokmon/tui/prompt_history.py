"""Prompts of this session, as the arrow keys walk through them. Writes no file."""

_KEPT = 200


class PromptHistory:
    """The prompts that were asked, oldest first, and where in them the reader is."""

    def __init__(self) -> None:
        self._prompts: list[str] = []
        self._position = 0
        self._draft = ""

    def add(self, prompt: str) -> None:
        """Remember a prompt that was asked, once, as the newest; the reader is past it."""
        self._prompts = [*(kept for kept in self._prompts if kept != prompt), prompt][-_KEPT:]
        self._position = len(self._prompts)

    def older(self, shown: str) -> str | None:
        """Return the prompt before the one shown, or None; what is not in the list is kept."""
        if self._position == len(self._prompts):
            self._draft = shown
        position = self._position - 1
        if position >= 0 and self._prompts[position] == shown:
            position -= 1  # the newest stands in the field still
        if position < 0:
            return None
        self._position = position
        return self._prompts[position]

    def newer(self) -> str | None:
        """Return the prompt after the one shown, at last what was being written; or None."""
        if self._position >= len(self._prompts):
            return None
        self._position += 1
        if self._position == len(self._prompts):
            return self._draft
        return self._prompts[self._position]
