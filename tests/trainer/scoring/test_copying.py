import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.scoring import copying
from trainer.scoring.copying import longest_copies

END = 50256


def plainly(sample, corpus):
    """The longest run of `sample` in `corpus`, by looking for each."""
    corpus, count = list(corpus), len(sample)
    runs = {tuple(corpus[a:b]) for a in range(len(corpus)) for b in range(a + 1, len(corpus) + 1)}
    return max(
        (
            b - a
            for a in range(count)
            for b in range(a + 1, count + 1)
            if tuple(sample[a:b]) in runs
        ),
        default=0,
    )


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ([], 0),
        ([9], 0),
        ([1], 1),
        ([1, 2, 3, 4], 4),
        ([9, 2, 3, 9], 2),
        # Behind the end of a document another begins.
        ([3, 4, 5, 6], 2),
        ([5, 5, 5, 5], 3),
        ([65535], 0),
    ],
)
def test_longest_run_in_a_corpus(sample, expected):
    corpus = np.array([1, 2, 3, 4, END, 5, 5, 5, 6, END], dtype=np.uint16)

    assert longest_copies([sample], corpus) == [expected]


def test_samples_are_told_apart():
    corpus = np.array([1, 2, 3, END], dtype=np.uint16)

    assert longest_copies([[1, 2], [], [2, 3, 1], [7]], corpus) == [2, 0, 2, 0]
    assert longest_copies([], corpus) == []
    assert longest_copies([[1]], corpus[:0]) == [0]


@given(
    st.lists(st.lists(st.integers(0, 3), max_size=12), max_size=4),
    st.lists(st.integers(0, 3), max_size=40),
    st.integers(1, 50),
)
def test_agrees_with_looking_for_every_run(samples, corpus, chunk):
    tokens = np.array(corpus, dtype=np.uint16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(copying, "_CHUNK", chunk)

        assert longest_copies(samples, tokens) == [plainly(sample, corpus) for sample in samples]


def test_keys_that_share_a_slot_are_told_apart(monkeypatch):
    monkeypatch.setattr(copying, "_SLOT_BITS", 2)
    monkeypatch.setattr(copying, "_TO_SLOT", np.uint64(62))
    random = np.random.default_rng(0)
    corpus = random.integers(0, 30, 3000).astype(np.uint16)
    samples = [random.integers(0, 40, 20).tolist() for _ in range(10)]

    assert longest_copies(samples, corpus) == [plainly_long(sample, corpus) for sample in samples]


def plainly_long(sample, corpus):
    content = "".join(map(chr, corpus))
    text = "".join(map(chr, sample))
    spans = ((a, b) for a in range(len(text)) for b in range(a + 1, len(text) + 1))
    return max((b - a for a, b in spans if text[a:b] in content), default=0)


def test_reads_a_memory_map_and_tells_how_far(tmp_path):
    path = tmp_path / "train.tokens"
    np.arange(300_000).astype("<u2").tofile(path)
    told = []

    copies = longest_copies(
        [[5, 6, 7, 9]], np.memmap(path, "<u2", "r"), lambda done, total: told.append((done, total))
    )

    assert copies == [3]
    assert told[-1] == (300_000, 300_000)
    assert [done for done, _ in told] == sorted({done for done, _ in told})


def test_a_million_tokens_take_well_under_a_second_for_64_samples():
    random = np.random.default_rng(0)
    corpus = random.zipf(1.3, 1_000_000).clip(max=50000).astype(np.uint16)
    samples = [random.zipf(1.3, 128).clip(max=50000).tolist() for _ in range(64)]
    longest_copies(samples[:1], corpus[:1000])
    started = time.process_time()

    longest_copies(samples, corpus)

    # 0.5 s where measured; the bound is for slow machines.
    assert time.process_time() - started < 5
