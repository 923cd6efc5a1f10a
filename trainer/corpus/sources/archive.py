"""The source `archive`: the .py members of archives on disk. Nothing is unpacked anywhere."""

import re
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import ArchiveSource
from trainer.corpus.sources.base import Listing, ReadFile, SourceFile
from trainer.corpus.sources.compression import StreamError
from trainer.corpus.sources.files import NamedFile, SourceFiles
from trainer.corpus.sources.forward import Forward
from trainer.corpus.sources.kinds import ARCHIVE_SUFFIXES, is_zip, without_suffix
from trainer.corpus.sources.members import DUPLICATE_NAME, SUFFIX, Member
from trainer.corpus.sources.tar_members import tar_members
from trainer.corpus.sources.tree import printable
from trainer.corpus.sources.zip_members import zip_members

MAX_TOTAL_BYTES = 8 * 2**30
"""Of what is taken from one archive."""
OVER_TOTAL = "over_archive_limit"
# PEP 427 and PEP 625: the name has no hyphen, the version begins with a digit.
_VERSION = re.compile(r"-v?\d.*")


class ArchiveReader:
    """Reads the .py members of an archive, or of all archives of a glob."""

    def __init__(self, source: ArchiveSource, base: Path) -> None:
        """Take the source; a relative path is seen from `base`."""
        self._files = SourceFiles(source.path, base)
        self._units = source.units

    @property
    def label(self) -> str:
        """The path."""
        return self._files.label

    @property
    def is_ready(self) -> bool:
        """True: the files are there."""
        return True

    def identity(self) -> object:
        """Return names, sizes and modification times; raises TokmonError without a file."""
        return self._files.identity()

    def prepare(self) -> None:
        """Fetch nothing."""

    def list_files(self) -> Listing:
        """Return the members in their order; raises TokmonError if there is none."""
        skipped: Counter[str] = Counter()
        files: list[SourceFile] = []
        for file in self._files.find():
            files += self._list(file, skipped)
        if not files:
            reasons = ", ".join(f"{what} {number}" for what, number in sorted(skipped.items()))
            raise TokmonError(
                f"{self.label}: no .py files in it{f' ({reasons})' if reasons else ''}",
                "a source of kind archive is a zip, wheel, tar or sdist of Python source",
            )
        return Listing(tuple(files), dict(skipped))

    @contextmanager
    def reading(self) -> Iterator[ReadFile]:
        """Yield a function that reads one member; cheap in the order of the listing."""
        with Forward(self._all_members, self.label) as members:
            yield lambda path: members.find(path).read()

    def _list(self, file: NamedFile, skipped: Counter[str]) -> Iterator[SourceFile]:
        found: list[tuple[str, str, int]] = []
        seen: set[str] = set()
        total = 0
        try:
            for member in _members(file.path):
                fault = member.fault or (DUPLICATE_NAME if member.path in seen else "")
                fault = fault or (OVER_TOTAL if total + member.size > MAX_TOTAL_BYTES else "")
                if fault:
                    skipped[fault] += 1
                    continue
                seen.add(member.path)
                total += member.size
                found.append((member.path, self._key(file, member), member.size))
        except StreamError as error:
            skipped[error.reason] += 1
        except OSError:
            skipped["unreadable"] += 1
        unit_of = _Units(self._units, file, [path for path, _, _ in found])
        return (SourceFile(unit_of(path), key, size) for path, key, size in found)

    def _all_members(self) -> Generator[tuple[str, Member]]:
        for file in self._files.find():
            try:
                for member in _members(file.path):
                    if not member.fault:
                        yield self._key(file, member), member
            except OSError:
                continue  # counted by the listing, which came to the same place

    def _key(self, file: NamedFile, member: Member) -> str:
        return f"{file.name}/{member.path}" if self._files.glob else member.path


def _members(path: Path) -> Iterator[Member]:
    return zip_members(path) if is_zip(path) else tar_members(path)


class _Units:
    """Which unit of the split a member belongs to."""

    def __init__(self, rule: str, file: NamedFile, paths: list[str]) -> None:
        tops = {path.split("/", 1)[0] for path in paths}
        self._depth = 1 if len(tops) == 1 and all("/" in path for path in paths) else 0
        is_wheel = file.name.lower().endswith(".whl")
        is_project = rule == "project" or (rule == "auto" and (is_wheel or self._depth == 1))
        self._project = _project(file) if is_project else None

    def __call__(self, path: str) -> str:
        if self._project is not None:
            return self._project
        return printable(path.split("/")[self._depth].removesuffix(SUFFIX))


def _project(file: NamedFile) -> str:
    stem = without_suffix(Path(file.name).name, ARCHIVE_SUFFIXES)
    return printable(_VERSION.sub("", stem) or stem)
