"""The last round of samples, with intervals."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokmon.monitor.generation_summary import (
    distinct_2_words,
    generation_summary,
    last_round,
    units_of,
)
from tokmon.monitor.intervals import bootstrap_mean, jackknife, wilson
from tokmon.rundir.records import Sample


def sample(prompt_id: str | None = None, step: int = 10, **fields: object) -> Sample:
    return Sample(prompt="p", step=step, prompt_id=prompt_id, **fields)  # type: ignore[arg-type]  # by name


def test_the_last_round_is_the_one_that_was_written_last() -> None:
    samples = [sample("a", 20), sample("a", 10), sample("b", 10)]

    assert [(found.prompt_id, found.step) for found in last_round(samples)] == [
        ("a", 10),
        ("b", 10),
    ]


def test_of_a_prompt_that_comes_twice_the_newer_line_wins() -> None:
    samples = [sample("a", text="old"), sample("b"), sample("a", text="new")]

    assert sorted((found.prompt_id or "", found.text) for found in last_round(samples)) == [
        ("a", "new"),
        ("b", ""),
    ]


def test_samples_without_a_name_all_count() -> None:
    assert len(last_round([sample(), sample(), sample()])) == 3


def test_shares_have_wilson_intervals() -> None:
    samples = [
        sample(str(n), collapsed=n < 8, has_keyword=True, validity="valid" if n < 4 else "nothing")
        for n in range(16)
    ]

    found = generation_summary(samples)

    assert found is not None
    assert found.mode_collapse == wilson(8, 16)
    assert found.keyword_presence == wilson(16, 16)
    assert found.validity == wilson(4, 16)
    assert found.seq_rep_4 is None


def test_without_samples_there_is_nothing() -> None:
    assert generation_summary([]) is None


def test_wilson_is_as_published() -> None:
    # Newcombe 1998, Statistics in Medicine 17, table I: 15 of 148.
    found = wilson(15, 148)

    assert found is not None
    assert (found.low, found.high) == (
        pytest.approx(0.0624, abs=5e-5),
        pytest.approx(0.1605, abs=5e-5),
    )


@given(st.integers(0, 200), st.integers(1, 200))
def test_a_share_lies_in_its_interval_within_0_and_1(part: int, rest: int) -> None:
    found = wilson(part, part + rest)

    assert found is not None
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.value <= found.high <= 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_a_mean_lies_in_its_interval_and_is_the_same_each_time(values: list[float]) -> None:
    found = bootstrap_mean(values)

    assert found is not None
    assert found == bootstrap_mean(values)
    assert found.low is not None
    assert found.high is not None
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


def test_distinct_pairs_are_of_words_signs_and_whitespace() -> None:
    assert units_of("if x:\n    y") == ["if", " ", "x", ":", "\n    ", "y"]
    found = distinct_2_words(["a b a b", "a b"])
    assert found is not None
    assert found.value == pytest.approx(4 / 8)  # a_ _b b_ _a among 6 + 2


def test_a_model_that_says_one_thing_has_few_distinct_pairs() -> None:
    same = distinct_2_words(["):):):" * 5] * 8)
    other = distinct_2_words([f"def f{n}(a{n}): return b{n}" for n in range(8)])

    assert same is not None
    assert other is not None
    assert same.value < 0.02 < other.value
    assert distinct_2_words(["", "x"]) is None


@given(st.text(max_size=60))
def test_units_are_the_text(text: str) -> None:
    assert "".join(units_of(text)) == text


@given(st.lists(st.text(max_size=20), max_size=10))
def test_distinct_is_a_share(texts: list[str]) -> None:
    found = distinct_2_words(texts)

    assert found is None or 0 < found.value <= 1
    assert jackknife(0.5, []).low is None
