"""Where a command writes what it otherwise prints. Must not leave half of it."""

from pathlib import Path

from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.errors import TokmonError


def write_output(path: Path, text: str) -> None:
    """Write a file whole, or as it comes where `path` is no file: a pipe, /dev/stdout.

    A link is followed: what it leads to is replaced, not the link.

    Raises:
        TokmonError: it cannot be written.
    """
    content = text.encode(errors="backslashreplace")
    try:
        if path.exists() and not path.is_file():
            with path.open("wb") as file:
                file.write(content)
        else:
            write_atomic(path.resolve(), content)
    except OSError as error:
        raise TokmonError(f"{path}: cannot be written ({error.strerror or error})") from error
