import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.corpus.drafts import drafted, ngram_set
from tests.corpus.samples import write_recipe, write_tree
from trainer.corpus import draft as draft_module
from trainer.corpus.build import open_or_build
from trainer.corpus.ngrams import hashed_ngrams
from trainer.corpus.overlap import OverlapCount
from trainer.tokenizer import load_tokenizer

HASHES = [7406726516383725710, 11150235098889681895, 8701921637595609611]
EVERY_TOKEN = np.ones(50_257, dtype=bool)


def overlap(folder, validation, training, is_counted=EVERY_TOKEN):
    with drafted(folder, validation, training) as draft:
        count = OverlapCount(draft.pieces(draft.of_split("val")), is_counted)
        read = [piece.first for piece in count.watch(draft.pieces(draft.of_split("train")))]
        assert read == sorted(read)
        return count.result()


def test_every_place_of_an_ngram_counts(tmp_path):
    known = list(range(13))

    result = overlap(tmp_path, [[*known, 99, *known], [7] * 20], [[5, *known, 5]])

    assert (result.n, result.ngrams, result.seen) == (13, 15 + 8, 2)
    assert result.share == 2 / 23


def test_no_ngram_reaches_over_two_documents(tmp_path):
    text = list(range(20))

    assert overlap(tmp_path, [text], [text[:10], text[10:]]).seen == 0
    assert overlap(tmp_path, [text[:10], text[10:]], [text]).ngrams == 0


def test_validation_without_an_ngram_has_no_overlap(tmp_path):
    assert overlap(tmp_path, [[1, 2], []], [[1, 2]]).share == 0


def test_tokens_that_are_not_counted_are_as_if_left_out(tmp_path):
    is_counted = EVERY_TOKEN.copy()
    is_counted[220] = False
    code = list(range(13))

    result = overlap(
        tmp_path, [[220, 220, *code]], [[*code[:5], *[220] * 9, *code[5:]]], is_counted
    )

    assert (result.ngrams, result.seen) == (1, 1)


# Few different tokens, so that n-grams repeat; document lengths on both sides of 13.
SPLIT = st.lists(st.lists(st.integers(0, 1), max_size=30), max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(SPLIT, SPLIT, st.sampled_from([7, 40, 2**20]))
def test_as_counted_one_by_one(tmp_path_factory, validation, training, piece_tokens):
    standing = set().union(*(ngram_set(ids, 13) for ids in training))
    places = [tuple(ids[at : at + 13]) for ids in validation for at in range(len(ids) - 12)]

    kept, draft_module._PIECE_TOKENS = draft_module._PIECE_TOKENS, piece_tokens
    try:
        result = overlap(tmp_path_factory.mktemp("draft"), validation, training)
    finally:
        draft_module._PIECE_TOKENS = kept

    assert result.ngrams == len(places)
    assert result.seen == sum(place in standing for place in places)


def test_the_hash_is_the_same_on_every_machine():
    tokens = np.array([0, 1, 50256, 50256, 7], dtype=np.uint16)

    assert hashed_ngrams(tokens, 3).tolist() == HASHES
    assert len(hashed_ngrams(tokens, 6)) == 0


@given(st.lists(st.integers(0, 50_256), min_size=5, max_size=60))
def test_equal_ngrams_and_only_they_have_equal_hashes(ids):
    hashes = hashed_ngrams(np.array(ids, dtype=np.uint16), 5)

    assert len(set(hashes.tolist())) == len(ngram_set(ids))


def test_the_manifest_states_the_overlap_with_and_without_whitespace(tmp_path):
    shared = "def total(values):\n    return sum(value * value for value in values if value)\n"
    files = {"alpha.py": f"import os\n\n\n{shared}", "beta.py": f"ONE = {{}}\n\n\n{shared}" * 2}
    write_tree(tmp_path / "src", files)

    manifest = open_or_build(write_recipe(tmp_path, split='validation = ["beta"]')).manifest

    counts = manifest.overlap_counts
    ids = load_tokenizer().encode(files["beta.py"])
    assert counts["all_tokens"].ngrams == len(ids) - 12
    assert manifest.overlap == counts["all_tokens"].share
    assert 0 < manifest.overlap < 1
    assert counts["without_whitespace"].ngrams < counts["all_tokens"].ngrams
