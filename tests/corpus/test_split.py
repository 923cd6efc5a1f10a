import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.rundir.errors import TokmonError
from trainer.corpus.recipe import SplitRule
from trainer.corpus.split import held_out_units

SIZES = {"alpha": 100, "beta": 200, "gamma": 50}
UNITS = st.dictionaries(st.text(min_size=1), st.integers(1, 10**9), min_size=2)


def test_named_units_are_held_out():
    assert held_out_units(SIZES, SplitRule(validation=("beta",))) == {"beta"}


@given(UNITS, st.floats(0.001, 0.999), st.integers())
def test_a_share_leaves_something_on_both_sides(sizes, share, seed):
    held_out = held_out_units(sizes, SplitRule(share=share, seed=seed))

    assert held_out
    assert held_out < set(sizes)
    assert held_out == held_out_units(
        dict(reversed(sizes.items())), SplitRule(share=share, seed=seed)
    )


def test_a_share_of_many_units_is_close_to_what_was_asked():
    sizes = {f"unit{number}": 100 + number for number in range(200)}

    held_out = held_out_units(sizes, SplitRule(share=0.1))

    assert sum(sizes[unit] for unit in held_out) == pytest.approx(
        0.1 * sum(sizes.values()), rel=0.1
    )


def test_the_seed_changes_the_choice():
    sizes = {f"unit{number}": 100 for number in range(50)}
    choices = {held_out_units(sizes, SplitRule(share=0.1, seed=seed)) for seed in range(5)}

    assert len(choices) == 5


def test_an_empty_module_is_never_the_whole_validation():
    sizes = {"__init__": 0, "big": 900, "small": 300}

    assert held_out_units(sizes, SplitRule()) == {"small"}


@pytest.mark.parametrize(
    ("sizes", "rule", "message"),
    [
        (SIZES, SplitRule(validation=("bta",)), r"no package is called 'bta'.*have beta"),
        (SIZES, SplitRule(validation=("zzzzzz",)), r"'zzzzzz'.*have alpha, beta, gamma"),
        (SIZES, SplitRule(validation=tuple(SIZES)), "nothing is left to train on"),
        ({"alone": 5}, SplitRule(), "only one package"),
        ({"alone": 5, "__init__": 0}, SplitRule(), "only one package"),
    ],
)
def test_an_impossible_split_is_explained(sizes, rule, message):
    with pytest.raises(TokmonError, match=message):
        held_out_units(sizes, rule)
