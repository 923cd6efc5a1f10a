import json
import math
import subprocess
import sys
import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trainer.scoring.pieces import TOKENIZER, sample_of, split_of
from trainer.scoring.human import human_pieces
from trainer.scoring.intervals import Estimate
from trainer.scoring.measures import Measures, Predictions, Scores, flat
from trainer.scoring.report import measure, mode_collapse, score_samples

GOOD = sample_of("def f(x):", "\n    return x + 1\n\n\nprint(f(2))\n")
SMILES = sample_of("import numpy as np", ":)" * 40)
CODE = "".join(f"def f{n}(x):\n    y = x * {n}\n    return y\n\n\n" for n in range(30))
# What scripts read out of `tokmon eval --json`.
KEYS = {
    "val_loss",
    "val_ppl",
    "val_bpb",
    "mode_collapse",
    "keyword_presence",
    "keyword_accuracy",
    "validity",
    "seq_rep_4",
    "distinct_2",
    "human",
}


def test_a_good_and_a_collapsed_sample():
    found = measure([GOOD, SMILES], seed=0)

    assert found.samples == 2
    assert found.mode_collapse.value == 0.5
    assert found.keyword_presence.value == 0.5
    assert found.validity.value == 0.5
    assert found.complete.value == 0.5
    assert found.tokenisable.value == 0.5
    assert found.unique_outputs.value == 1.0
    assert found.rep_line.value == 0.0
    assert found.longest_copy == found.entropy == Estimate()
    # ":):)..." is one or two tokens over and over, the other has no 4-gram twice.
    assert 0.4 < found.seq_rep_4.value < 0.5
    assert (found.mode_collapse.low, found.mode_collapse.high) == (
        pytest.approx(0.0945, abs=1e-4),
        pytest.approx(0.9055, abs=1e-4),
    )


def test_collapse_counts_every_reason():
    blank = sample_of("", "\n" * 30)
    lines = sample_of("", "pass\n" * 4 + "a = b\nc = d\n")

    assert mode_collapse([GOOD, blank, lines, SMILES]).value == 0.75


def test_nothing_at_all_is_scored_as_nothing():
    empty = measure([], seed=0)
    silent = measure([sample_of("def f():", "", is_finished=True)], seed=0)

    assert empty.samples == 0
    assert empty.validity == empty.seq_rep_1 == empty.distinct_2 == Estimate()
    assert silent.validity.value == silent.keyword_presence.value == 0.0
    assert silent.seq_rep_1.value is None
    assert silent.zlib_ratio.value is None


def test_scores_stand_beside_those_of_human_code():
    split = split_of(CODE)
    samples = [GOOD, SMILES] * 4
    human = human_pieces(split, samples, TOKENIZER, seed=0)
    predictions = Predictions(
        val_loss=Estimate(1.4), accuracy={"keyword": Estimate(0.6, 0.5, 0.7)}, entropy=Estimate(2.0)
    )

    scores = score_samples(samples, human, seed=0, predictions=predictions, corpus=split.tokens)

    assert scores.val_loss.value == 1.4
    assert scores.keyword_accuracy == Estimate(0.6, 0.5, 0.7)
    assert scores.entropy.value == 2.0
    assert scores.human.entropy.value is None
    assert scores.human.mode_collapse.value == 0.0
    assert scores.human.samples == 8
    # The human pieces are of the corpus itself here: all of each is found.
    assert scores.human.longest_copy_max == max(len(piece.ids) for piece in human)
    assert scores.longest_copy.value < scores.human.longest_copy.value
    assert scores.unique_outputs.value == 0.25


def test_every_metric_has_an_interval_around_its_value():
    human = human_pieces(split_of(CODE), [GOOD] * 6, TOKENIZER, seed=0)
    scores = score_samples([GOOD, SMILES] * 3, human, seed=0, corpus=split_of(CODE).tokens)

    for side in (scores, scores.human):
        for name in Measures.__struct_fields__:
            estimate = getattr(side, name)
            if isinstance(estimate, Estimate) and estimate.value is not None:
                assert estimate.low - 1e-9 <= estimate.value <= estimate.high + 1e-9, name


def test_json_has_the_keys_that_scripts_read():
    losses = Predictions(val_loss=Estimate(1.5), val_ppl=Estimate(math.inf))
    scores = score_samples([GOOD], [GOOD], seed=0, predictions=losses)

    content = json.loads(json.dumps(flat(scores), allow_nan=False))

    assert set(content) >= KEYS
    assert content["val_loss"] == 1.5
    assert content["validity"] == content["human"]["validity"] == 1.0
    assert content["intervals"]["val_loss"] is None
    assert content["intervals"]["validity"] == [scores.validity.low, scores.validity.high]
    assert content["intervals"]["human"]["validity"] == content["intervals"]["validity"]
    assert content["val_ppl"] is None


def test_scores_survive_json():
    scores = score_samples([GOOD], [SMILES], seed=0)

    assert msgspec.json.decode(msgspec.json.encode(scores), type=Scores) == scores


def test_a_seed_gives_the_same_scores():
    assert measure([GOOD, SMILES], seed=1) == measure([GOOD, SMILES], seed=1)


@given(st.lists(st.tuples(st.text(max_size=20), st.text(max_size=40), st.booleans()), max_size=4))
def test_any_texts_are_scored(texts):
    samples = [sample_of(prompt, text, is_finished=end) for prompt, text, end in texts]

    found = measure(samples, seed=0)

    assert found.samples == len(texts)
    assert json.dumps(flat(found), allow_nan=False)


def test_sixty_four_samples_are_scored_in_well_under_a_second():
    ids = TOKENIZER.encode(CODE)
    samples = [
        sample_of("def f(x):", TOKENIZER.decode(ids[start : start + 128])) for start in range(64)
    ]
    measure(samples[:2], seed=0)
    started = time.process_time()

    measure(samples, seed=0)

    # 0.1 s where measured; the bound is for slow machines.
    assert time.process_time() - started < 2


def test_scoring_needs_no_torch():
    program = (
        "import sys, trainer.scoring.report, trainer.scoring.human, trainer.scoring.suite\n"
        "assert not {'torch', 'textual'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
