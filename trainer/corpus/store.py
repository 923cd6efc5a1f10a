"""A built corpus on disk: manifest.json, and tokens and document offsets of each split.

`X.tokens` is raw little-endian uint16, `X.offsets` raw little-endian int64: the start of each
document in tokens, then the end of the last. Both are memory-mapped, never read whole.

A split is one shard, whatever its size: one map is one array, so that a window of the trainer may
begin anywhere and a GPU gets the whole split in one copy. Two bytes a token, so that a thousand
million tokens are a file of 2 GB.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from tokmon.rundir.errors import TokmonError
from trainer.corpus.manifest import FORMAT, SCHEMA_VERSION, Manifest

MANIFEST = "manifest.json"
SPLITS = ("train", "val")
TOKEN_TYPE = np.dtype("<u2")
OFFSET_TYPE = np.dtype("<i8")
_HINT = "delete the folder and build the corpus again"


def tokens_path(folder: Path, split: str) -> Path:
    """Return where the tokens of a split lie."""
    return folder / f"{split}.tokens"


def offsets_path(folder: Path, split: str) -> Path:
    """Return where the document offsets of a split lie."""
    return folder / f"{split}.offsets"


@dataclass(frozen=True, slots=True)
class Split:
    """One side of a corpus."""

    tokens: NDArray[np.uint16]
    """All documents one after the other, each ended by end-of-text; shape (tokens,)."""
    offsets: NDArray[np.int64]
    """Start of each document in `tokens`, then the end of the last; shape (documents + 1,)."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """An opened corpus."""

    folder: Path
    """Where it lies."""
    manifest: Manifest
    """What is in it."""
    train: Split
    """To learn from."""
    val: Split
    """Held out, in whole units."""

    @classmethod
    def open(cls, folder: Path) -> "Corpus":
        """Map a corpus folder into memory; reads no tokens.

        Raises:
            TokmonError: a file is missing, damaged, or of another version; names the file.
        """
        manifest = _read_manifest(folder / MANIFEST)
        train, val = (_open_split(folder, name, manifest) for name in SPLITS)
        return cls(folder, manifest, train, val)

    def verify(self) -> None:
        """Compare the files with the manifest; reads all of them.

        Raises:
            TokmonError: they differ; names the file.
        """
        files = file_hashes(self.folder)
        for name, sha256 in files.items():
            if self.manifest.files.get(name) != sha256:
                raise TokmonError(f"{self.folder / name}: differs from the manifest", _HINT)
        if fingerprint(files, self.manifest.tokenizer.sha256) != self.manifest.fingerprint:
            raise TokmonError(f"{self.folder / MANIFEST}: fingerprint of other files", _HINT)


def is_corpus(folder: Path) -> bool:
    """Say whether `folder` is, or was, a built corpus rather than a folder of sources."""
    if any(tokens_path(folder, split).exists() for split in SPLITS):
        return True
    try:
        return FORMAT.encode() in (folder / MANIFEST).read_bytes()
    except OSError:
        return False


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the sha256 of the files of tokens and offsets in `folder`, by name."""
    paths = [path(folder, split) for split in SPLITS for path in (offsets_path, tokens_path)]
    return {path.name: _sha256(path) for path in paths}


def fingerprint(files: dict[str, str], tokenizer_sha256: str) -> str:
    """Return the sha256 over the tokenizer's and those of the files, as `sha256sum` lists them."""
    lines = [f"{tokenizer_sha256}  tokenizer\n"]
    lines += [f"{files[name]}  {name}\n" for name in sorted(files)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(path: Path) -> Manifest:
    try:
        content = path.read_bytes()
        version = msgspec.json.decode(content, type=_Version)
        if version.schema_version != SCHEMA_VERSION:
            raise TokmonError(
                f"{path}: corpus of schema version {version.schema_version}, "
                f"this tokmon reads {SCHEMA_VERSION}",
                _HINT,
            )
        return msgspec.json.decode(content, type=Manifest)
    except FileNotFoundError as error:
        raise TokmonError(f"{path}: missing, so this is no corpus folder", _HINT) from error
    except OSError as error:
        raise TokmonError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TokmonError(f"{path}: damaged ({error})", _HINT) from error


class _Version(msgspec.Struct):
    schema_version: int


def _open_split(folder: Path, name: str, manifest: Manifest) -> Split:
    if name not in manifest.splits:
        raise TokmonError(f"{folder / MANIFEST}: damaged (no split {name})", _HINT)
    counts = manifest.splits[name]
    tokens = _map(tokens_path(folder, name), TOKEN_TYPE, counts.tokens)
    offsets = _map(offsets_path(folder, name), OFFSET_TYPE, counts.documents + 1)
    if offsets[0] != 0 or offsets[-1] != counts.tokens or np.any(np.diff(offsets) < 1):
        raise TokmonError(f"{offsets_path(folder, name)}: damaged (no ascending offsets)", _HINT)
    return Split(tokens, offsets)


def _map(path: Path, dtype: np.dtype[np.generic], count: int) -> np.memmap:
    try:
        size = path.stat().st_size
        if size != count * dtype.itemsize:
            raise TokmonError(
                f"{path}: damaged ({size} bytes, not {count * dtype.itemsize})", _HINT
            )
        return np.memmap(path, dtype=dtype, mode="r", shape=(count,))
    except FileNotFoundError as error:
        raise TokmonError(f"{path}: missing", _HINT) from error
    except (OSError, ValueError) as error:
        raise TokmonError(f"{path}: cannot be read ({error})", _HINT) from error
