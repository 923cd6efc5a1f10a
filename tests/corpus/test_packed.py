"""A packed corpus gives back what was packed, or one line; hostile ones leave nothing behind."""

import io
import json
import lzma
import os
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus.samples import PACKAGES, write_recipe, write_tree
from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build
from trainer.corpus.pack import pack, packed_name
from trainer.corpus.pack_format import MEMBERS
from trainer.corpus.packed import is_packed, open_packed
from trainer.corpus.store import Corpus

MAPPED = pytest.mark.skipif(sys.platform == "win32", reason="a mapped file cannot be changed")
Member = tuple[tarfile.TarInfo, bytes]


@pytest.fixture
def built(tmp_path: Path) -> Corpus:
    write_tree(tmp_path / "src", PACKAGES)
    return open_or_build(write_recipe(tmp_path))


@pytest.fixture
def packed(built: Corpus, tmp_path: Path) -> Path:
    path = tmp_path / packed_name(built)
    pack(built, path)
    return path


def members_of(path: Path) -> list[Member]:
    with tarfile.open(path) as archive:
        return [(info, archive.extractfile(info).read()) for info in archive]


def write_members(path: Path, members: list[Member]) -> Path:
    with tarfile.open(path, "w:xz", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def left_in(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "corpora").glob("*packed*")) + sorted(
        path.name for path in (cache / "corpora").glob(".building*")
    )


def test_what_is_unpacked_is_what_was_packed(built: Corpus, packed: Path, cache: Path) -> None:
    reports: list[tuple[str, int, int]] = []

    corpus = open_or_build(packed, lambda *it: reports.append(it))

    corpus.verify()
    assert corpus.manifest == built.manifest
    assert corpus.folder.parent == cache / "corpora"
    assert corpus.folder != built.folder
    for name in MEMBERS:
        assert (corpus.folder / name).read_bytes() == (built.folder / name).read_bytes()
    size = sum((built.folder / name).stat().st_size for name in MEMBERS[1:])
    assert reports[-1] == ("unpacking", size, size)


def test_it_is_unpacked_once(packed: Path) -> None:
    first = open_or_build(packed)
    reports: list[object] = []

    again = open_or_build(packed, lambda *it: reports.append(it))

    assert again.folder == first.folder
    assert not reports


@MAPPED
def test_a_damaged_copy_in_the_cache_is_unpacked_again(packed: Path) -> None:
    first = open_or_build(packed)
    content = (first.folder / "val.offsets").read_bytes()
    (first.folder / "val.offsets").unlink()
    reports: list[tuple[str, int, int]] = []

    again = open_or_build(packed, lambda *it: reports.append(it))

    assert (again.folder / "val.offsets").read_bytes() == content
    assert "val.offsets: missing" in reports[0][0]


def test_an_output_folder_is_used_and_kept_from_harm(packed: Path, tmp_path: Path) -> None:
    corpus = open_or_build(packed, output=tmp_path / "out" / "mine")

    assert corpus.folder == tmp_path / "out" / "mine"
    with pytest.raises(TokmonError, match="src: exists and is no corpus"):
        open_or_build(packed, output=tmp_path / "src")


def test_the_same_corpus_gives_the_same_bytes_and_plain_tar_reads_them(
    built: Corpus, packed: Path, tmp_path: Path
) -> None:
    os.utime(built.folder / "train.tokens", (0, 0))
    pack(built, tmp_path / "second")

    assert (tmp_path / "second").read_bytes() == packed.read_bytes()
    with tarfile.open(packed) as archive:
        assert archive.getnames() == [f"sample/{name}" for name in MEMBERS]


def test_a_packed_corpus_is_known_by_its_content_too(packed: Path, tmp_path: Path) -> None:
    renamed = packed.rename(tmp_path / "anything")
    (tmp_path / "source.tar.xz").write_bytes(lzma.compress(b"\0" * 2000))
    (tmp_path / "short.tar.xz").write_bytes(packed_head := renamed.read_bytes()[:40])

    assert packed_head
    assert is_packed(renamed)
    assert not is_packed(tmp_path / "source.tar.xz")
    assert not is_packed(tmp_path / "short.tar.xz")
    assert not is_packed(tmp_path / "sample.toml")
    assert open_or_build(renamed).manifest.name == "sample"


@MAPPED
def test_a_corpus_that_differs_from_its_manifest_is_not_packed(
    built: Corpus, tmp_path: Path
) -> None:
    path = built.folder / "train.tokens"
    path.write_bytes(path.read_bytes()[:-2] + b"\0\0")

    with pytest.raises(TokmonError, match=r"train\.tokens: differs from the manifest"):
        pack(built, tmp_path / "x.corpus.tar.xz")

    assert not (tmp_path / "x.corpus.tar.xz").exists()


def test_a_file_that_cannot_be_written_is_one_line(built: Corpus, tmp_path: Path) -> None:
    with pytest.raises(TokmonError, match="cannot be written"):
        pack(built, tmp_path / "gone" / "x.corpus.tar.xz")


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_cut_anywhere_is_one_line(packed: Path, cache: Path, share: float) -> None:
    content = packed.read_bytes()
    cut = packed.with_name("cut.corpus.tar.xz")
    cut.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(TokmonError, match=r"cut\.corpus\.tar\.xz: (damaged|not a packed)"):
        open_or_build(cut)

    assert not left_in(cache)


@settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_flipped_bits_are_one_line(packed: Path, cache: Path, data: st.DataObject) -> None:
    content = bytearray(packed.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    bad = packed.with_name("bad.corpus.tar.xz")
    bad.write_bytes(content)

    with pytest.raises(TokmonError, match=r"bad\.corpus\.tar\.xz: "):
        open_packed(bad)

    assert not left_in(cache)


def renamed(number: int, name: str) -> Callable[[list[Member]], None]:
    def change(members: list[Member]) -> None:
        members[number][0].name = name

    return change


def of_type(kind: bytes, target: str = "") -> Callable[[list[Member]], None]:
    def change(members: list[Member]) -> None:
        info, _ = members[-1]
        info.type, info.linkname = kind, target
        members[-1] = (info, b"")

    return change


def extra(name: str) -> Callable[[list[Member]], None]:
    return lambda members: members.append((tarfile.TarInfo(name), b"x"))


def content(number: int, new: bytes) -> Callable[[list[Member]], None]:
    def change(members: list[Member]) -> None:
        members[number] = (members[number][0], new)

    return change


def manifest(**keys: object) -> Callable[[list[Member]], None]:
    def change(members: list[Member]) -> None:
        info, text = members[0]
        members[0] = (info, json.dumps(json.loads(text) | keys).encode())

    return change


def token(members: list[Member]) -> None:
    info, text = members[-1]
    members[-1] = (info, text[:-2] + b"\0\0")


def pax(members: list[Member]) -> None:
    members[0][0].pax_headers = {"path": "../" + "x" * 5000}


HOSTILE = [
    (renamed(4, "../../evil"), "a member '../../evil' in place of val.tokens"),
    (renamed(4, "/etc/val.tokens"), "in place of val.tokens"),
    (renamed(4, "sample/deep/val.tokens"), "in place of val.tokens"),
    (renamed(4, "val.tokens"), "in place of val.tokens"),
    (renamed(0, "sample/other.json"), "in place of manifest.json"),
    (of_type(tarfile.SYMTYPE, "/etc/passwd"), "val.tokens is no plain file"),
    (of_type(tarfile.LNKTYPE, "sample/train.tokens"), "val.tokens is no plain file"),
    (of_type(tarfile.CHRTYPE), "val.tokens is no plain file"),
    (of_type(tarfile.DIRTYPE), "val.tokens is no plain file"),
    (extra("sample/more"), "more members than a corpus has"),
    (extra("../../evil"), "more members than a corpus has"),
    (lambda members: members.pop(), "damaged or cut short"),
    (lambda members: members.reverse(), "in place of manifest.json"),
    (pax, "in place of manifest.json"),
    (token, "val.tokens differs from the manifest"),
    (content(4, b"ab"), "val.tokens of 2 bytes, not"),
    (content(0, b"{"), "damaged manifest"),
    (content(0, b'{"tokmon-corpus":' + b"[" * 100_000), "damaged manifest"),
    (content(0, b"\xff\xfe"), "damaged manifest"),
    (manifest(name="../../evil"), "'../../evil' is no name of a corpus"),
    (manifest(name="a/b"), "'a/b' is no name of a corpus"),
    (manifest(splits={}), "damaged manifest"),
    (manifest(schema_version=99), "corpus of schema version 99"),
    (manifest(fingerprint="0" * 64), "fingerprint of other files"),
    (manifest(files={}), "differs from the manifest"),
    (
        manifest(tokenizer={"name": "other", "sha256": "1" * 64, "vocab_size": 9}),
        "tokens of another tokenizer, other",
    ),
]


@pytest.mark.parametrize(("change", "message"), HOSTILE)
def test_hostile_members_are_refused_in_one_line_and_leave_nothing(
    packed: Path,
    tmp_path: Path,
    cache: Path,
    change: Callable[[list[Member]], None],
    message: str,
) -> None:
    members = members_of(packed)
    change(members)
    bad = write_members(tmp_path / "bad.corpus.tar.xz", members)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(TokmonError, match=message) as caught:
        open_or_build(bad)

    assert len(str(caught.value).splitlines()) == 1
    assert sorted(tmp_path.rglob("*")) == before
    assert not left_in(cache)


def test_a_bomb_ends_at_the_limit(packed: Path, tmp_path: Path, cache: Path) -> None:
    members = members_of(packed)
    splits = json.loads(members[0][1])["splits"]
    splits["val"]["tokens"] = 2**26
    manifest(splits=splits)(members)
    members[-1] = (members[-1][0], bytes(2**27))
    bomb = write_members(tmp_path / "bomb.corpus.tar.xz", members)

    with pytest.raises(TokmonError, match="more than 200 times"):
        open_or_build(bomb)

    assert bomb.stat().st_size < 2**17
    assert not left_in(cache)


def test_a_corpus_larger_than_the_disk_is_refused_before_it_is_unpacked(
    packed: Path, tmp_path: Path, cache: Path
) -> None:
    members = members_of(packed)
    splits = json.loads(members[0][1])["splits"]
    splits["train"]["tokens"] = 10**18
    manifest(splits=splits)(members)

    with pytest.raises(TokmonError, match=r"the corpus needs [\d,]+ MB, and [\d,]+ are free"):
        open_or_build(write_members(tmp_path / "big.corpus.tar.xz", members))

    assert not left_in(cache)
