"""Evaluations that are handed in: read, matched to runs, refused."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runs.builder import RunBuilder
from tokmon.monitor.eval_results import of_runs, read_eval_results
from tokmon.monitor.intervals import Interval
from tokmon.rundir.errors import TokmonError


def evaluation(experiment: str, sha256: str = "0" * 64) -> dict[str, Any]:
    return {
        "experiment": experiment,
        "checkpoint": f"{experiment}_best.pt",
        "step": 1000,
        "valid": True,
        "verdict": "writes code",
        "val_loss": 3.2,
        "val_bpb": 1.9,
        "mode_collapse": 0.1,
        "validity": None,
        "intervals": {
            "val_loss": [3.1, 3.4],
            "val_bpb": None,
            "mode_collapse": [0.05, 0.2],
            "human": {"mode_collapse": [0.0, 0.05]},
        },
        "human": {"mode_collapse": 0.0},
        "corpus": {"fingerprint": "f00d"},
        "sha256": sha256,
    }


def write(path: Path, *results: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(result) + "\n" for result in results), encoding="utf-8")
    return path


def test_values_come_with_their_intervals(tmp_path: Path) -> None:
    (found,) = read_eval_results(write(tmp_path / "e.json", evaluation("one")))

    assert found.metrics["val_loss"] == Interval(3.2, 3.1, 3.4)
    assert found.metrics["val_bpb"] == Interval(1.9)
    assert "validity" not in found.metrics
    assert found.human["mode_collapse"] == Interval(0.0, 0.0, 0.05)
    assert (found.corpus, found.is_valid, found.step) == ("f00d", True, 1000)


def test_an_evaluation_belongs_to_the_run_that_has_its_weights(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        builder = RunBuilder(logs=tmp_path / name, experiment="same")
        builder.sidecar(builder.run.best, 3.0)
        runs.append(builder.run)
    sidecar = runs[1].best.with_suffix(".json")
    sidecar.write_text(sidecar.read_text().replace("0" * 64, "1" * 64))
    results = read_eval_results(write(tmp_path / "e.json", evaluation("same", "1" * 64)))

    found, remarks = of_runs(runs, results)

    assert found == (None, results[0])
    assert remarks == ()


def test_without_weights_the_name_decides_and_others_are_told(tmp_path: Path) -> None:
    bare, trained = (RunBuilder(logs=tmp_path, experiment=name) for name in ("bare", "trained"))
    trained.sidecar(trained.run.best, 3.0)
    results = read_eval_results(
        write(
            tmp_path / "e.json",
            *(evaluation(name, "2" * 64) for name in ("bare", "trained", "stranger")),
        )
    )

    found, remarks = of_runs([bare.run, trained.run], results)

    assert found == (results[0], results[1])
    assert "trained_best.pt of trained is of weights it has no more" in remarks[0]
    assert "of stranger belongs to none of these runs" in remarks[1]


@pytest.mark.parametrize(
    "content", [b"", b"\n\n", b"{}", b"[1]", b"\xff\x00", b'{"step": 1}', b"[" * 100_000]
)
def test_what_is_no_evaluation_is_a_user_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "e.json"
    path.write_bytes(content)

    with pytest.raises(TokmonError):
        read_eval_results(path)


def test_a_file_that_is_not_there_is_a_user_error(tmp_path: Path) -> None:
    with pytest.raises(TokmonError, match="cannot be read"):
        read_eval_results(tmp_path / "none.json")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(evaluation("x"))), _JSON))
def test_any_values_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, fields: dict[str, Any]
) -> None:
    path = write(tmp_path_factory.getbasetemp() / "any.json", evaluation("x") | fields)

    (found,) = read_eval_results(path)

    assert all(isinstance(metric.value, float) for metric in found.metrics.values())
