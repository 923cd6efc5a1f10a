import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.corpus.samples import PACKAGES, units, write_tree
from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build
from trainer.corpus.recipe import FolderSource
from trainer.corpus.sources.folder import FolderReader
from trainer.corpus.sources.globs import path_pattern, split_glob


@pytest.mark.parametrize(
    ("glob", "matches", "others"),
    [
        ("*.py", ["a.py"], ["a/b.py", "a.pyi"]),
        ("**/*.py", ["a.py", "a/b.py", "a/b/c.py"], ["a.txt"]),
        ("**", ["a", "a/b.py"], []),
        ("a/**/x.py", ["a/x.py", "a/b/c/x.py"], ["b/x.py", "a/xx.py"]),
        ("p?/[ab]*", ["p1/a.py", "p1/b/deep.py"], ["p/a.py", "p1/c.py", "p12/a"]),
        ("[!a]x", ["bx"], ["ax", "/x"]),
        ("src", ["src", "src/a.py"], ["srcs/a.py", "a/src"]),
        ("a+b(c)", ["a+b(c)"], ["aab(c)"]),
        ("[^a]", ["^", "a"], ["b"]),
    ],
)
def test_a_glob_matches_within_parts(glob, matches, others):
    pattern = path_pattern(glob)

    assert [path for path in (*matches, *others) if pattern.match(path)] == matches


def test_a_path_that_exists_is_no_glob(tmp_path):
    (tmp_path / "a[1]").mkdir()

    assert split_glob(tmp_path / "a[1]") == (tmp_path / "a[1]", "")
    assert split_glob(tmp_path / "b[1]" / "*.py") == (tmp_path, "b[1]/*.py")


def test_a_glob_that_is_none_is_explained():
    with pytest.raises(TokmonError, match=r"\[z-a\]: not a glob"):
        path_pattern("[z-a]")


@given(st.text(st.sampled_from("ab*?[]!-^\\/."), max_size=12))
def test_every_text_is_a_glob_or_explained(glob):
    try:
        pattern = path_pattern(glob)
    except TokmonError:
        assert re.search(r"\[.*-", glob)
    else:
        pattern.match("a/b" * 20)


def test_a_folder_source_takes_a_glob(tmp_path):
    write_tree(
        tmp_path, {f"{part}/{path}": text for part in "xyz" for path, text in PACKAGES.items()}
    )
    reader = FolderReader(FolderSource(path="[xy]/alpha/**/*.py"), tmp_path)

    found = [(file.unit, file.path) for file in reader.list_files().files]

    assert found == [
        (part, f"{part}/alpha/{name}") for part in "xy" for name in ("__init__.py", "deep/inner.py")
    ]


def test_a_glob_is_a_corpus(tmp_path):
    write_tree(tmp_path / "code", PACKAGES)

    corpus = open_or_build(tmp_path / "code" / "*" / "**" / "*.py")

    assert corpus.manifest.name == "code"
    assert {*units(corpus)["train"], *units(corpus)["val"]} == {"alpha", "beta"}


def test_a_glob_without_files_is_explained(tmp_path):
    with pytest.raises(TokmonError, match=r"\*\.py: no \.py files"):
        FolderReader(FolderSource(path="*.py"), tmp_path).list_files()


def test_a_file_that_grew_is_not_read(tmp_path):
    path = Path(write_tree(tmp_path, PACKAGES), "gamma.py")
    reader = FolderReader(FolderSource(path=str(tmp_path)), Path(), 1000)
    path.write_bytes(b"x" * 1001)

    with reader.reading() as read, pytest.raises(OSError, match="grew"):
        read("gamma.py")
