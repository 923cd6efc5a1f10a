"""What was found out about this machine, by the hash of what it depends on; one file a kind.

The files lie in tokmon's cache: they save a later run a measurement, and may be deleted any time.
"""

import hashlib
from typing import Generic, TypeVar

import msgspec

from tokmon.rundir.atomic import write_atomic
from trainer.corpus.cache import cache_folder

T = TypeVar("T")


class MachineCache(Generic[T]):
    """Values of one kind.

    Args:
        file: its name in the cache folder.
        kind: of the values; what is not of it is as if it were not there.
    """

    def __init__(self, file: str, kind: type[T]) -> None:
        self._file = file
        self._decoder = msgspec.json.Decoder(dict[str, kind])  # type: ignore[valid-type]

    def get(self, *parts: object) -> T | None:
        """Return what was found for `parts`: device, versions, shapes."""
        return self._all().get(_key(parts))

    def put(self, value: T, *parts: object) -> None:
        """Keep `value` for them."""
        path = cache_folder() / self._file
        values = self._all() | {_key(parts): value}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, msgspec.json.format(msgspec.json.encode(values)))
        except OSError:
            # A cache that cannot be written costs the next run its measurement, nothing else.
            return

    def _all(self) -> dict[str, T]:
        try:
            return self._decoder.decode((cache_folder() / self._file).read_bytes())
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return {}


def _key(parts: tuple[object, ...]) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
