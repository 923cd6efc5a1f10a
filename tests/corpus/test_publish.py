import subprocess
import sys
from pathlib import Path

import pytest

from tests.corpus.samples import PACKAGES, write_recipe, write_tree
from trainer.corpus.build import open_or_build

ROOT = Path(__file__).parents[2]
# Builds after the other has begun as well: each says that it is in the middle, and waits.
BUILDER = """
import sys, time
from pathlib import Path
from trainer.corpus.build import open_or_build

recipe, me, other = map(Path, sys.argv[1:])

def wait_for_the_other(*report):
    me.touch()
    deadline = time.monotonic() + 60
    while not other.exists() and time.monotonic() < deadline:
        time.sleep(0.01)

print(open_or_build(recipe, wait_for_the_other).manifest.fingerprint)
"""
KILLED = """
import os, sys
from pathlib import Path
from trainer.corpus.build import open_or_build

open_or_build(Path(sys.argv[1]), lambda *report: os._exit(9))
"""


@pytest.fixture
def recipe(tmp_path):
    write_tree(tmp_path / "src", PACKAGES)
    return write_recipe(tmp_path)


def start(script, *arguments):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_two_processes_at_once_end_with_one_whole_corpus(recipe, cache, tmp_path):
    marks = tmp_path / "one", tmp_path / "two"
    builders = [start(BUILDER, recipe, *pair) for pair in (marks, marks[::-1])]

    outputs = [builder.communicate(timeout=120) for builder in builders]

    assert [builder.returncode for builder in builders] == [0, 0], outputs
    assert outputs[0][0] == outputs[1][0]
    (folder,) = (cache / "corpora").iterdir()
    open_or_build(folder).verify()


def test_the_one_that_comes_second_uses_the_first_ones(recipe, cache):
    inner = []

    def build_meanwhile(*_):
        if not inner:
            inner.append(None)
            inner[0] = open_or_build(recipe)

    outer = open_or_build(recipe, build_meanwhile)

    assert outer.folder == inner[0].folder
    assert outer.manifest == inner[0].manifest
    assert list((cache / "corpora").iterdir()) == [outer.folder]


def test_an_interrupted_build_leaves_nothing(recipe, cache):
    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        open_or_build(recipe, interrupt)

    assert not list((cache / "corpora").iterdir())


def test_what_a_killed_build_left_goes_with_the_next(recipe, cache):
    killed = start(KILLED, recipe)
    killed.communicate(timeout=120)
    assert killed.returncode == 9
    (left,) = (cache / "corpora").iterdir()
    assert left.name.startswith(".building-")

    corpus = open_or_build(recipe)

    assert list((cache / "corpora").iterdir()) == [corpus.folder]
