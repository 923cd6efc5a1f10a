"""Commands as they can be typed where the report is written: quoted, with paths from there."""

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

_LINES = 40
"""A traceback through a training framework has thirty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """Where commands are typed, and which there are."""

    folder: Path
    """The working folder, absolute."""
    commands: frozenset[str]
    """Commands of this tokmon."""
    is_windows: bool = os.name == "nt"

    def has(self, command: str) -> bool:
        """Whether this tokmon has a command."""
        return command in self.commands

    def path(self, path: Path) -> str:
        """Return a path as short as it can be told from the folder; it never looks like an option.

        It is not resolved: what the user calls it is what he knows.
        """
        whole = path if path.is_absolute() else self.folder / path
        if whole.is_relative_to(self.folder):
            short = str(whole.relative_to(self.folder))
            return f".{os.sep}{short}" if short.startswith("-") else short
        return str(whole)

    def tokmon(self, command: str, *arguments: str | Path) -> str:
        """Return a command line of tokmon."""
        return self.line("tokmon", command, *arguments)

    def line(self, *arguments: str | Path) -> str:
        """Return a command line; a Path is shortened, everything is quoted where it has to be."""
        words = [self.path(word) if isinstance(word, Path) else word for word in arguments]
        if self.is_windows:
            return subprocess.list2cmdline(words)
        return " ".join(map(_quoted, words))

    def tail(self, path: Path, *, is_followed: bool) -> str:
        """Return a command that shows the end of a file, and what it gains."""
        if self.is_windows:
            literal = self.path(path).replace("'", "''")
            wait = " -Wait" if is_followed else ""
            return f"Get-Content -LiteralPath '{literal}' -Tail {_LINES}{wait}"
        return self.line("tail", "-n", str(_LINES), *(["-f"] if is_followed else []), path)


def _quoted(word: str) -> str:
    """Quote a word; what a terminal acts upon is spelled out, as bash, ksh and zsh have it."""
    if word.isprintable():
        return shlex.quote(word)
    spelled = "".join(map(_spelled, word))
    return f"$'{spelled}'"


def _spelled(character: str) -> str:
    if character.isprintable():
        return re.sub(r"(['\\])", r"\\\1", character)
    return "".join(f"\\x{byte:02x}" for byte in os.fsencode(character))
