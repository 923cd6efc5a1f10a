"""The replay of made-up runs: the ETA is near, and the range holds what came."""

import numpy as np
import pytest

from bench.eta import SHARES, made_up, made_up_runs, replay


@pytest.mark.parametrize("name", ["steady", "long pauses"])
def test_from_a_tenth_on_the_error_is_small_and_the_range_holds_the_truth(name: str) -> None:
    run = next(run for run in made_up_runs() if run.name == name)

    found = list(replay(run))

    assert [one.share for one in found] == list(SHARES)
    assert all(one.is_within for one in found)
    assert all(abs(one.error) < 0.08 for one in found if one.share >= 0.1)


def test_a_slower_half_is_followed_within_its_first_half() -> None:
    slow = np.where(np.arange(500) < 250, 0.04, 0.08)

    late = [one for one in replay(made_up("slow", slow, 5, 50)) if one.share >= 0.75]

    assert all(abs(one.error) < 0.1 for one in late)
    assert all(one.is_within for one in late)
