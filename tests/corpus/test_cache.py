import sys
from pathlib import Path

import pytest

from tokmon.rundir.errors import TokmonError
from trainer.corpus.cache import cache_folder, corpora_folder


def test_the_variable_names_the_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("TOKMON_CACHE", str(tmp_path / "mine"))

    assert cache_folder() == tmp_path / "mine"
    assert corpora_folder().is_dir()


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ("linux", Path.home() / ".cache" / "tokmon"),
        ("darwin", Path.home() / "Library" / "Caches" / "tokmon"),
    ],
)
def test_without_it_the_users_cache_is_used(monkeypatch, platform, expected):
    monkeypatch.delenv("TOKMON_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", platform)

    assert cache_folder() == expected


def test_windows_has_a_variable_for_it(monkeypatch, tmp_path):
    monkeypatch.delenv("TOKMON_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path))
    monkeypatch.setattr(sys, "platform", "win32")

    assert cache_folder() == tmp_path / "tokmon"


def test_xdg_is_heeded_unless_it_is_relative(monkeypatch, tmp_path):
    monkeypatch.delenv("TOKMON_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "tokmon"

    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder().is_absolute()


def test_a_cache_that_cannot_be_made_is_explained(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TOKMON_CACHE", str(tmp_path / "file"))

    with pytest.raises(TokmonError, match=r"cannot make this cache folder.*TOKMON_CACHE"):
        corpora_folder()
