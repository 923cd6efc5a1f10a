"""The three runs of the experiment, from packs, at a size that tests can bear."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.experiment.keep import anonymous
from bench.experiment.plan import CONFIGS, SCALES
from tokmon.rundir.layout import RunDir
from trainer.config_file import load_config
from trainer.corpus.build import open_or_build
from trainer.corpus.pack import pack

ROOT = Path(__file__).parents[2]
TINY = ("model.width=16", "model.mlp=32", "model.layers=1", "model.heads=2", "data.batch_size=2",
        "data.seq_len=32", "schedule.steps=6", "schedule.warmup=2", "log.every=2", "eval.every=2",
        "eval.windows=4", "checkpoint.every=2", "sample.every=0", "device.device=cpu")  # fmt: skip


@pytest.fixture
def packs(tmp_path: Path, source_folder: Path) -> Path:
    """A folder with a pack for each recipe of the full experiment."""
    folder = tmp_path / "packs"
    folder.mkdir()
    corpus = open_or_build(source_folder)
    for name in ("python_8mb", "python_100mb"):
        pack(corpus, folder / f"{name}.corpus.tar.xz")
    return folder


def made(logs: Path, packs: Path, out: Path) -> subprocess.CompletedProcess[str]:
    sets = [word for override in TINY for word in ("--set", override)]
    suite = packs / "suite.toml"
    suite.write_text('[[prompt]]\nid = "one"\nkind = "function"\ntext = "def "\n')
    sets += ["--suite", str(suite)]
    options = ["--scale", "full", "--logs", str(logs), "--packs", str(packs), "--out", str(out)]
    return subprocess.run(
        [sys.executable, "-m", "bench.experiment.runs", *options, *sets],
        capture_output=True, text=True, timeout=170, check=False, cwd=ROOT, env=dict(os.environ),
    )  # fmt: skip


@pytest.mark.slow
def test_three_runs_are_made_evaluated_and_kept_without_weights(
    tmp_path: Path, packs: Path
) -> None:
    logs, out = tmp_path / "logs", tmp_path / "out"

    answer = made(logs, packs, out)

    assert answer.returncode == 0, answer.stdout + answer.stderr
    kept = {run.experiment: run for run in RunDir.find_all(out)}
    assert set(kept) == {"v1_token_small", "v1_token_unmasked", "v1_token_bigdata"}
    gates = {name: json.loads(run.run_info.read_text())["gate"] for name, run in kept.items()}
    assert [gates[name]["passed"] for name in sorted(gates)] == [True, True, False]
    assert all(run.summary.exists() and run.output_log.exists() for run in kept.values())
    assert not list(out.rglob("*.pt"))
    evaluations = {path.name: json.loads(path.read_text()) for path in out.glob("*_eval_*.jsonl")}
    assert len(evaluations) == 7
    assert evaluations["v1_token_small_eval_own.jsonl"]["val_loss"] > 0
    assert str(tmp_path) not in "".join(path.read_text() for path in out.rglob("*.json*"))


@pytest.mark.parametrize("scale", SCALES.values(), ids=SCALES)
def test_the_runs_have_one_architecture_and_a_common_held_out_text(scale) -> None:  # type: ignore[no-untyped-def]
    configs = [load_config(CONFIGS / planned.config, ()) for planned in scale.runs]

    assert len({config.model for config in configs}) == 1
    assert (CONFIGS / "corpora" / scale.common).exists()
    assert configs[0].data.corpus == f"corpora/{scale.common}"


def test_what_is_kept_does_not_name_this_machine() -> None:
    text = anonymous(f'{{"path": "{Path.home()}/logs/x", "cwd": "{ROOT}"}}', {})

    assert str(Path.home()) not in text
    assert str(ROOT) not in text
