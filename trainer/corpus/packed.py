"""Opens a packed corpus: unpacks it once into the cache. Trusts nothing that it says of itself.

Members are read one after the other by their fixed names and sizes, never by tarfile's own
extraction: a member can be no link, has no path, and no header makes the reader hold much.
"""

import hashlib
import re
import shutil
from pathlib import Path

import msgspec

from tokmon.rundir.errors import TokmonError
from trainer.corpus.cache import corpora_folder
from trainer.corpus.existing import existing
from trainer.corpus.manifest import FORMAT, SCHEMA_VERSION, Manifest
from trainer.corpus.pack_format import MEMBERS, SUFFIX, member_sizes
from trainer.corpus.packed_members import Members, first_member
from trainer.corpus.progress import Report, no_progress
from trainer.corpus.publish import building
from trainer.corpus.sources.compression import StreamError, opened
from trainer.corpus.store import MANIFEST, Corpus, fingerprint
from trainer.tokenizer import load_tokenizer

_MAX_MANIFEST_BYTES = 2**26
_KEY_DIGITS = 16
_PIECE_BYTES = 2**20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_HINT = "copy it again, or pack the corpus again with `tokmon data pack`"


def is_packed(path: Path) -> bool:
    """Say whether a file is a packed corpus, by its name or else by its first member."""
    if not path.is_file():
        return False
    return path.name.endswith(SUFFIX) or FORMAT.encode() in first_member(path, MANIFEST)


def open_packed(path: Path, progress: Report = no_progress, output: Path | None = None) -> Corpus:
    """Return the corpus packed in `path`, unpacking it if that has not been done.

    Args:
        path: what `trainer.corpus.pack` wrote.
        progress: called as the work goes on.
        output: the folder to make; one in the cache if None.

    Raises:
        TokmonError: the file is damaged, or is not what its manifest says; nothing is left of it.
    """
    try:
        with opened(path) as stream:
            members = Members(stream, path)
            content = members.content(MANIFEST, _MAX_MANIFEST_BYTES)
            manifest = _manifest(path, content)
            key = hashlib.sha256(content).hexdigest()[:_KEY_DIGITS]
            folder = output or corpora_folder() / f"{manifest.name}-packed-{key}"
            found = existing(folder, manifest.__eq__, progress, is_ours=output is None)
            if found:
                return found
            _refuse_small_disk(folder, manifest)
            folder.parent.mkdir(parents=True, exist_ok=True)
            with building(folder) as unfinished:
                (unfinished / MANIFEST).write_bytes(content)
                _unpack(members, manifest, unfinished, progress)
    except StreamError as error:
        raise TokmonError(f"{path}: damaged or cut short ({error})", _HINT) from error
    except OSError as error:
        raise TokmonError(
            f"{error.filename or path}: unpacking the corpus failed ({error.strerror or error})",
            "check the disk, or set TOKMON_CACHE to another folder",
        ) from error
    return Corpus.open(folder)


def _manifest(path: Path, content: bytes) -> Manifest:
    try:
        manifest = msgspec.json.decode(content, type=Manifest)
        member_sizes(manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, KeyError) as error:
        raise TokmonError(f"{path}: damaged manifest ({error})", _HINT) from error
    if manifest.schema_version != SCHEMA_VERSION:
        raise TokmonError(
            f"{path}: corpus of schema version {manifest.schema_version}, "
            f"this tokmon reads {SCHEMA_VERSION}",
            _HINT,
        )
    if not _NAME.fullmatch(manifest.name):
        raise TokmonError(f"{path}: {manifest.name!r} is no name of a corpus", _HINT)
    if manifest.tokenizer.sha256 != load_tokenizer().sha256:
        raise TokmonError(f"{path}: tokens of another tokenizer, {manifest.tokenizer.name}")
    return manifest


def _refuse_small_disk(folder: Path, manifest: Manifest) -> None:
    place = next(parent for parent in folder.absolute().parents if parent.exists())
    needed, free = sum(member_sizes(manifest).values()), shutil.disk_usage(place).free
    if needed > free:
        raise TokmonError(
            f"{folder}: the corpus needs {needed / 1e6:,.0f} MB, and {free / 1e6:,.0f} are free",
            "free some, or set TOKMON_CACHE to another folder",
        )


def _unpack(members: Members, manifest: Manifest, folder: Path, progress: Report) -> None:
    sizes = member_sizes(manifest)
    total, done, files = sum(sizes.values()), 0, {}
    for name in MEMBERS[1:]:
        digest = hashlib.sha256()
        with (folder / name).open("xb") as file:
            for piece in members.pieces(name, sizes[name], _PIECE_BYTES):
                file.write(piece)
                digest.update(piece)
                done += len(piece)
                progress("unpacking", done, total)
        files[name] = digest.hexdigest()
        if files[name] != manifest.files.get(name):
            raise TokmonError(f"{members.path}: {name} differs from the manifest", _HINT)
    members.end()
    if fingerprint(files, manifest.tokenizer.sha256) != manifest.fingerprint:
        raise TokmonError(f"{members.path}: fingerprint of other files", _HINT)
