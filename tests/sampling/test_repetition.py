import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.repetition import (
    is_collapsed,
    is_degenerate,
    longest_line_run,
    merged_whitespace,
    seq_rep_n,
    top_token_share,
)

token_lists = st.lists(st.integers(0, 5), max_size=60)


@pytest.mark.parametrize(
    ("tokens", "n", "expected"),
    [
        ([1, 2, 3], 4, None),
        ([1, 2, 3, 4], 4, 0.0),
        # 4-grams: 1212 2121 1212 2121 1212 -> 2 unique of 5
        ([1, 2, 1, 2, 1, 2, 1, 2], 4, 1 - 2 / 5),
        # 4-grams: 1231 2312 3123 1231 -> 3 unique of 4
        ([1, 2, 3, 1, 2, 3, 1], 4, 0.25),
        ([7] * 10, 4, 1 - 1 / 7),
        # bigrams: 12 21 12 -> 2 unique of 3
        ([1, 2, 1, 2], 2, 1 - 2 / 3),
    ],
)
def test_seq_rep_counts_repeated_n_grams(tokens, n, expected):
    assert seq_rep_n(tokens, n) == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize(
    ("tokens", "expected"), [([], 0.0), ([5], 1.0), ([1, 2], 0.5), ([1, 2, 1, 3, 4], 0.4)]
)
def test_share_of_the_commonest_token(tokens, expected):
    assert top_token_share(tokens) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("\n\n\n\n", 0),
        ("a", 1),
        ("a\na\nb\na\na\na\n", 3),
        ("a\n\na\n", 1),
        ("  a\na\n", 1),
        ("x\r\nx\r\nx", 3),
        ("   \n   \n   \n   \n", 0),
    ],
)
def test_longest_run_of_a_line(text, expected):
    assert longest_line_run(text) == expected


@pytest.mark.parametrize(
    ("tokens", "text", "expected"),
    [
        ([], "", False),
        (range(128), "all different", False),
        # 6 unique of 11 4-grams: 0.4545; 5 of 10: 0.5
        ([1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2], "", False),
        ([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3], "", True),
        # The commonest token: 3 of 7, then 4 of 8.
        ([9, 1, 9, 2, 9, 3, 4], "", False),
        ([9, 1, 9, 2, 9, 3, 9, 4], "", True),
        (range(20), "pass\npass\npass\n", False),
        (range(20), "pass\npass\npass\npass\n", True),
        (range(20), "pass\npass\n\npass\npass\n", False),
    ],
)
def test_collapse_begins_exactly_at_its_thresholds(tokens, text, expected):
    assert is_collapsed(list(tokens), text) is expected


def test_the_earlier_runs_text_is_collapsed():
    assert is_collapsed([1, 2] * 64, ":)" * 64)


def test_indentation_does_not_make_code_collapsed():
    line = [b" ", b" ", b" ", b" ", b"x", b" =", b" ", b" ", b"1", b"\n"]

    assert merged_whitespace(line) == [b"    ", b"x", b" =", b"  ", b"1", b"\n"]
    assert is_collapsed([b" "] * 60 + [b"a", b"b", b"c", b"d", b"e"], "") is True
    assert (
        is_collapsed(merged_whitespace([b" "] * 60 + [b"a", b"b", b"c", b"d", b"e"]), "") is False
    )


@pytest.mark.parametrize(("blank", "expected"), [(80, False), (90, True), (100, True)])
def test_hardly_anything_but_whitespace_is_degenerate(blank, expected):
    pieces = [b" "] * blank + [f"w{i}".encode() for i in range(100 - blank)]

    assert is_degenerate(pieces, b"".join(pieces).decode()) is expected


def test_nothing_but_whitespace_is_collapsed():
    assert is_collapsed(merged_whitespace([b" ", b"\n"] * 20), " \n" * 20)


@given(st.lists(st.sampled_from([b" ", b"\n", b"a", b" b"])))
def test_merging_loses_no_byte(pieces):
    assert b"".join(merged_whitespace(pieces)) == b"".join(pieces)


@given(token_lists, st.integers(1, 6))
def test_seq_rep_is_a_share(tokens, n):
    share = seq_rep_n(tokens, n)

    assert (share is None) == (len(tokens) < n)
    assert share is None or 0 <= share < 1


@given(token_lists, st.permutations(range(6)))
def test_scores_do_not_depend_on_which_tokens_stand_for_what(tokens, names):
    renamed = [names[token] for token in tokens]

    assert seq_rep_n(renamed) == seq_rep_n(tokens)
    assert top_token_share(renamed) == top_token_share(tokens)


@given(st.lists(st.integers(0, 50), min_size=4, max_size=30))
def test_saying_it_twice_repeats_more(tokens):
    assert (seq_rep_n(tokens * 2) or 0) >= (seq_rep_n(tokens) or 0)


@given(st.text(alphabet="ab \n", max_size=60))
def test_line_run_agrees_with_a_plain_count(text):
    longest = run = 0
    before = None
    for line in text.splitlines():
        run = run + 1 if line == before else 1
        before = line
        longest = max(longest, run if line.strip() else 0)

    assert longest_line_run(text) == longest
