import os
import subprocess
import sys
import venv

import pytest

from tests.corpus.samples import texts, wheel_source, write_recipe, write_wheel
from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build

FILES = {
    "one": {
        "one/__init__.py": "ONE = 1\n",
        "one/b.py": "def b():\n    pass\n",
        "one/data.txt": "no",
    },
    "two": {"two.py": "TWO = 2\n"},
}


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder of wheels, the only place where pip looks."""
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def recipe_of(tmp_path, shelf, **changes):
    hashes = {name: write_wheel(shelf, name, "1.0", FILES[name]) for name in FILES}
    sources = "".join(wheel_source(name, "1.0", sha) for name, sha in (hashes | changes).items())
    return write_recipe(tmp_path, sources, 'validation = ["two"]')


def test_wheels_are_fetched_checked_and_split_by_project(tmp_path, shelf, cache):
    reports = []
    recipe = recipe_of(tmp_path, shelf)

    corpus = open_or_build(recipe, lambda *report: reports.append(report))

    assert texts(corpus.train) == ["ONE = 1\n", "def b():\n    pass\n"]
    assert texts(corpus.val) == ["TWO = 2\n"]
    assert [source.label for source in corpus.manifest.sources] == ["one 1.0", "two 1.0"]
    assert [source.licence for source in corpus.manifest.sources] == ["MIT", "MIT"]
    assert ("fetching one 1.0", 0, 2) in reports
    assert len(list((cache / "wheels").iterdir())) == 2


def test_fetched_wheels_are_kept_for_other_recipes(tmp_path, shelf):
    recipe = recipe_of(tmp_path, shelf)
    first = open_or_build(recipe)
    for wheel in shelf.iterdir():
        wheel.unlink()
    recipe.write_text(recipe.read_text().replace('validation = ["two"]', 'validation = ["one"]'))
    reports = []

    second = open_or_build(recipe, lambda *report: reports.append(report))

    assert texts(second.val) == texts(first.train)
    assert not [what for what, _, _ in reports if what.startswith("fetching")]


def test_a_wheel_that_changed_in_the_cache_is_fetched_again(tmp_path, shelf, cache):
    recipe = recipe_of(tmp_path, shelf)
    open_or_build(recipe)
    damaged = next((cache / "wheels").glob("one-*"))
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-30])
    recipe.write_text(recipe.read_text().replace("[split]", "max_file_bytes = 1000\n[split]"))

    open_or_build(recipe)

    assert damaged.read_bytes() == whole


def test_another_sha256_is_refused(tmp_path, shelf, cache):
    recipe = recipe_of(tmp_path, shelf, two="0" * 64)

    with pytest.raises(TokmonError, match=r"^two-1\.0-py3-none-any\.whl: .*pins 000000000000"):
        open_or_build(recipe)

    assert [path.name.split("-")[0] for path in (cache / "wheels").iterdir()] == ["one"]


def test_a_wheel_that_pip_cannot_find_is_named_with_pips_reason(tmp_path, shelf, cache):
    recipe = recipe_of(tmp_path, shelf)
    (shelf / "two-1.0-py3-none-any.whl").unlink()

    with pytest.raises(TokmonError) as caught:
        open_or_build(recipe)

    message = str(caught.value)
    assert message.startswith("wheel two==1.0 cannot be fetched: No matching distribution found")
    assert f"put the wheel at {cache / 'wheels' / 'two-1.0-'}" in message
    assert not list((cache / "corpora").iterdir())


def test_a_wheel_put_there_by_hand_serves(tmp_path, shelf, cache, monkeypatch):
    recipe = recipe_of(tmp_path, shelf)
    with monkeypatch.context() as patch:
        patch.setenv("PIP_FIND_LINKS", str(tmp_path))
        for name in FILES:
            with pytest.raises(TokmonError) as caught:
                open_or_build(recipe)
            named = str(caught.value).split("put the wheel at ")[1]
            (shelf / f"{name}-1.0-py3-none-any.whl").rename(named)

        assert open_or_build(recipe).manifest.documents == 3


def test_a_python_without_pip_says_how_to_get_it(tmp_path, shelf, monkeypatch):
    recipe = recipe_of(tmp_path, shelf)
    venv.create(tmp_path / "bare", with_pip=False, symlinks=os.name != "nt")
    scripts = "Scripts" if os.name == "nt" else "bin"
    bare = tmp_path / "bare" / scripts / ("python.exe" if os.name == "nt" else "python")
    assert subprocess.run([bare, "-c", "import pip"], capture_output=True, check=False).returncode
    monkeypatch.setattr(sys, "executable", str(bare))

    with pytest.raises(TokmonError, match=r"one==1\.0 .*No module named pip; install pip: python"):
        open_or_build(recipe)
