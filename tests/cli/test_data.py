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
