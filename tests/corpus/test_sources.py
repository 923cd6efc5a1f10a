import os
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.samples import PACKAGES, write_tree
from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import FolderSource, StdlibSource
from trainer.corpus.sources.base import SourceFile
from trainer.corpus.sources.folder import FolderReader
from trainer.corpus.sources.selection import select
from trainer.corpus.sources.stdlib import StdlibReader


def listed(folder: Path):
    return FolderReader(FolderSource(path=str(folder)), Path()).list_files()


def test_a_folder_lists_python_files_by_package_in_order(tmp_path):
    write_tree(tmp_path, PACKAGES | {"README.md": "# no\n", "data/table.csv": "1,2\n"})

    files = listed(tmp_path).files

    assert [(file.unit, file.path) for file in files] == [
        ("alpha", "alpha/__init__.py"),
        ("alpha", "alpha/deep/inner.py"),
        ("beta", "beta/__init__.py"),
        ("delta", "delta.py"),
        ("gamma", "gamma.py"),
    ]
    assert files[0].size == len(PACKAGES["alpha/__init__.py"])


def test_hidden_folders_caches_and_environments_are_left_out(tmp_path):
    hidden = {
        ".git/hook.py": "x = 1\n",
        "pkg/__pycache__/x.py": "x = 1\n",
        "env/pyvenv.cfg": "home = /usr\n",
        "env/lib/site.py": "x = 1\n",
    }
    write_tree(tmp_path, PACKAGES | hidden)

    assert {file.path for file in listed(tmp_path).files} == set(PACKAGES)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_dangling_links_and_pipes_are_counted(tmp_path):
    write_tree(tmp_path, PACKAGES)
    (tmp_path / "gone.py").symlink_to(tmp_path / "nowhere")
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    os.mkfifo(tmp_path / "pipe.py")

    listing = listed(tmp_path)

    assert len(listing.files) == len(PACKAGES)
    assert listing.skipped == {"unreadable": 1, "not_a_file": 1}


@pytest.mark.skipif(os.name == "nt", reason="names on Windows are Unicode")
def test_a_name_that_is_no_utf8_is_read_and_has_a_printable_unit(tmp_path):
    write_tree(tmp_path, PACKAGES)
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("x = 1\n")
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    reader = FolderReader(FolderSource(path=str(tmp_path)), Path())

    file = next(file for file in reader.list_files().files if file.unit.startswith("caf"))

    assert file.unit == r"caf\xe9"
    assert select([file], FolderSource(path="", max_bytes=10), 100)[0] == [file]
    with reader.reading() as read:
        assert read(file.path) == b"x = 1\n"


@pytest.mark.parametrize(
    ("name", "message"),
    [("gone", "no such folder"), ("file", "not a folder"), ("empty", "no .py files below")],
)
def test_a_folder_without_source_is_explained(tmp_path, name, message):
    write_tree(tmp_path, {"file": "", "empty/readme.txt": "no\n"})

    with pytest.raises(TokmonError, match=f"{name}: {message}"):
        listed(tmp_path / name)


def test_the_standard_library_comes_without_tests_and_packages():
    files = StdlibReader().list_files().files
    paths = [file.path for file in files]

    assert {"json", "tarfile", "textwrap", "asyncio"} <= {file.unit for file in files}
    assert "json/decoder.py" in paths
    assert paths == sorted(paths)
    left_out = {"test", "tests", "idle_test", "site-packages", "dist-packages", "_bundled"}
    assert not [path for path in paths if left_out & set(path.split("/"))]
    assert not [path for path in paths if path.startswith("_sysconfigdata")]
    assert len(paths) > 400
    with StdlibReader().reading() as read:
        assert read("this.py") == Path(sysconfig.get_path("stdlib"), "this.py").read_bytes()


def source_file(path: str, size: int = 10) -> SourceFile:
    return SourceFile(path.split("/")[0], path, size)


def test_globs_choose_files():
    files = [source_file(path) for path in ("a/x.py", "a/b/y.py", "c/x.py", "c/table.py")]
    source = StdlibSource(include=("a/*", "c/*"), exclude=("*/b/*", "*table.py"))

    taken, skipped = select(files, source, 100)

    assert [file.path for file in taken] == ["a/x.py", "c/x.py"]
    assert not skipped


def test_large_files_are_counted():
    taken, skipped = select(
        [source_file("a.py", 101), source_file("b.py", 100)], StdlibSource(), 100
    )

    assert [file.path for file in taken] == ["b.py"]
    assert skipped == {"too_large": 1}


@given(st.lists(st.integers(1, 100), min_size=1, max_size=50), st.integers(1, 2000))
def test_max_bytes_is_kept_and_used(sizes, max_bytes):
    files = [source_file(f"pkg/{number:03}.py", size) for number, size in enumerate(sizes)]

    taken, skipped = select(files, StdlibSource(max_bytes=max_bytes), 1000)

    total = sum(file.size for file in taken)
    assert total <= max_bytes
    assert total > max_bytes - 100 or len(taken) == len(files)
    assert [file.path for file in taken] == sorted(file.path for file in taken)
    assert skipped["over_max_bytes"] == len(files) - len(taken)
