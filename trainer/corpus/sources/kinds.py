"""What a file is: by its name where it has one, by its first bytes on standard input."""

from pathlib import Path

from trainer.corpus.sources.compression import opened

_COMPRESSED = ("", ".gz", ".bz2", ".xz", ".zst")
ARCHIVE_SUFFIXES = (
    ".zip", ".whl", *(f".tar{end}" for end in _COMPRESSED), ".tgz", ".tbz2", ".txz", ".tzst",
)  # fmt: skip
JSONL_SUFFIXES = tuple(
    f"{name}{end}" for end in _COMPRESSED for name in (".jsonl", ".ndjson", ".json")
)
PARQUET_SUFFIXES = (".parquet", ".pq")
_KINDS = {"archive": ARCHIVE_SUFFIXES, "jsonl": JSONL_SUFFIXES, "parquet": PARQUET_SUFFIXES}
_ZIP_MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_TAR_MAGIC, _TAR_MAGIC_AT = b"ustar", 257
_HEAD_BYTES = 4096


def kind_by_name(name: str) -> str | None:
    """Return the kind of source that reads files of this name: archive, jsonl, parquet."""
    name = name.lower()
    return next((kind for kind, suffixes in _KINDS.items() if name.endswith(suffixes)), None)


def kind_by_content(path: Path) -> str:
    """Return the kind of source for a file without a name: as above, or text.

    Raises:
        OSError: it cannot be read, or is compressed and damaged.
        TokmonError: the library for its compression is missing.
    """
    with opened(path) as file:
        head = file.read(_HEAD_BYTES)
    if head.startswith(_ZIP_MAGIC) or head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC):
        return "archive"
    if head.startswith(b"PAR1"):
        return "parquet"
    return "jsonl" if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") else "text"


def is_zip(path: Path) -> bool:
    """Say whether a file begins as a zip does."""
    with path.open("rb") as file:
        return file.read(4) in _ZIP_MAGIC


def without_suffix(name: str, suffixes: tuple[str, ...]) -> str:
    """Return `name` without the longest of `suffixes` that it ends with, in any case of letters."""
    found = [suffix for suffix in suffixes if name.lower().endswith(suffix)]
    return name[: len(name) - len(max(found, key=len))] if found else name
