"""Checkpoints whose sidecar is right and whose content is not: refused in one line, by name."""

import copy
import io
import time
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.hostile_checkpoints import commit, malicious, odd_files, saved, with_pickle
from tests.trainer_content import CONFIG, content
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from trainer import checkpoint
from trainer.checkpoint import load
from trainer.checkpoint_content import refuse_unlike, run_so_far
from trainer.config import Config
from trainer.trained import load_trained

CPU = torch.device("cpu")


def changed(place: str, value: Any) -> dict[str, Any]:
    """The same with what stands at `place` (keys parted by dots) replaced, or taken out."""
    whole = copy.deepcopy(content())
    *parents, last = (int(key) if key.isdigit() else key for key in place.split("."))
    part: Any = whole
    for key in parents:
        part = part[key]
    if value is ...:
        del part[last]
    else:
        part[last] = value
    return whole


def resume(path: Path, config: Config = CONFIG) -> None:
    """What a trainer asks of a checkpoint before it goes on from it."""
    loaded = load(path)
    run_so_far(loaded)
    refuse_unlike(loaded, config)


def _text(name: bytes) -> bytes:
    return b"X" + len(name).to_bytes(4, "little") + name


def refusal(action: Any, path: Path) -> str:
    with pytest.raises(TokmonError) as caught:
        action(path)
    line = str(caught.value)
    assert str(path) in line
    assert line.isprintable()
    assert len(line) < 600
    return line


@pytest.mark.parametrize("kind", sorted(malicious(Path("mark"))))
def test_nothing_in_a_checkpoint_is_run(tmp_path: Path, kind: str) -> None:
    mark = tmp_path / "ran"
    path = commit(tmp_path / "x_best.pt", malicious(mark)[kind])

    refusal(load, path)

    assert not mark.exists()


def test_the_malicious_files_are_malicious(tmp_path: Path) -> None:
    files = malicious(tmp_path / "ran")
    torch.load(io.BytesIO(files["as a method call"]), weights_only=False)

    assert (tmp_path / "ran").exists()


@pytest.mark.parametrize("kind", sorted(odd_files()))
def test_what_is_no_checkpoint_is_refused_at_once(tmp_path: Path, kind: str) -> None:
    path = commit(tmp_path / "x_best.pt", odd_files()[kind]())
    begin = time.monotonic()

    refusal(load, path)

    assert time.monotonic() - begin < 10


def test_a_folder_in_place_of_a_file_is_refused(tmp_path: Path) -> None:
    path = commit(tmp_path / "x_best.pt", b"")
    path.unlink()
    path.mkdir()

    refusal(load, path)


def test_what_a_trainer_saves_is_accepted(tmp_path: Path) -> None:
    path = commit(tmp_path / "x_step4.pt", saved(content()))

    resume(path)

    assert load_trained(path, CPU).step == 4


def test_before_the_first_step_there_are_no_moments(tmp_path: Path) -> None:
    first = content() | {"step": 0}
    first["optimizer"]["state"] = {}

    resume(commit(tmp_path / "x_step0.pt", saved(first)))


WRONG = [
    ("step", "four"),
    ("step", -1),
    ("step", ...),
    ("config", None),
    ("config", {"model": {"width": [[[]]]}}),
    ("config.model", {"layers": torch.ones(2)}),
    ("model", torch.ones(2)),
    ("model", {}),
    ("model", {1: torch.ones(1)}),
    ("model.norm.weight", ...),
]
FOR_RESUMING = [
    ("materials", ...),
    ("materials", ["abc"]),
    ("elapsed_s", "long"),
    ("best_val_loss", None),
    ("best_step", 1.5),
    ("skipped_in_a_row", "x"),
    ("optimizer", ...),
    ("optimizer", torch.ones(2)),
    ("optimizer.state", {}),
    ("optimizer.state.0", {}),
    ("optimizer.state.0.exp_avg", torch.zeros(3)),
    ("optimizer.state.0.step", 1),
    ("optimizer.param_groups", []),
    ("optimizer.param_groups.0.params", [0]),
    ("optimizer.param_groups.0.betas", "x"),
    ("optimizer.param_groups.0.lr", None),
    ("random", {}),
    ("random.cpu", torch.zeros(5)),
    ("random.cuda", None),
    ("interval", torch.zeros(2, 3)),
    ("interval", torch.zeros(2, 4, dtype=torch.int64)),
    ("guard", None),
    ("guard.seen", "many"),
    ("guard.window", torch.zeros(5, 2)),
    ("guard.window", torch.zeros(1, 1).expand(128, 2)),
]


@pytest.mark.parametrize(("place", "value"), WRONG + FOR_RESUMING, ids=str)
def test_a_run_does_not_go_on_from_what_it_cannot_restore(
    tmp_path: Path, place: str, value: Any
) -> None:
    if place == "model.norm.weight":
        broken = content()
        del broken["model"]["norm.weight"]
    else:
        broken = changed(place, value)

    refusal(resume, commit(tmp_path / "x_step4.pt", saved(broken)))


@pytest.mark.parametrize(("place", "value"), WRONG[:-1], ids=str)
def test_weights_without_sense_are_refused(tmp_path: Path, place: str, value: Any) -> None:
    path = commit(tmp_path / "x_best.pt", saved(changed(place, value)))

    refusal(lambda path: load_trained(path, CPU), path)


@pytest.mark.parametrize(
    "size", [{"layers": 10**9}, {"width": 2**50}, {"vocab": 2**31, "width": 2**31}, {"mlp": 10**9}]
)
def test_a_config_cannot_ask_for_a_model_that_the_file_does_not_hold(
    tmp_path: Path, size: dict[str, int]
) -> None:
    broken = content()
    broken["config"]["model"] |= size
    path = commit(tmp_path / "x_best.pt", saved(broken))

    assert "do not fit its config" in refusal(lambda path: load_trained(path, CPU), path)


def test_one_number_is_not_a_matrix(tmp_path: Path) -> None:
    broken = content()
    embedding = broken["model"]["embedding.weight"]
    broken["model"]["embedding.weight"] = torch.zeros(1, 1).expand_as(embedding)
    path = commit(tmp_path / "x_best.pt", saved(broken))

    refusal(lambda path: load_trained(path, CPU), path)


@pytest.mark.parametrize("part", ["model", "optimizer"])
def test_a_shadowed_method_does_no_harm(tmp_path: Path, part: str) -> None:
    broken = content()
    broken[part] = OrderedDict(broken[part])
    # torch.save would call them; so they get their names afterwards.
    broken[part].__dict__.update(_ems=1, _eys=2, _et=3, _opy=4)
    names = {b"_ems": b"items", b"_eys": b"keys", b"_et": b"get", b"_opy": b"copy"}

    def rename(program: bytes) -> bytes:
        for old, new in names.items():
            program = program.replace(_text(old), _text(new))
        return program

    path = commit(tmp_path / "x_best.pt", with_pickle(saved(broken), rename))

    resume(path)

    assert load_trained(path, CPU).step == 4
    assert list(load(path).content[part].keys()) == list(content()[part])


def test_what_a_file_says_of_itself_reaches_no_terminal(tmp_path: Path) -> None:
    broken = content()
    broken["config"]["\x1b[2J\u202e"] = 1
    path = commit(tmp_path / "x_best.pt", saved(broken))

    assert "\\x1b[2J\\u202e" in refusal(lambda path: load_trained(path, CPU), path)


def test_newest_good_passes_over_all_of_them(tmp_path: Path) -> None:
    run = RunDir(tmp_path, "x")
    commit(run.step_checkpoint(2), saved(content() | {"step": 2}), step=2)
    files = [*malicious(tmp_path / "ran").values(), *(make() for make in odd_files().values())]
    for number, raw in enumerate(files):
        commit(run.step_checkpoint(10 + number), raw, step=10 + number)

    good, notices = checkpoint.newest_good(run)

    assert good is not None
    assert good.content["step"] == 2
    assert len(notices) == len(files)
    assert not (tmp_path / "ran").exists()
