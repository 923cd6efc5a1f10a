import io
import os
import tarfile
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus.samples import PACKAGES, texts, units, write_recipe, write_wheel
from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build
from trainer.corpus.recipe import ArchiveSource
from trainer.corpus.sources.archive import ArchiveReader

SUFFIXES = [".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz"]
X = b"x = 1\n"


def write_archive(path: Path, files: dict[str, str | bytes]) -> Path:
    content = {
        name: text if isinstance(text, bytes) else text.encode() for name, text in files.items()
    }
    if path.suffix in {".zip", ".whl"}:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in content.items():
                archive.writestr(name, data)
        return path
    mode = {".gz": "w:gz", ".tgz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}.get(path.suffix, "w")
    with tarfile.open(path, mode) as archive:
        for name, data in content.items():
            add(archive, name, data)
    return path


def add(archive, name, data=b"", **changes):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    for key, value in changes.items():
        setattr(info, key, value)
    archive.addfile(info, io.BytesIO(data))


def reader(path, units="auto"):
    return ArchiveReader(ArchiveSource(path=str(path), units=units), Path())


def listed(path, units="auto"):
    return reader(path, units).list_files()


def paths(listing):
    return [file.path for file in listing.files]


def contents(source):
    files = source.list_files().files
    with source.reading() as read:
        return {file.path: read(file.path) for file in files}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_archive_gives_its_python_members(tmp_path, suffix):
    others = {"README.md": "no", "alpha/__pycache__/x.py": "no", ".git/x.py": "no"}
    path = write_archive(tmp_path / f"all{suffix}", PACKAGES | others)

    assert contents(reader(path)) == {name: text.encode() for name, text in PACKAGES.items()}
    assert {file.unit for file in listed(path).files} == {"alpha", "beta", "gamma", "delta"}
    assert list(tmp_path.iterdir()) == [path]


def test_members_are_read_in_any_order(tmp_path):
    path = write_archive(tmp_path / "all.tar.gz", PACKAGES)
    names = list(PACKAGES)

    with reader(path).reading() as read:
        for name in [*names[::-1], *names, names[2], names[2]]:
            assert read(name) == PACKAGES[name].encode()


def test_a_whole_archive_is_a_corpus(tmp_path):
    path = write_archive(
        tmp_path / "all-main.zip", {f"all-main/{k}": v for k, v in PACKAGES.items()}
    )

    corpus = open_or_build(path)

    assert corpus.manifest.name == "all-main"
    assert sorted(texts(corpus.train) + texts(corpus.val)) == sorted(PACKAGES.values())
    assert {*units(corpus)["train"], *units(corpus)["val"]} == {"alpha", "beta", "delta", "gamma"}


@pytest.mark.parametrize(
    ("name", "files", "rule", "expected"),
    [
        ("shapes-1.2.tar.gz", ["shapes-1.2/setup.py", "shapes-1.2/src/x.py"], "auto", "shapes"),
        ("my_pkg-2.0-py3-none-any.whl", ["my_pkg/x.py", "other.py"], "auto", "my_pkg"),
        ("site.zip", ["a/x.py", "b.py"], "auto", {"a", "b"}),
        ("site.zip", ["a/x.py", "b.py"], "project", "site"),
        ("repo-main.zip", ["repo-main/a/x.py", "repo-main/b.py"], "auto", "repo-main"),
        ("repo-main.zip", ["repo-main/a/x.py", "repo-main/b.py"], "top_level", {"a", "b"}),
    ],
)  # fmt: skip
def test_units_are_projects_or_what_stands_at_the_top(tmp_path, name, files, rule, expected):
    if name.endswith(".whl"):
        write_wheel(tmp_path, "my_pkg", "2.0", dict.fromkeys(files, "x = 1\n"))
        path = next(tmp_path.glob("*.whl"))
    else:
        path = write_archive(tmp_path / name, dict.fromkeys(files, X))

    found = {file.unit for file in listed(path, rule).files}

    assert found == (expected if isinstance(expected, set) else {expected})


def test_archives_of_a_glob_are_projects_each(tmp_path):
    for name in ("one-1.0.tar.gz", "two-2.0.tar.gz", "three-3.zip"):
        stem = name.removesuffix(".tar.gz").removesuffix(".zip")
        write_archive(tmp_path / name, {f"{stem}/x.py": f"x = '{name}'\n", f"{stem}/y.py": "y\n"})
    source = '[[source]]\nkind = "archive"\npath = "*-?.*"\nexclude = ["three-3.zip/*/y.py"]\n'

    corpus = open_or_build(write_recipe(tmp_path, source, 'validation = ["two"]'))

    assert units(corpus) == {"train": ("one", "three"), "val": ("two",)}
    assert corpus.manifest.documents == 4
    assert corpus.manifest.duplicates_removed == 1


HOSTILE_NAMES = [
    "../escape.py", "/etc/absolute.py", "a/../../b.py", "C:/windows.py", "C:\\windows.py",
    "..\\..\\up.py", "\\\\host\\share.py",
]  # fmt: skip


@pytest.mark.parametrize("suffix", [".zip", ".tar.gz"])
def test_hostile_names_are_counted_and_never_read(tmp_path, suffix):
    path = write_archive(tmp_path / f"bad{suffix}", dict.fromkeys([*HOSTILE_NAMES, "ok.py"], X))

    listing = listed(path)

    assert paths(listing) == ["ok.py"]
    assert listing.skipped == {"unsafe_path": len(HOSTILE_NAMES)}


def test_other_things_than_files_in_a_tar_are_counted(tmp_path):
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as archive:
        add(archive, "ok.py", X)
        add(archive, "link.py", type=tarfile.SYMTYPE, linkname="/etc/passwd")
        add(archive, "hard.py", type=tarfile.LNKTYPE, linkname="ok.py")
        add(archive, "device.py", type=tarfile.CHRTYPE, devmajor=1, devminor=5)
        add(archive, "pipe.py", type=tarfile.FIFOTYPE)
        add(archive, "folder.py", type=tarfile.DIRTYPE)
        add(archive, "./ok.py", X)

    listing = listed(path)

    assert paths(listing) == ["ok.py"]
    assert listing.skipped == {"link": 2, "not_a_file": 2, "duplicate_name": 1}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_other_things_than_files_in_a_zip_are_counted(tmp_path):
    path = tmp_path / "bad.zip"
    link = zipfile.ZipInfo("link.py")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("ok.py", X)
        archive.writestr("ok.py", b"y = 2\n")
        archive.writestr(link, "/etc/passwd")
        archive.writestr("bomb.py", b"0" * 2**20)
        archive.writestr("locked.py", X)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"locked.py") - 46
    content[entry + 8] |= 1  # the flag that says encrypted
    path.write_bytes(content)

    listing = listed(path)

    assert paths(listing) == ["ok.py"]
    assert listing.skipped == {
        "duplicate_name": 1, "link": 1, "too_compressed": 1, "encrypted": 1,
    }  # fmt: skip
    assert contents(reader(path)) == {"ok.py": X}


def test_a_bomb_in_a_compressed_tar_ends_the_reading(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.corpus.sources.compression.RATIO_FLOOR_BYTES", 2**20)
    path = write_archive(
        tmp_path / "bomb.tar.gz", {"ok.py": X, "bomb.bin": bytes(2**24), "c.py": X}
    )

    listing = listed(path)

    assert paths(listing) == ["ok.py"]
    assert listing.skipped == {"too_compressed": 1}
    assert contents(reader(path)) == {"ok.py": X}


def test_a_header_that_says_it_is_huge_is_damage(tmp_path):
    path = tmp_path / "bad.tar"
    with tarfile.open(path, "w") as archive:
        add(archive, "ok.py", X)
        add(archive, "long", b"n" * 2**21, type=tarfile.GNUTYPE_LONGNAME)
        add(archive, "after.py", X)

    assert listed(path).skipped == {"damaged_file": 1}


def test_the_whole_of_an_archive_is_limited(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.corpus.sources.archive.MAX_TOTAL_BYTES", 15)
    path = write_archive(tmp_path / "all.zip", {f"{name}.py": X for name in "abcd"})

    listing = listed(path)

    assert len(listing.files) == 2
    assert listing.skipped == {"over_archive_limit": 2}


def test_a_member_is_read_to_its_stated_size_only(tmp_path):
    path = write_archive(tmp_path / "lie.zip", {"a.py": b"x = 1\n" * 1000, "b.py": X})
    content = path.read_bytes().replace((6000).to_bytes(4, "little"), (60).to_bytes(4, "little"))
    path.write_bytes(content)
    source = reader(path)

    with source.reading() as read:
        assert read("b.py") == X
        with pytest.raises(OSError, match="damaged_file"):
            read("a.py")


@pytest.mark.parametrize("suffix", [".zip", ".tar", ".tar.gz", ".tar.xz"])
def test_a_cut_archive_gives_what_is_whole(tmp_path, suffix):
    files = {f"m{number}.py": os.urandom(3000).hex() for number in range(20)}
    path = write_archive(tmp_path / f"cut{suffix}", files)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    if suffix == ".zip":  # its directory stands at the end
        with pytest.raises(TokmonError, match=r"no \.py files in it \(damaged_file 1\)"):
            listed(path)
        return
    listing = listed(path)
    assert 5 < len(listing.files) < 15
    assert listing.skipped == {"damaged_file": 1}
    with reader(path).reading() as read:
        assert [read(name) for name in paths(listing)[:-1]] == [
            files[name].encode() for name in paths(listing)[:-1]
        ]


def test_an_archive_that_changes_during_the_build_is_pointed_out(tmp_path):
    path = write_archive(tmp_path / "all.tar", PACKAGES)
    with reader(path).reading() as read, pytest.raises(TokmonError, match="changed while"):
        read("gone.py")


@pytest.mark.parametrize(
    ("name", "message"),
    [("gone.zip", "no such file"), ("folder", "not a file"), ("*.whl", "matches no file")],
)
def test_an_archive_that_is_not_there_is_explained(tmp_path, name, message):
    (tmp_path / "folder").mkdir()

    with pytest.raises(TokmonError, match=message):
        listed(tmp_path / name)


NAMES = st.lists(st.sampled_from(["..", ".", "", "a", "C:", "\\", "x", "\u00e9", "~"]), max_size=5)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(NAMES.map(lambda parts: "/".join(parts) + ".py"), min_size=1),
    st.sampled_from(["zip", "tar"]),
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_whatever_the_names_nothing_leads_out(tmp_path_factory, names, suffix):
    folder = tmp_path_factory.mktemp("names")
    path = write_archive(folder / f"any.{suffix}", {"safe.py": X} | dict.fromkeys(names, X))

    listing = listed(path)

    for file in listing.files:
        parts = file.path.split("/")
        assert not {"..", ".", ""} & set(parts)
        assert not parts[0].endswith(":")
        assert "\\" not in file.path
    assert len(set(paths(listing))) == len(listing.files)
    assert set(contents(reader(path)).values()) == {X}
    assert list(folder.iterdir()) == [path]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"]))
def test_no_damage_is_fatal(tmp_path_factory, data, suffix):
    path = write_archive(tmp_path_factory.mktemp("damage") / f"any.{suffix}", PACKAGES)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(1, len(content)))])

    assert survives(reader(path))


def survives(source):
    """List and read all; faults are those that a build counts, or one line for the user."""
    try:
        files = source.list_files().files
    except TokmonError as error:
        return "\n" not in str(error)
    with source.reading() as read:
        for file in files:
            with suppress(OSError):
                assert len(read(file.path)) <= file.size
    return True
