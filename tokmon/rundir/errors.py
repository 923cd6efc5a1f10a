"""The one exception for errors that a user can cause. Never raised for a programming error."""


class TokmonError(Exception):
    """Something the user can mend, told in one line.

    Args:
        message: what is wrong, naming the file and the key.
        hint: what to do next; may be empty.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        line = f"{self.message}; {self.hint}" if self.hint else self.message
        return "".join(map(_printable, " ".join(line.split())))


def _printable(character: str) -> str:
    r"""Spell out what a terminal acts upon: messages quote files, and files hold anything."""
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()
