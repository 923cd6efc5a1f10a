import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus.drafts import drafted, ngram_set
from tests.corpus.samples import texts, write_recipe, write_tree
from trainer.corpus import draft as draft_module
from trainer.corpus.build import open_or_build
from trainer.corpus.near_duplicates import find_near_duplicates
from trainer.corpus.progress import no_progress

RNG = np.random.default_rng(0)
BASE = RNG.integers(0, 50_000, 400).tolist()
OTHER = RNG.integers(0, 50_000, 400).tolist()


def changed(ids, places):
    """Return a copy with other tokens at `places` distant places: each costs five 5-grams."""
    copy = list(ids)
    for place in range(places):
        copy[10 + place * 20] = 50_001 + place
    return copy


def jaccard(one, other):
    one, other = ngram_set(one), ngram_set(other)
    return len(one & other) / len(one | other)


def found(folder, validation, training):
    with drafted(folder, validation, training) as draft:
        result = find_near_duplicates(draft, no_progress)
    return np.flatnonzero(result.is_removed).tolist(), dict(result.found)


def test_of_documents_in_training_that_are_almost_the_same_the_first_stays(tmp_path):
    training = [OTHER, BASE, changed(BASE, 3), changed(BASE, 5)]

    assert found(tmp_path, [], training) == ([2, 3], {"train": 2})


def test_across_the_split_the_one_in_training_goes_and_validation_keeps_all(tmp_path):
    validation = [BASE, changed(BASE, 2)]

    removed, counts = found(tmp_path, validation, [OTHER, changed(BASE, 4), changed(OTHER, 1)])

    assert removed == [3, 4]
    assert counts == {"val": 1, "across": 1, "train": 1}


@pytest.mark.parametrize(("places", "is_removed"), [(8, True), (9, False)])
def test_the_line_is_a_jaccard_of_four_fifths(tmp_path, places, is_removed):
    other = changed(BASE, places)
    assert (jaccard(BASE, other) >= 0.8) == is_removed

    removed, _ = found(tmp_path, [], [BASE, other])

    assert removed == [1] * is_removed


def test_exactly_four_fifths_is_alike(tmp_path):
    training = [list(range(13)), list(range(14)), list(range(12))]  # 9, 10 and 8 5-grams

    assert jaccard(training[1], training[2]) == 0.8
    assert found(tmp_path, [], training[1:]) == ([1], {"train": 1})


def test_in_a_chain_what_is_like_no_document_that_stays_stays(tmp_path):
    chain = [changed(BASE, places) for places in (0, 7, 14)]
    assert jaccard(chain[0], chain[2]) < 0.8

    assert found(tmp_path, [], chain) == ([1], {"train": 1})


def test_documents_without_a_5_gram_are_never_near_duplicates(tmp_path):
    assert found(tmp_path, [[], [1, 2]], [[1, 2, 3], [1, 2, 3, 4], []]) == ([], {})


def test_the_same_whatever_the_pieces(tmp_path, monkeypatch):
    validation = [BASE, OTHER[:50]]
    training = [changed(BASE, places) for places in range(6)] + [OTHER, [], [1], changed(OTHER, 2)]
    whole = found(tmp_path, validation, training)

    monkeypatch.setattr(draft_module, "_PIECE_TOKENS", 300)

    assert found(tmp_path, validation, training) == whole
    assert whole[1] == {"across": 6, "train": 1}


DOCUMENTS = st.lists(
    st.tuples(st.sampled_from([BASE[:60], OTHER[:60], BASE[:9]]), st.integers(0, 3)).map(
        lambda pair: changed(pair[0], min(pair[1], len(pair[0]) // 20))
    ),
    max_size=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(DOCUMENTS, DOCUMENTS)
def test_whatever_the_documents_no_two_that_stay_are_alike(tmp_path_factory, validation, training):
    documents = validation + training
    removed, _ = found(tmp_path_factory.mktemp("draft"), validation, training)

    staying = [number for number in range(len(documents)) if number not in removed]
    assert all(number >= len(validation) for number in removed)
    for number in range(len(validation), len(documents)):
        alike = [
            other
            for other in staying
            if other < number and jaccard(documents[other], documents[number]) >= 0.8
        ]
        assert bool(alike) == (number in removed)


FUNCTION = "def area_{0}(width, height):\n    return width * height + {0}\n\n"


def test_a_build_removes_near_duplicates_and_says_so(tmp_path):
    module = "".join(FUNCTION.format(number) for number in range(40))
    files = {
        "beta/a.py": module,
        "beta/b.py": module + "# validation keeps this\n",
        "alpha/leak.py": f"# copied\n{module}",
        "alpha/own.py": "class Own:\n    def method(self):\n        return [self, None]\n" * 9,
    }
    files["gamma.py"] = files["alpha/own.py"] + "LAST = 1\n"
    write_tree(tmp_path / "src", files)

    corpus = open_or_build(write_recipe(tmp_path, split='validation = ["beta"]'))

    assert texts(corpus.train) == [files["alpha/own.py"]]
    assert texts(corpus.val) == [files["beta/a.py"], files["beta/b.py"]]
    manifest = corpus.manifest
    assert manifest.near_duplicates == {"across": 1, "train": 1, "val": 1}
    assert (manifest.duplicates, manifest.duplicates_removed) == ({}, 2)
    assert manifest.splits["train"].units == ("alpha",)
    assert manifest.documents == manifest.sources[0].documents == 3
    assert (
        manifest.tokens
        == manifest.sources[0].tokens
        == sum(len(split.tokens) for split in (corpus.train, corpus.val))
    )
    assert not list(corpus.folder.glob("draft*"))
    corpus.verify()
