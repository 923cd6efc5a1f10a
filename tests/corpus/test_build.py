import os
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus.samples import PACKAGES, texts, units, write_recipe, write_tree
from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build
from trainer.tokenizer import load_tokenizer

BETA = 'validation = ["beta"]'


def test_a_recipe_becomes_documents_tokens_and_counts(tmp_path):
    write_tree(tmp_path / "src", PACKAGES)
    reports = []

    corpus = open_or_build(write_recipe(tmp_path, split=BETA), lambda *it: reports.append(it))

    manifest = corpus.manifest
    assert texts(corpus.val) == ["BETA = 2\n"]
    assert texts(corpus.train) == [
        PACKAGES[path] for path in sorted(PACKAGES) if "beta" not in path
    ]
    assert manifest.documents == 5
    assert manifest.bytes == sum(map(len, PACKAGES.values()))
    assert manifest.tokens == len(corpus.train.tokens) + len(corpus.val.tokens)
    assert manifest.splits["val"].bytes_per_token == pytest.approx(9 / len(corpus.val.tokens))
    assert units(corpus) == {"train": ("alpha", "delta", "gamma"), "val": ("beta",)}
    assert manifest.tokenizer.sha256 == load_tokenizer().sha256
    assert manifest.recipe["source"][0] == {"kind": "folder", "path": "src", "include": (),
        "exclude": (), "max_bytes": None} | {"include": [], "exclude": []}  # fmt: skip
    assert ("tokenising", manifest.bytes, manifest.bytes) in reports
    assert list(dict.fromkeys(what for what, *_ in reports)) == [
        "tokenising", "finding near duplicates", "writing",
    ]  # fmt: skip
    assert all(done <= total for _, done, total in reports)


def test_a_second_call_opens_what_the_first_built(tmp_path):
    source = write_tree(tmp_path / "src", PACKAGES)
    recipe = write_recipe(tmp_path)
    reports = []

    first = open_or_build(recipe)
    again = open_or_build(recipe, lambda *it: reports.append(it))
    by_folder = open_or_build(first.folder)

    assert again.folder == by_folder.folder == first.folder
    assert not reports
    (source / "gamma.py").write_text("class Gamma:\n    value = 4\n")
    assert open_or_build(recipe).manifest.fingerprint != first.manifest.fingerprint


def test_same_sources_give_the_same_fingerprint_anywhere(tmp_path, monkeypatch):
    fingerprints = set()
    for place in ("here", "there"):
        monkeypatch.setenv("TOKMON_CACHE", str(tmp_path / place / "cache"))
        write_tree(tmp_path / place / "src", PACKAGES)
        fingerprints.add(open_or_build(write_recipe(tmp_path / place)).manifest.fingerprint)
        monkeypatch.setenv("TOKMON_CACHE", str(tmp_path / place / "second"))
        fingerprints.add(open_or_build(write_recipe(tmp_path / place)).manifest.fingerprint)

    assert len(fingerprints) == 1


def test_a_plain_folder_gets_a_recipe(tmp_path):
    folder = write_tree(tmp_path / "my project!", PACKAGES)

    corpus = open_or_build(folder)

    assert corpus.manifest.name == "my-project"
    assert corpus.manifest.documents == 5
    assert all(units(corpus).values())


def test_a_file_that_is_no_document_is_counted_and_never_fatal(tmp_path):
    bad = {
        "alpha/latin.py": "# caf\xe9\n".encode("latin-1"),
        "alpha/nul.py": b"x = '\0'\n",
        "alpha/utf16.py": "x = 1\n".encode("utf-16"),
        "alpha/empty.py": b"",
        "alpha/blank.py": b"\n \n",
        "gamma_data.py": b"x = 1\n" * 300,
    }
    write_tree(tmp_path / "src", PACKAGES | bad)
    recipe = write_recipe(tmp_path, split=BETA)
    recipe.write_text("max_file_bytes = 1000\n" + recipe.read_text())

    manifest = open_or_build(recipe).manifest

    assert manifest.documents == 5
    assert manifest.skipped == {"empty": 2, "not_utf8": 1, "nul": 2, "too_large": 1}


def test_a_file_without_read_permission_is_counted(tmp_path):
    write_tree(tmp_path / "src", PACKAGES | {"alpha/secret.py": "x = 1\n"})
    secret = tmp_path / "src/alpha/secret.py"
    secret.chmod(0)
    if os.access(secret, os.R_OK):
        pytest.skip("this user may read every file")

    assert open_or_build(write_recipe(tmp_path, split=BETA)).manifest.skipped == {"unreadable": 1}


def test_a_file_that_vanishes_during_the_build_is_counted(tmp_path):
    source = write_tree(tmp_path / "src", PACKAGES)

    def remove(*_):
        (source / "gamma.py").unlink(missing_ok=True)

    manifest = open_or_build(write_recipe(tmp_path, split=BETA), remove).manifest

    assert manifest.skipped == {"unreadable": 1}
    assert manifest.documents == 4


def test_exact_copies_are_removed_and_validation_keeps_its_own(tmp_path):
    copies = {
        "alpha/copy.py": PACKAGES["gamma.py"],
        "alpha/leak.py": PACKAGES["beta/__init__.py"],
        "delta_leak.py": "BETA = 2\r\n",
        "beta/twice.py": "BETA = 2\n",
    }
    write_tree(tmp_path / "src", PACKAGES | copies)

    corpus = open_or_build(write_recipe(tmp_path, split=BETA))

    assert texts(corpus.val) == ["BETA = 2\n"]
    assert not set(texts(corpus.train)) & set(texts(corpus.val))
    assert len(set(texts(corpus.train))) == len(texts(corpus.train)) == 4
    assert corpus.manifest.duplicates == {"across": 2, "train": 1, "val": 1}
    assert corpus.manifest.duplicates_removed == 4


def test_end_of_text_in_a_source_is_only_text(tmp_path):
    write_tree(tmp_path / "src", PACKAGES | {"alpha/end.py": "x = '<|endoftext|>'\n"})

    corpus = open_or_build(write_recipe(tmp_path, split=BETA))

    ends = np.count_nonzero(corpus.train.tokens == load_tokenizer().end_of_text)
    assert ends == corpus.manifest.splits["train"].documents == 5
    assert "x = '<|endoftext|>'\n" in texts(corpus.train)


def test_a_unit_of_two_sources_stays_on_one_side(tmp_path):
    write_tree(tmp_path / "src", PACKAGES)
    write_tree(tmp_path / "more", {"beta/other.py": "OTHER = 1\n", "new.py": "NEW = 1\n"})
    sources = "".join(f'[[source]]\nkind = "folder"\npath = "{name}"\n' for name in ("src", "more"))

    corpus = open_or_build(write_recipe(tmp_path, sources, BETA))

    assert texts(corpus.val) == ["BETA = 2\n", "OTHER = 1\n"]
    assert "beta" not in units(corpus)["train"]


def built_or_fault(source):
    try:
        return open_or_build(source), ""
    except TokmonError as error:
        return None, str(error)


CONTENT = st.text("ab \n\r\u00e9\x1c", max_size=12)
TREES = st.dictionaries(
    st.tuples(st.sampled_from("pqrs"), st.sampled_from("xyz")).map("/".join), CONTENT, min_size=2
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TREES)
def test_whatever_the_tree_the_sides_share_nothing(tmp_path_factory, tree):
    source = tmp_path_factory.mktemp("tree") / "src"
    write_tree(source, {f"{path}.py": content for path, content in tree.items()})

    corpus, fault = built_or_fault(source)

    if corpus is None:
        assert "only one package" in fault or "split is empty" in fault
        return
    train, val = texts(corpus.train), texts(corpus.val)
    assert not set(train) & set(val)
    assert len(train) + len(val) == len(set(train + val))
    assert not set(units(corpus)["train"]) & set(units(corpus)["val"])
    manifest = corpus.manifest
    left_out = sum(manifest.skipped.values()) + manifest.duplicates_removed
    assert manifest.documents + left_out == len(tree)


@pytest.mark.parametrize(
    ("files", "split", "message"),
    [
        ({"readme.md": "no"}, "", r"src: no \.py files below this folder; name a folder of Python"),
        (PACKAGES, 'validation = ["bta"]', r"no package is called 'bta'; the sources have beta"),
        ({"a/x.py": "x = 1\n", "a/y.py": "y = 1\n"}, "", r"only one package with source \(a\)"),
        (
            {"a.py": "x = 1\n", "b.py": "\n\n\n"},
            'validation = ["b"]',
            r"the validation split is empty \(left out: empty 1\)",
        ),
        (
            {"a.py": "x = 1\n", "b.py": "x = 1\n"},
            'validation = ["b"]',
            r"the training split is empty \(left out: across 1\)",
        ),
    ],
)
def test_what_makes_no_corpus_is_one_line(tmp_path, cache, files, split, message):
    write_tree(tmp_path / "src", files)

    with pytest.raises(TokmonError, match=message):
        open_or_build(write_recipe(tmp_path, split=split))

    assert not list((cache / "corpora").iterdir())


def test_globs_that_leave_nothing_are_pointed_out(tmp_path):
    write_tree(tmp_path / "src", PACKAGES)
    source = '[[source]]\nkind = "folder"\npath = "src"\ninclude = ["alpah/*"]\n'

    with pytest.raises(TokmonError, match=r"src: none of its 5 files is taken; see include"):
        open_or_build(write_recipe(tmp_path, source))


@pytest.mark.parametrize("name", ["gone.toml", "gone", "script.py"])
def test_a_reference_that_names_nothing_is_explained(tmp_path, name):
    write_tree(tmp_path, {"script.py": "x = 1\n"})

    with pytest.raises(TokmonError, match=rf"{name}: .*name a recipe"):
        open_or_build(tmp_path / name)


def test_an_output_folder_is_used_and_kept_from_harm(tmp_path):
    write_tree(tmp_path / "src", PACKAGES)
    recipe = write_recipe(tmp_path)
    output = tmp_path / "out" / "corpus"
    output.mkdir(parents=True)

    first = open_or_build(recipe, output=output)

    assert first.folder == output
    assert open_or_build(recipe, output=output).manifest == first.manifest
    with pytest.raises(TokmonError, match=r"corpus: holds another corpus, sample"):
        open_or_build(write_recipe(tmp_path, split=BETA), output=output)
    with pytest.raises(TokmonError, match=r"src: exists and is no corpus"):
        open_or_build(recipe, output=tmp_path / "src")
    assert (tmp_path / "src" / "gamma.py").exists()


def test_a_damaged_corpus_in_the_cache_is_built_again_and_said(tmp_path):
    write_tree(tmp_path / "src", PACKAGES)
    recipe = write_recipe(tmp_path)
    first = open_or_build(recipe)
    path = first.folder / "val.tokens"
    content = path.read_bytes()
    if sys.platform == "win32":
        pytest.skip("a mapped file cannot be removed on Windows")
    path.unlink()
    reports = []

    again = open_or_build(recipe, lambda *it: reports.append(it))

    assert (again.folder / "val.tokens").read_bytes() == content
    assert "val.tokens: missing" in reports[0][0]


def test_the_real_standard_library_makes_the_demos_corpus(stdlib_corpus):
    manifest = stdlib_corpus.manifest

    assert 3_000_000 < manifest.tokens < 8_000_000
    assert 0.03 < manifest.splits["val"].tokens / manifest.tokens < 0.08
    assert len(units(stdlib_corpus)["val"]) == 10
    assert "asyncio" in units(stdlib_corpus)["train"]
    assert 1.5 < manifest.bytes_per_token < 3
    assert any("class JSONDecoder" in text for text in texts(stdlib_corpus.val))
    stdlib_corpus.verify()
