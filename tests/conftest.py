"""What all tests share: one thread for torch, a cache of their own, a small corpus."""

import os
from pathlib import Path

import pytest

# Before torch is imported anywhere: tests run beside each other on few cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session", autouse=True)
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep what is the user's own out of it, also for the processes that tests start."""
    folder = tmp_path_factory.mktemp("cache")
    os.environ["TOKMON_CACHE"] = str(folder)
    os.environ["TOKMON_STATE"] = str(tmp_path_factory.mktemp("state"))
    os.environ["TOKMON_CONFIG"] = str(tmp_path_factory.mktemp("config"))
    return folder


@pytest.fixture(scope="session")
def source_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of real Python files in several packages, about 100 kB."""
    import json
    import logging

    folder = tmp_path_factory.mktemp("sources")
    for package in (json, logging):
        origin = Path(package.__file__).parent
        target = folder / package.__name__
        target.mkdir()
        for path in sorted(origin.glob("*.py")):
            (target / path.name).write_bytes(path.read_bytes())
    for name in ("ast.py", "textwrap.py", "string.py"):
        (folder / name).write_bytes((Path(json.__file__).parents[1] / name).read_bytes())
    return folder
