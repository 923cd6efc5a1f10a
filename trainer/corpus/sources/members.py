"""What is taken from an archive, and what is left alone, by name and kind of member."""

from collections.abc import Callable
from dataclasses import dataclass

SUFFIX = ".py"
UNSAFE_PATH = "unsafe_path"
LINK = "link"
NOT_A_FILE = "not_a_file"
ENCRYPTED = "encrypted"
DUPLICATE_NAME = "duplicate_name"
_SKIPPED_FOLDERS = frozenset({"__pycache__", "__MACOSX"})
_BLOCK_BYTES = 2**16


@dataclass(frozen=True, slots=True)
class Member:
    """A .py member of an archive: its content, or why it has none."""

    path: str
    """As `clean_path` returns it."""
    size: int
    """Bytes, as the archive says."""
    read: Callable[[], bytes]
    """Returns the content, `size` bytes at most; before the next member only; raises OSError."""
    fault: str = ""
    """Why it is not taken: a key of the manifest's counts; empty if it is."""


def clean_path(name: str) -> str | None:
    """Return a member's name without `.` and empty parts; None if it is absolute or leads out.

    Nothing is ever written under these names. But they become units and are matched by globs, and
    an archive that tries this is none to learn from.
    """
    parts = name.replace("\\", "/").split("/")
    if not parts[0] or ".." in parts or "\0" in name:
        return None
    kept = [part for part in parts if part not in ("", ".")]
    is_drive = bool(kept) and kept[0].endswith(":")
    return None if is_drive else "/".join(kept)


def is_passed_over(path: str | None, name: str) -> bool:
    """Say whether a member is no source: another suffix, or in a hidden folder or a cache.

    Args:
        path: from `clean_path`.
        name: the member's own.
    """
    folders = path.split("/")[:-1] if path else []
    return not name.endswith(SUFFIX) or any(
        folder.startswith(".") or folder in _SKIPPED_FOLDERS for folder in folders
    )


def read_blocks(read: Callable[[int], bytes], size: int) -> bytes:
    """Return `size` bytes at most, asked for in small blocks."""
    blocks = []
    while size > 0 and (block := read(min(size, _BLOCK_BYTES))):
        blocks.append(block)
        size -= len(block)
    return b"".join(blocks)
