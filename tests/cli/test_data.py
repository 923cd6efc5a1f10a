"""`tokmon data`: building a corpus and looking at it."""

import json
from pathlib import Path

import pytest

from tests.cli.commands import is_one_line, tokmon

KEYS = {
    "documents", "bytes", "tokens", "bytes_per_token", "splits", "duplicates_removed",
    "fingerprint",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, source_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("built") / "corpus"
    answer = tokmon("data", "build", str(source_folder), "-o", str(folder))
    assert answer.returncode == 0, answer.stderr
    assert "fingerprint" in answer.stdout
    assert str(folder) in answer.stdout
    return folder


def test_show_prints_sources_histograms_and_documents(built: Path) -> None:
    answer = tokmon("data", "show", str(built), "--tokens", "2", "--seed", "1")

    assert answer.returncode == 0, answer.stderr
    for heading in ("largest sources", "by tokens", "by bytes a token", "document 2,"):
        assert heading in answer.stdout
    assert "|" in answer.stdout


def test_json_has_the_keys_of_the_design(built: Path) -> None:
    answer = tokmon("data", "show", str(built), "--json")
    shown = json.loads(answer.stdout)

    assert set(shown) >= KEYS
    for split in ("document_tokens", "document_bytes_per_token"):
        documents = sum(found["documents"] for found in shown[split])
        assert documents == shown["splits"]["train"]["documents"]


def test_what_is_no_corpus_is_one_line(tmp_path: Path, source_folder: Path) -> None:
    assert is_one_line(tokmon("data", "show", str(tmp_path)))
    assert is_one_line(tokmon("data", "show", str(tmp_path / "recipe.toml")))
    assert is_one_line(tokmon("data", "build", str(tmp_path / "none.toml")))
    assert is_one_line(tokmon("data", "build", str(tmp_path)))


def test_a_packed_corpus_is_written_shown_and_unpacked(tmp_path: Path, built: Path) -> None:
    packed, folder = tmp_path / "mine.corpus.tar.xz", tmp_path / "unpacked"

    answer = tokmon("data", "pack", str(built), "-o", str(packed))
    shown = tokmon("data", "show", str(packed), "--json")
    unpacked = tokmon("data", "build", str(packed), "-o", str(folder))

    assert answer.returncode == shown.returncode == unpacked.returncode == 0, answer.stderr
    manifest = json.loads((built / "manifest.json").read_text())
    assert answer.stdout.startswith(f"{packed}  0.0")
    assert answer.stdout.endswith(f"{manifest['fingerprint']}\n")
    assert json.loads(shown.stdout)["fingerprint"] == manifest["fingerprint"]
    assert json.loads((folder / "manifest.json").read_text()) == manifest


def test_pack_writes_into_the_working_folder(tmp_path: Path, built: Path) -> None:
    answer = tokmon("data", "pack", str(built), cwd=tmp_path)

    name = json.loads((built / "manifest.json").read_text())["name"]
    assert answer.returncode == 0, answer.stderr
    assert [path.name for path in tmp_path.iterdir()] == [f"{name}.corpus.tar.xz"]


def test_pack_of_nothing_is_one_line(tmp_path: Path, built: Path) -> None:
    assert is_one_line(tokmon("data", "pack", str(tmp_path / "gone")))
    assert is_one_line(tokmon("data", "pack", str(built), "-o", str(tmp_path / "no" / "x")))
