import pytest

from trainer.evaluation.trust import implausible
from trainer.evaluation.verdicts import (
    KEYWORD_PRESENCE,
    MODE_COLLAPSE,
    against_human,
    against_xz,
    judged,
    no_goal,
    refused,
    shown,
)
from trainer.scoring.intervals import Estimate, share_of
from trainer.scoring.measures import Scores
from trainer.scoring.report import score_samples

NOTHING = score_samples([], [], seed=0)


def scores(collapse, keyword, valid, human_valid):
    import msgspec

    def share(part):
        return share_of([True] * part + [False] * (100 - part))

    human = msgspec.structs.replace(NOTHING.human, validity=share(human_valid))
    found: Scores = msgspec.structs.replace(
        NOTHING,
        mode_collapse=share(collapse),
        keyword_presence=share(keyword),
        validity=share(valid),
        human=human,
    )
    return found


@pytest.mark.parametrize(
    ("target", "found", "expected"),
    [
        (MODE_COLLAPSE, Estimate(0.02, 0.0, 0.05), "met"),
        (MODE_COLLAPSE, Estimate(0.02, 0.0, 0.2), "met?"),
        (MODE_COLLAPSE, Estimate(0.1, 0.05, 0.2), "missed?"),
        (MODE_COLLAPSE, Estimate(0.8, 0.7, 0.9), "missed"),
        (KEYWORD_PRESENCE, Estimate(0.95, 0.92, 1.0), "met"),
        (KEYWORD_PRESENCE, Estimate(0.5, 0.4, 0.6), "missed"),
        (KEYWORD_PRESENCE, Estimate(0.95), "met"),
        (KEYWORD_PRESENCE, Estimate(), ""),
    ],
)
def test_a_target_is_met_or_missed_or_open(target, found, expected):
    assert target.verdict(found) == expected


@pytest.mark.parametrize(
    ("ours", "human", "expected"),
    [
        (Estimate(0.5, 0.4, 0.6), Estimate(0.55, 0.5, 0.7), "like human"),
        (Estimate(0.5, 0.4, 0.6), Estimate(0.8, 0.7, 0.9), "below human"),
        (Estimate(0.5, 0.4, 0.6), Estimate(0.2, 0.1, 0.3), "above human"),
        (Estimate(0.5), Estimate(0.2), "above human"),
        (Estimate(), Estimate(0.2), ""),
        (Estimate(0.2), Estimate(), ""),
    ],
)
def test_like_human_is_where_the_intervals_meet(ours, human, expected):
    assert against_human(ours, human) == expected


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (scores(81, 90, 40, 40), "collapsed"),
        (scores(30, 90, 40, 40), "repeats itself"),
        (scores(2, 95, 30, 40), "writes code"),
        (scores(2, 95, 10, 40), "writes pieces of code"),
        (scores(2, 95, 0, 40), "writes no code yet"),
        (scores(2, 20, 30, 40), "writes no code yet"),
        (NOTHING, "writes no code yet"),
    ],
)
def test_the_conclusion_begins_with_the_verdict(found, verdict):
    word, sentence = judged(found, NOTHING)

    assert word == verdict
    assert sentence.startswith(f"{verdict}: ")
    assert "of samples repeat themselves" in sentence


def test_numbers_that_cannot_be_believed_have_no_other_verdict():
    too_good = implausible(0.02, 0.3, 0.2)

    assert refused((too_good,), too_good)[0] == "too good to be true"
    assert refused(("broken", too_good), too_good)[0] == "not valid"
    assert refused(("broken",), "")[1] == "not valid: broken"
    assert "0.020 bits a byte" in too_good
    assert "20.0% of its 13-grams" in too_good
    assert implausible(0.3, 0.3, 0.2) == implausible(None, 0.3, 0.2) == ""


def test_bits_a_byte_stand_beside_xz():
    assert against_xz(Estimate(1.2)) == "better than xz"
    assert against_xz(Estimate(2.4)) == "worse than xz"
    assert against_xz(Estimate()) == ""
    # log2(1.01) / 2.2 bytes a token.
    assert "0.0065 bits a byte here, 207 times better" in no_goal(2.2)


@pytest.mark.parametrize(
    ("value", "form", "text"),
    [
        (None, "number", "-"),
        (0.0, "percent", "0 %"),
        (1.0, "percent", "100 %"),
        (0.507, "percent", "50.7 %"),
        (3.70149, "number", "3.701"),
        (0.00016, "number", "0.000"),
        (0.81746, "number", "0.817"),
        (48213.7, "number", "48,214"),
        (float("inf"), "number", "inf"),
    ],
)
def test_numbers_for_people(value, form, text):
    assert shown(value, form) == text
