import json

import numpy as np
import pytest

from tests.corpus.samples import PACKAGES, write_tree
from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build
from trainer.corpus.store import Corpus, is_corpus


@pytest.fixture
def folder(tmp_path):
    return open_or_build(write_tree(tmp_path / "src", PACKAGES)).folder


def change_manifest(folder, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_an_opened_corpus_is_mapped_and_typed(folder):
    corpus = Corpus.open(folder)

    assert is_corpus(folder)
    for split in (corpus.train, corpus.val):
        assert isinstance(split.tokens, np.memmap)
        assert split.tokens.dtype == np.uint16
        assert split.offsets.dtype == np.int64
        assert not split.tokens.flags.writeable
    corpus.verify()


def test_a_newer_key_in_the_manifest_is_kept_quiet(folder):
    change_manifest(folder, added_later=1)

    assert Corpus.open(folder).manifest.name == "src"


@pytest.mark.parametrize(
    "name", ["manifest.json", "train.tokens", "val.tokens", "train.offsets", "val.offsets"]
)
@pytest.mark.parametrize("damage", ["missing", "cut", "empty"])
def test_a_damaged_file_is_named(folder, name, damage):
    path = folder / name
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(
            b"" if damage == "empty" else path.read_bytes()[: -1 - path.stat().st_size // 2]
        )

    with pytest.raises(TokmonError) as caught:
        Corpus.open(folder)

    assert str(caught.value).startswith(f"{path}: ")
    assert is_corpus(folder)


def test_offsets_that_do_not_ascend_are_damage(folder):
    path = folder / "train.offsets"
    offsets = np.fromfile(path, dtype="<i8")
    offsets[1] = offsets[-1]
    offsets.tofile(path)

    with pytest.raises(TokmonError, match=r"train\.offsets: damaged"):
        Corpus.open(folder)


def test_a_changed_token_is_found_by_verifying(folder):
    path = folder / "val.tokens"
    path.write_bytes(b"\x07" + path.read_bytes()[1:])

    with pytest.raises(TokmonError, match=r"val\.tokens: differs from the manifest"):
        Corpus.open(folder).verify()


def test_a_changed_fingerprint_is_found_by_verifying(folder):
    change_manifest(folder, fingerprint="0" * 64)

    with pytest.raises(TokmonError, match=r"manifest\.json: fingerprint of other files"):
        Corpus.open(folder).verify()


def test_another_schema_version_is_refused(folder):
    change_manifest(folder, schema_version=0)

    with pytest.raises(TokmonError, match=r"manifest\.json: corpus of schema version 0"):
        Corpus.open(folder)


def test_a_manifest_without_a_split_is_damaged(folder):
    change_manifest(folder, splits={})

    with pytest.raises(TokmonError, match=r"manifest\.json: damaged"):
        Corpus.open(folder)


def test_a_folder_of_sources_is_no_corpus(tmp_path):
    write_tree(tmp_path, {"manifest.json": '{"name": "web app"}', "a.py": "x = 1\n"})

    assert not is_corpus(tmp_path)
    with pytest.raises(TokmonError, match=r"gone.manifest\.json: missing"):
        Corpus.open(tmp_path / "gone")
