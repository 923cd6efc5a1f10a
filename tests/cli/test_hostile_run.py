"""A run directory from a stranger: nothing in it is run, and every command says what is wrong."""

import re
from pathlib import Path
from random import Random

import pytest
import torch

from tests.cli.commands import is_one_line, tokmon
from tests.hostile_checkpoints import commit, malicious, saved
from tests.runs_of_trainer import run_trainer, write_config
from tests.sampling.test_sample_server import Server
from tokmon.rundir.layout import RunDir
from tokmon.rundir.sampling import Failed
from trainer.checkpoint import load

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, source_folder: Path) -> RunDir:
    """A real run whose checkpoints were all replaced by such as make the file `ran`."""
    folder = tmp_path_factory.mktemp("hostile")
    config = write_config(folder, source_folder, steps=6)
    answer = run_trainer(config, folder, "--set", "checkpoint.every=4")
    assert answer.returncode == 0, answer.stderr
    run = RunDir.of_experiment(folder, "tiny")
    odd = load(run.step_checkpoint(4)).content
    odd["guard"]["window"] = torch.zeros(3)
    commit(run.path / "tiny_odd.pt", saved(odd), step=4)
    files = malicious(folder / "ran")
    commit(run.best, files["in a torch file"], step=6)
    commit(run.final, files["as a method call"], step=6)
    commit(run.step_checkpoint(4), files["as a bare pickle"], step=4)
    return run


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("train", "CONFIG"), "step4.pt: not a checkpoint"),
        (("train", "CONFIG", "--resume", "RUN/tiny_step4.pt"), "step4.pt: not a checkpoint"),
        (("train", "CONFIG", "--resume", "RUN/tiny_odd.pt"), "odd.pt: not what a trainer writes"),
        (("sample", "RUN", "--prompt", "x"), "best.pt: not a checkpoint"),
        (("sample", "RUN/tiny_best.pt", "--prompt", "x"), "best.pt: not a checkpoint"),
    ],
    ids=["train", "resume malice", "resume nonsense", "sample a run", "sample a checkpoint"],
)
def test_a_malicious_checkpoint_is_refused(
    hostile: RunDir, arguments: tuple[str, ...], told: str
) -> None:
    logs = hostile.path.parent
    places = {"CONFIG": str(logs / "tiny.toml"), "RUN": str(hostile.path)}
    before = hostile.log.read_bytes()

    words = [re.sub("CONFIG|RUN", lambda match: places[match[0]], word) for word in arguments]
    answer = tokmon(*words, TOKMON_LOGS=str(logs))

    assert is_one_line(answer) or arguments[0] == "sample", answer.stderr
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert f"tiny_{told}" in answer.stderr.splitlines()[-1]
    assert not (logs / "ran").exists()
    assert hostile.log.read_bytes() == before


def test_the_sampling_process_refuses_it(hostile: RunDir) -> None:
    server = Server(hostile.best)

    reply = server.hear()

    assert isinstance(reply, Failed)
    assert str(hostile.best) in reply.message
    assert server.end() == (1, b"", b"")
    assert not (hostile.path.parent / "ran").exists()


@pytest.fixture
def garbage(tmp_path: Path) -> RunDir:
    """A run whose every file is noise."""
    random = Random(1)
    run = RunDir.of_experiment(tmp_path, "x")
    run.path.mkdir()
    lines = (run.log, run.events, run.system, run.samples, run.output_log)
    wholes = (run.run_info, run.summary, run.control, run.best, run.sidecar(run.best))
    for path in (*lines, *wholes):
        path.write_bytes(random.randbytes(20_000))
    return run


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["text", "json"])
def test_status_of_garbage(garbage: RunDir, form: tuple[str, ...]) -> None:
    answer = tokmon("status", str(garbage.path), *form)

    assert (answer.returncode, answer.stderr) == (0, "")
    assert "STARTING" in answer.stdout
    assert "unreadable lines" in answer.stdout
    assert "\x1b" not in answer.stdout


def test_a_picture_of_garbage(garbage: RunDir, tmp_path: Path) -> None:
    picture = tmp_path / "x.svg"

    answer = tokmon("watch", str(garbage.path), "--svg", str(picture))

    assert (answer.returncode, answer.stdout, answer.stderr) == (0, "", "")
    assert "unreadable" in picture.read_text(encoding="utf-8")
