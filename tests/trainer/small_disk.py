"""A file system of a few megabytes, as a tmpfs in a mount namespace that needs no root."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

NEEDED = ("unshare", "nsenter", "mount")
_CHUNK = b"x" * 65536


class SmallDisk:
    """A tmpfs at `folder`, seen by the processes it starts; we see it at `path`.

    Args:
        folder: where to mount it.
        megabytes: its size.
    """

    def __init__(self, folder: Path, megabytes: int) -> None:
        script = f'mount -t tmpfs -o size={megabytes}m none "$0" && echo mounted && exec sleep 600'
        self._holder = subprocess.Popen(
            ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != "mounted\n":
            self.close()
            pytest.skip("no user namespaces here")
        self.folder = folder
        self.path = Path(f"/proc/{self._holder.pid}/root") / folder.relative_to("/")

    def inside(self, command: list[str]) -> list[str]:
        """Return the command line that runs `command` where the disk is mounted."""
        target = str(self._holder.pid)
        enter = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", target]
        return [*enter, "--wd=.", *command]

    def fill(self, leaving_bytes: int) -> None:
        """Take all room but that much.

        A trainer writes meanwhile: the room is taken to the last byte, and then given back in part.
        """
        filler = self.path / "filler"
        with filler.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(_CHUNK):
                pass
        os.truncate(filler, max(0, filler.stat().st_size - leaving_bytes))

    def make_room(self) -> None:
        """Give it back."""
        (self.path / "filler").unlink()

    def make_read_only(self, folder: Path) -> None:
        """Forbid all writing in a folder of it from now on."""
        inside = str(self.folder / folder.relative_to(self.path))
        script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0"'
        subprocess.run(self.inside(["sh", "-c", script, inside]), check=True)

    def close(self) -> None:
        """Let it go, with all that is on it."""
        self._holder.kill()
        self._holder.communicate()


def needs_small_disk() -> pytest.MarkDecorator:
    """Skip where the system has no mount namespaces."""
    is_missing = sys.platform != "linux" or any(shutil.which(name) is None for name in NEEDED)
    return pytest.mark.skipif(is_missing, reason="needs Linux's unshare and nsenter")
