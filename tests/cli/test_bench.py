"""`tokmon bench`: real steps of a real config, timed."""

import json
from pathlib import Path

import pytest

from tests.cli.commands import is_one_line, tokmon

SMALL = [
    word
    for value in (
        "model.layers=1", "model.width=8", "model.heads=2", "model.mlp=8", "data.batch_size=2",
        "data.seq_len=16",
    )
    for word in ("--set", value)
]  # fmt: skip


@pytest.mark.slow
def test_json_has_counts_limits_and_times() -> None:
    answer = tokmon("bench", "--json", "--device", "cpu", "--seconds", "0.5", *SMALL)

    assert answer.returncode == 0, answer.stderr
    result = json.loads(answer.stdout)
    assert result["experiment"] == "v1_token_bigdata"
    assert result["tokens_from"] == "random"
    assert result["tokens_per_step"] == 32
    assert result["parameters"] == 2 * 50257 * 8 + 4 * 8 * 8 + 3 * 8 * 8 + 3 * 8
    assert result["flops"]["head"] == 6 * 50257 * 8 * 32
    assert set(result["floor_s"]) == {
        "head", "trunk", "attention", "loss", "activations", "optimizer", "total", "unfused",
    }  # fmt: skip
    assert result["step"]["steps"] >= 3
    assert result["step"]["best_s"] <= result["step"]["median_s"]
    assert result["tokens_per_sec"] == pytest.approx(32 * result["steps_per_sec"])
    assert result["floor_share"] == pytest.approx(
        result["floor_s"]["total"] / result["step"]["median_s"]
    )
    assert 0 < result["mfu"] < 1


@pytest.mark.slow
def test_a_corpus_that_is_named_is_used_and_people_get_a_table(source_folder: Path) -> None:
    corpus = f"data.corpus={source_folder}"

    answer = tokmon("bench", "--device", "cpu", "--seconds", "0", "--set", corpus, *SMALL)

    assert answer.returncode == 0, answer.stderr
    assert f"32 tokens a step, {source_folder.name} tokens" in answer.stdout
    assert "of floor" in answer.stdout
    assert "steps/s" in answer.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("gone.toml",),
        ("--device", "tpu:x"),
        ("--device", "cuda:99"),
        ("--set", "model.widht=3"),
        ("--set", "data.corpus=/gone"),
    ],
)
def test_what_a_user_can_mend_is_one_line(arguments: tuple[str, ...]) -> None:
    assert is_one_line(tokmon("bench", *arguments))
