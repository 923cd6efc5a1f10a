import pytest

from tests.corpus.samples import CONFIGS
from trainer.corpus.build import open_or_build


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Every test has a cache of its own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TOKMON_CACHE", str(folder))
    return folder


@pytest.fixture(scope="session")
def stdlib_corpus(tmp_path_factory):
    """The shipped stdlib recipe, built once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOKMON_CACHE", str(tmp_path_factory.mktemp("stdlib-cache")))
        return open_or_build(CONFIGS / "stdlib.toml")
