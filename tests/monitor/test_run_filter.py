"""Conditions on runs: parsed, judged, their keys found; runs sorted by keys."""

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.runs.builder import RunBuilder
from tokmon.monitor.run_filter import OPERATORS, Condition, parse_filter, predicate_for
from tokmon.monitor.run_keys import RunKeys
from tokmon.monitor.run_list import RunList
from tokmon.rundir.errors import TokmonError


def conditions(text: str) -> list[tuple[str, str, str]]:
    return [(found.key, found.operator, found.value) for found in parse_filter(text)]


def holds(text: str, value: Any) -> bool:
    (condition,) = parse_filter(text)
    return predicate_for(condition)(value)


def test_conditions_stand_one_after_the_other_with_and_without_spaces() -> None:
    assert conditions("state=finished lr>=1e-4  experiment ~ v1 a.b-c!=\"two words\" x=='y'") == [
        ("state", "=", "finished"),
        ("lr", ">=", "1e-4"),
        ("experiment", "~", "v1"),
        ("a.b-c", "!=", "two words"),
        ("x", "=", "y"),
    ]
    assert parse_filter("  ") == ()


@pytest.mark.parametrize(
    "text", ["state", "=1", "a=", "a=1 b", "a=>1", "a=<2", "1=a", "a='b", "a b=1", "lr>=1e-4,x=2 y"]
)
def test_what_is_no_condition_is_told(text: str) -> None:
    with pytest.raises(TokmonError, match="is no condition"):
        parse_filter(text)


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        ("state=finished", "FINISHED", True),
        ("state!=finished", "FINISHED", False),
        ("lr=3e-4", 0.0003, True),
        ("lr>=1e-4", 0.0003, True),
        ("lr>1e-4", 0.0001, False),
        ("steps>1k", 1001, True),
        ("parameters<=28.4M", 28_400_000, True),
        ("steps<1_000", 999, True),
        ("age<2d", 86_400 * 1.9, True),
        ("age>20min", 1300.0, True),
        ("experiment~V1", "demo_v1_small", True),
        ("betas~0.95", [0.9, 0.95], True),
        ("deterministic=true", True, True),
        ("deterministic=1", True, False),
        ("seed=1", "1", True),
        ("lr>1", "text", False),
        ("lr>1", None, False),
        ("lr=1", None, False),
        ("lr!=1", None, True),
        ("lr~1", None, False),
        ("n=1", 10**400, False),
    ],
)
def test_values_are_compared_as_what_they_are(text: str, value: Any, expected: bool) -> None:
    assert holds(text, value) is expected


def test_times_are_dates_where_the_key_is_one() -> None:
    moment = time.mktime((2026, 11, 23, 12, 0, 0, 0, 0, -1))

    assert holds("started>=2026-11-23", moment)
    assert not holds("started>=2026-11-24T08:00", moment)


@pytest.mark.parametrize("text", ["lr>abc", "age<2", "age<2 days", "started>yesterday", "lr>1x"])
def test_what_cannot_be_compared_so_is_told(text: str) -> None:
    with pytest.raises(TokmonError):
        holds(text, 1)


_KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,8}", fullmatch=True)
_VALUES = st.text(max_size=12).filter(lambda value: "'" not in value)
_CONDITIONS = st.lists(st.builds(Condition, _KEYS, st.sampled_from(OPERATORS), _VALUES), max_size=5)


@given(_CONDITIONS)
def test_what_is_printed_is_parsed_to_the_same(found: list[Condition]) -> None:
    assert list(parse_filter(" ".join(map(str, found)))) == found


@given(st.text(alphabet="ab.=!<>~'\" 1e-\t\n", max_size=20))
def test_any_text_is_conditions_or_a_user_error(text: str) -> None:
    try:
        found = parse_filter(text)
    except TokmonError:
        return
    assert parse_filter(" ".join(map(str, found))) == found


_ANY = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4)


@given(st.sampled_from(["1", "1.5", "true", "x", "0"]), _ANY)
def test_of_equal_and_unequal_exactly_one_holds(wanted: str, value: Any) -> None:
    assert holds(f"k={wanted}", value) is not holds(f"k!={wanted}", value)


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
def test_of_less_equal_and_more_exactly_one_holds(limit: float, value: float) -> None:
    found = [holds(f"k{operator}{limit!r}", value) for operator in ("<", "=", ">")]

    assert found.count(True) == 1
    assert holds(f"k<={limit!r}", value) is (found[0] or found[1])


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> RunKeys:
    """Three runs, one of them without run.json."""
    logs = tmp_path_factory.mktemp("listed")
    for name, lr, lines in (("small", 1e-3, 5), ("large", 3e-4, 12), ("bare", 0.0, 3)):
        builder = RunBuilder(logs=logs, experiment=name)
        builder.write(lines)
        config = {"experiment": name, "optim": {"lr": lr}, "log": {"every": 1}}
        builder.heartbeat("finished", config=config | {"eval": {"every": 2}})
        if name == "bare":
            builder.run.run_info.unlink()
    state = RunList([logs]).poll(builder.now)
    return RunKeys(state.runs, state.now)


def names(keys: RunKeys, text: str) -> set[str]:
    return {run.name for run in keys.matching(parse_filter(text))}


def test_runs_are_found_by_status_and_by_config(keys: RunKeys) -> None:
    assert names(keys, "state=finished lr>=3e-4") == {"small", "large"}
    assert names(keys, "optim.lr=1e-3") == {"small"}
    assert names(keys, "step>=1200 experiment~lar") == {"large"}
    assert names(keys, "val_loss<100") == {"small", "large"}
    assert names(keys, "lr!=1e-3") == {"large", "bare"}
    assert names(keys, "") == {"small", "large", "bare"}


def test_an_unknown_key_names_the_nearest(keys: RunKeys) -> None:
    with pytest.raises(TokmonError) as caught:
        names(keys, "stpe>1")
    assert "near to it: step" in str(caught.value)
    with pytest.raises(TokmonError) as caught:
        names(keys, "optm.lr>1")
    assert "optim.lr" in str(caught.value)
    with pytest.raises(TokmonError, match="no run has a key 'zzzzzz'"):
        names(keys, "zzzzzz=1")


def test_a_last_part_that_says_not_which_is_told(keys: RunKeys) -> None:
    with pytest.raises(TokmonError) as caught:
        names(keys, "every>1")
    assert "every may be eval.every or log.every" in str(caught.value)


def test_runs_are_sorted_by_a_key_those_without_it_last(keys: RunKeys) -> None:
    runs = keys.matching(())

    def order(key: str) -> list[str]:
        return [run.name for run in keys.sorted_by(key, runs)]

    assert order("lr") == ["large", "small", "bare"]
    assert order("-lr") == ["small", "large", "bare"]
    assert order("experiment") == ["bare", "large", "small"]
    assert order("-step") == ["large", "small", "bare"]


def test_config_of_any_shape_is_no_fault(tmp_path: Path) -> None:
    builder = RunBuilder(logs=tmp_path)
    builder.heartbeat("finished", config={"a": [{"b": None}], "deep": {"x": {}}, "n": 10**30})

    keys = RunKeys(RunList([tmp_path]).poll(builder.now).runs, builder.now)

    assert names(keys, "a~b") == {builder.experiment}
    assert names(keys, "n>1e29") == {builder.experiment}
