"""All metrics of a set of samples, beside those of human code. Runs no model, writes no file."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from trainer.repetition import is_degenerate, merged_whitespace, rep_line, seq_rep_n
from trainer.scoring.compression import zlib_ratio
from trainer.scoring.copying import Progress, longest_copies
from trainer.scoring.diversity import distinct, unique_outputs
from trainer.scoring.intervals import Estimate, bootstrap_mean, share_of
from trainer.scoring.measures import NOT_MEASURED, Measures, Predictions, Scores
from trainer.scoring.python_text import Verdict, has_keyword, judge, tokenises
from trainer.scoring.samples import Sample

_NOTHING = Predictions()
_SIZES = (1, 2, 3, 4)


def score_samples(
    samples: Sequence[Sample],
    human: Sequence[Sample],
    *,
    seed: int,
    predictions: Predictions = _NOTHING,
    corpus: NDArray[np.uint16] | None = None,
    on_progress: Progress | None = None,
) -> Scores:
    """Return every metric of the samples, and the same of the human pieces.

    Args:
        samples: of the model, over the prompt suite.
        human: as `human_pieces` cuts them.
        seed: of the intervals.
        predictions: what the model made of held-out text and of both sets.
        corpus: tokens of the training split; None leaves out copies, the one slow metric.
        on_progress: told how far the corpus has been read.
    """
    copies = _copies(samples, human, corpus, on_progress)
    own = measure(samples, seed, copies[: len(samples)], predictions.entropy)
    theirs = measure(human, seed, copies[len(samples) :], predictions.human_entropy)
    return Scores(
        **{name: getattr(own, name) for name in own.__struct_fields__},
        val_loss=predictions.val_loss,
        val_ppl=predictions.val_ppl,
        val_bpb=predictions.val_bpb,
        keyword_accuracy=predictions.accuracy.get("keyword", NOT_MEASURED),
        accuracy=predictions.accuracy,
        human=theirs,
    )


def measure(
    samples: Sequence[Sample],
    seed: int,
    copies: Sequence[int] = (),
    entropy: Estimate = NOT_MEASURED,
) -> Measures:
    """Return the metrics of one set.

    Args:
        samples: the set.
        seed: of the intervals.
        copies: longest copy of each; none leaves them out.
        entropy: of the model on them.
    """
    units = [merged_whitespace(sample.pieces) for sample in samples]
    verdicts = [judge(s.prompt, s.text, is_finished=s.is_finished) for s in samples]
    return Measures(
        samples=len(samples),
        mode_collapse=mode_collapse(samples),
        keyword_presence=share_of([has_keyword(s.prompt, s.text) for s in samples]),
        validity=share_of([verdict is Verdict.VALID for verdict in verdicts]),
        complete=share_of([verdict is not Verdict.NOTHING for verdict in verdicts]),
        tokenisable=share_of(
            [tokenises(s.prompt, s.text, is_finished=s.is_finished) for s in samples]
        ),
        **{
            f"seq_rep_{n}": bootstrap_mean([seq_rep_n(unit, n) for unit in units], seed)
            for n in _SIZES
        },
        rep_line=bootstrap_mean([rep_line(sample.text) for sample in samples], seed),
        **{f"distinct_{n}": distinct(units, n) for n in _SIZES},
        unique_outputs=unique_outputs([sample.text for sample in samples]),
        zlib_ratio=bootstrap_mean([zlib_ratio(sample.text) for sample in samples], seed),
        longest_copy=bootstrap_mean([float(copy) for copy in copies], seed),
        longest_copy_max=max(copies, default=None),
        entropy=entropy,
    )


def mode_collapse(samples: Sequence[Sample]) -> Estimate:
    """Return the share of samples that are degenerate, with Wilson's interval."""
    return share_of([is_degenerate(sample.pieces, sample.text) for sample in samples])


def _copies(
    samples: Sequence[Sample],
    human: Sequence[Sample],
    corpus: NDArray[np.uint16] | None,
    on_progress: Progress | None,
) -> list[int]:
    if corpus is None:
        return []
    return longest_copies([sample.ids for sample in (*samples, *human)], corpus, on_progress)
