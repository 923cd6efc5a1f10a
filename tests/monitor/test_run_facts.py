"""run.json as rows: every value once, whatever is in it, never too many."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.run_facts import MAX_ROWS, Fact, caveat, facts
from tokmon.rundir.records import SCHEMA_VERSION, RunInfo

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=30,
)


def rows(info: RunInfo) -> dict[str, str]:
    return {fact.full_key: fact.value for fact in facts(info)}


def test_keys_are_dotted_and_values_are_as_written() -> None:
    info = RunInfo(
        experiment="v1",
        config={"optim": {"lr": 3e-4, "betas": [0.9, 0.95]}, "experiment": "v1"},
        git={"revision": "abc", "dirty": True},
        extra={"cluster": {"job": 17}, "nodes": [{"name": "a"}, {"name": "b"}]},
    )

    assert rows(info) == {
        "config.optim.lr": "0.0003",
        "config.optim.betas": "[0.9,0.95]",
        "config.experiment": "v1",
        "git.revision": "abc",
        "git.dirty": "true",
        "run.experiment": "v1",
        "run.schema_version": str(SCHEMA_VERSION),
        "extra.cluster.job": "17",
        "extra.nodes.0.name": "a",
        "extra.nodes.1.name": "b",
    }


@given(st.dictionaries(st.text(max_size=4), JSON))
def test_any_config_gives_rows(config: dict[str, Any]) -> None:
    assert all(isinstance(fact, Fact) for fact in facts(RunInfo(experiment="x", config=config)))


def test_depth_number_and_length_are_bounded() -> None:
    deep: dict[str, Any] = {"value": 1}
    for _ in range(200):
        deep = {"down": deep}
    many = {str(number): number for number in range(MAX_ROWS + 10)}
    long = {"text": "x" * 100_000}

    assert len(facts(RunInfo(experiment="x", config=deep))) == 3
    assert len(facts(RunInfo(experiment="x", config=many))) == MAX_ROWS
    shown = rows(RunInfo(experiment="x", config=long))["config.text"]
    assert shown.endswith("x (98,000 more)")


def test_a_newer_schema_is_said() -> None:
    assert caveat(RunInfo(experiment="x")) == ""
    assert "schema 99" in caveat(RunInfo(experiment="x", schema_version=99))
