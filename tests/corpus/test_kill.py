"""Builds that are killed: what they leave, and what the next one makes of it."""

import os
import random
import shutil
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from string import ascii_lowercase

import psutil
import pytest

from tests.corpus.samples import PACKAGES, write_recipe, write_tree
from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build
from trainer.corpus.publish import own_prefix
from trainer.corpus.store import Corpus

ROOT = Path(__file__).parents[2]
BUILD = """
import sys
from pathlib import Path
from trainer.corpus.build import open_or_build

open_or_build(Path(sys.argv[1]))
"""
DIES_IN_PHASE = """
import os, sys
from pathlib import Path
from trainer.corpus.build import open_or_build

open_or_build(Path(sys.argv[1]), lambda phase, *_: phase != sys.argv[2] or os._exit(9))
"""
KILLS = 6
PATIENCE_S = 60


def start(script, *arguments):
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def wait_for(condition):
    give_up_at = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.001)


def begun(cache, builder):
    """Say whether a build shows anything, or has ended."""
    return any((cache / "corpora").glob("*")) or builder.poll() is not None


def module(seed):
    """Return about 100 kB of functions that differ."""
    rng = random.Random(seed)
    names = ("".join(rng.choices(ascii_lowercase, k=12)) for _ in range(2000))
    return "".join(f"def {name}(width):\n    return width + {name[::-1]}\n" for name in names)


@pytest.mark.parametrize("phase", ["tokenising", "finding near duplicates", "writing"])
def test_a_build_killed_in_any_phase_leaves_no_corpus_and_no_trace(tmp_path, cache, phase):
    write_tree(tmp_path / "src", PACKAGES)
    recipe = write_recipe(tmp_path)

    killed = start(DIES_IN_PHASE, recipe, phase)
    killed.communicate(timeout=PATIENCE_S)

    assert killed.returncode == 9
    (left,) = (cache / "corpora").iterdir()
    assert left.name.startswith(".building-")
    with pytest.raises(TokmonError):
        Corpus.open(left)
    corpus = open_or_build(recipe)
    corpus.verify()
    assert list((cache / "corpora").iterdir()) == [corpus.folder]


def test_builds_killed_at_random_moments_never_show_a_half_corpus(tmp_path, cache, monkeypatch):
    write_tree(tmp_path / "src", {f"part{seed % 4}/m{seed}.py": module(seed) for seed in range(48)})
    recipe = write_recipe(tmp_path)
    monkeypatch.setenv("TOKMON_CACHE", str(tmp_path / "undisturbed"))
    begin = time.monotonic()
    expected = open_or_build(recipe).manifest
    takes_s = time.monotonic() - begin
    monkeypatch.setenv("TOKMON_CACHE", str(cache))
    moments = random.Random(7)
    interrupted = 0

    for _ in range(KILLS):
        builder = start(BUILD, recipe)
        wait_for(partial(begun, cache, builder))
        time.sleep(moments.random() * takes_s)  # the moment itself is what is drawn
        builder.kill()
        builder.communicate(timeout=PATIENCE_S)
        interrupted += any((cache / "corpora").glob(".building-*"))
        for folder in (cache / "corpora").glob("sample-*"):
            assert open_or_build(folder).manifest == expected
            shutil.rmtree(folder)

    corpus = open_or_build(recipe)
    corpus.verify()
    assert corpus.manifest == expected
    assert interrupted
    assert list((cache / "corpora").iterdir()) == [corpus.folder]


def leftover(cache, pid, age_s):
    """Make what a killed build of process `pid` has left."""
    (cache / "corpora").mkdir(parents=True)
    started = psutil.Process(pid).create_time()
    folder = cache / "corpora" / f"{own_prefix()}{pid}-0a0a0a0a"
    folder.mkdir()
    os.utime(folder, (started - age_s, started - age_s))
    return folder


@pytest.mark.parametrize(("age_s", "stays"), [(0, True), (3600, False)])
def test_a_process_that_got_the_number_later_is_no_owner(tmp_path, cache, age_s, stays):
    write_tree(tmp_path / "src", PACKAGES)
    folder = leftover(cache, os.getpid(), age_s)

    open_or_build(write_recipe(tmp_path))

    assert folder.exists() == stays
