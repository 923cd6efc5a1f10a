"""The arrows of the design, as a fresh interpreter sees them."""

import subprocess
import sys

import pytest

HEAVY = {"textual", "torch", "numpy", "rich", "tiktoken"}


def loaded_by(program: str) -> set[str]:
    """Return which heavy packages a fresh interpreter has loaded after `program`."""
    program += "\nimport sys; print(*sorted(name for name in sys.modules if '.' not in name))"
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    return HEAVY & set(answer.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("program", "allowed"),
    [
        ("import tokmon.rundir.layout, tokmon.rundir.records, tokmon.rundir.jsonl", set()),
        ("import tokmon.rundir.sampling, tokmon.rundir.writer", set()),
        ("import tokmon.sampler.client", set()),
        ("import tokmon.monitor.sources.tokmon_run", {"numpy"}),
        ("import tokmon.tui.app", {"textual", "rich", "numpy"}),
        ("import trainer.config, trainer.config_file, trainer.runlog", set()),
        ("import trainer.__main__", set()),
        ("import trainer.corpus.build", {"numpy", "tiktoken", "rich"}),
        ("import trainer.run", {"torch", "numpy", "tiktoken", "rich"}),
        (
            "from tokmon.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass",
            set(),
        ),
        (
            "from tokmon.cli import main\ntry: main(['watch', '--help'])\nexcept SystemExit: pass",
            set(),
        ),
    ],
)
def test_modules_load_only_what_their_place_allows(program: str, allowed: set[str]) -> None:
    assert loaded_by(program) <= allowed
