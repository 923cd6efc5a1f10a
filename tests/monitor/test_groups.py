"""Seeds of one configuration: who belongs together, their spread, the tests between them."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.compared import Result
from tokmon.monitor.cost import Cost
from tokmon.monitor.groups import group_tests, groups_of, same_config
from tokmon.monitor.state import Phase
from tokmon.monitor.welch import Welch
from tokmon.rundir.records import RunInfo


def info(seed: object = 1, lr: float = 1e-3, corpus: str | None = "c", **config: Any) -> RunInfo:
    return RunInfo(
        experiment="x",
        config={"experiment": f"run {seed}", "seed": seed, "optim": {"lr": lr}, **config},
        corpus={"fingerprint": corpus} if corpus else {},
    )


def result(loss: float | None) -> Result:
    return Result(
        label="A",
        name="x",
        phase=Phase.FINISHED,
        step=1,
        tokens=None,
        train_loss=None,
        best_val_loss=loss,
        best_step=None,
        best_val_bpb=None,
        tokens_per_sec=None,
        elapsed_s=None,
        cost=Cost(),
        generation=None,
    )


def test_runs_that_differ_in_name_and_seed_alone_belong_together() -> None:
    infos = [info(1), info(2), info(1, lr=0.1), info(3), None, info(1, corpus="d")]

    assert same_config(infos) == ((0, 1, 3), (2,), (4,), (5,))


def test_a_config_is_compared_as_json_is() -> None:
    assert same_config([info(1, a=1), info(2, a=1.0)]) == ((0, 1),)
    assert same_config([info(1, a=1), info(2, a=True)]) == ((0,), (1,))
    assert same_config([info(1, a={"b": 1, "c": 2}), info(2, a={"c": 2, "b": 1})]) == ((0, 1),)


def test_a_run_without_a_seed_is_alone() -> None:
    without = RunInfo(experiment="x", config={"a": 1})

    assert same_config([without, without, None, None]) == ((0,), (1,), (2,), (3,))


def test_what_is_not_recorded_is_not_the_same_as_what_is() -> None:
    assert same_config([info(1), info(2, corpus=None), info(3)]) == ((0, 2), (1,))


def test_a_run_that_sees_its_targets_belongs_to_no_other() -> None:
    leaking = msgspec.structs.replace(info(2), gate={"passed": False})

    assert same_config([info(1), leaking, info(3)]) == ((0, 2), (1,))


def test_a_seed_that_was_run_twice_counts_once_with_its_mean() -> None:
    infos = [info(1), info(1), info(2)]

    (group,) = groups_of(infos, [result(1.0), result(3.0), result(4.0)])

    spread = group.spreads["best_val_loss"]
    assert (group.label, group.seeds) == ("ABC", 2)
    assert (spread.values, spread.mean) == ((2.0, 4.0), 3.0)
    assert spread.sd == pytest.approx(2**0.5)


def test_groups_are_tested_and_a_single_seed_says_why_not() -> None:
    infos = [info(1), info(2), info(1, lr=0.1), info(2, lr=0.1), info(1, lr=0.2)]
    losses = [3.0, 3.1, 2.0, 2.2, 1.0]

    tests = group_tests(groups_of(infos, [result(loss) for loss in losses]))

    by_pair = {(test.first, test.second): test.outcome for test in tests}
    assert isinstance(by_pair["AB", "CD"], Welch)
    assert by_pair["AB", "CD"].difference == pytest.approx(-0.95)
    assert "two seeds or more" in str(by_pair["AB", "E"])


def test_a_single_seed_has_neither_deviation_nor_interval() -> None:
    (group,) = groups_of([info(1)], [result(3.0)])

    spread = group.spreads["best_val_loss"]
    assert (spread.mean, spread.sd, spread.low, spread.high) == (3.0, None, None, None)


_RUNS = st.lists(
    st.tuples(
        st.integers(1, 3),
        st.sampled_from([1e-3, 1e-2]),
        st.sampled_from(["c", "d", None]),
        st.one_of(st.none(), st.floats(0, 20)),
    ),
    min_size=1,
    max_size=8,
)


@given(_RUNS, st.randoms(use_true_random=False))
def test_the_order_of_the_runs_changes_nothing(runs: list[Any], random: Any) -> None:
    order = list(range(len(runs)))
    random.shuffle(order)

    assert found(runs, list(range(len(runs)))) == found(runs, order)


def found(runs: list[Any], order: list[int]) -> tuple[Any, Any]:
    """Return groups as sets of runs with their spreads, and p values, both without any order."""
    infos = [info(*runs[index][:3]) for index in order]
    groups = groups_of(infos, [result(runs[index][3]) for index in order])
    members = {g.label: frozenset(order[index] for index in g.indexes) for g in groups}
    spreads = {members[g.label]: (g.seeds, dict(g.spreads)) for g in groups}
    tests = {
        frozenset((members[test.first], members[test.second])): (
            (test.outcome.p, abs(test.outcome.difference))
            if isinstance(test.outcome, Welch)
            else test.outcome
        )
        for test in group_tests(groups)
    }
    return spreads, tests
