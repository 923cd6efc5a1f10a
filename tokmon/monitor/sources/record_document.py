"""A file that is one record and is replaced as a whole: run.json, the summary, a sidecar."""

from pathlib import Path
from typing import Generic, TypeVar

from tokmon.monitor.sources.bad_lines import BadLines
from tokmon.rundir.records import BadLineError, Record, decode

R = TypeVar("R", bound=Record)


class RecordDocument(Generic[R]):
    """Holds the record in a file as of the last look; the last good one while it is unreadable."""

    def __init__(self, path: Path, kind: type[R], bad_lines: BadLines) -> None:
        self._path = path
        self._kind = kind
        self._bad_lines = bad_lines
        self._content: bytes | None = None
        self.record: R | None = None

    def read(self) -> bool:
        """Look again; return whether the content has changed."""
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return self._vanished()
        except OSError:  # being replaced on Windows; the next look is a moment away
            return False
        if content == self._content:
            return False
        self._content = content
        self._decode(content)
        return True

    def _decode(self, content: bytes) -> None:
        self._bad_lines.forget(self._path.name)
        try:
            self.record = decode(content, self._kind)
        except BadLineError as error:
            self._bad_lines.add(self._path.name, 1, content, str(error))

    def _vanished(self) -> bool:
        was_there = self._content is not None
        self._content = self.record = None
        if was_there:
            self._bad_lines.forget(self._path.name)
        return was_there
