"""What rounds of samples are, in words: each method is one event, recorded and said."""

from trainer.collapse_watch import Change
from trainer.lines import rounded
from trainer.news import News
from trainer.suite_samples import Round

_EXCERPT_CHARS = 60


class SamplingNews:
    """Tells of the rounds of one run."""

    def __init__(self, news: News, share: float) -> None:
        self._news = news
        self._limit = f"{100 * share:g} %"

    def drawn(
        self, found: Round, round_s: float, share: float, left_out: int, *, is_asked: bool
    ) -> str:
        """Tell what a round is like; return the message.

        Args:
            found: the round.
            round_s: that it took.
            share: of the attempt's time that all rounds took, but for those that were asked for.
            left_out: rounds that were left out since the last one.
            is_asked: whether a person asked for it.
        """
        cost = "asked for" if is_asked else f"{percent(share, 1)} of the time so far"
        message = (
            f"{len(found.samples)} samples in {round_s:.2f} s ({cost}): "
            f"mode collapse {percent(found.mode_collapse)}, "
            f"keywords {percent(found.keyword_presence)}, valid {percent(found.validity)}"
        )
        if left_out:
            message += f"; before it, {_rounds(left_out)} left out for lack of time"
        seq_rep_4 = found.seq_rep_4
        self._news.tell(
            "samples",
            message,
            samples=len(found.samples),
            sample_s=round(round_s, 3),
            sample_share=rounded(share),
            mode_collapse=rounded(found.mode_collapse),
            keyword_presence=rounded(found.keyword_presence),
            validity=rounded(found.validity),
            seq_rep_4=rounded(seq_rep_4) if seq_rep_4 is not None else None,
            left_out=left_out,
            asked=is_asked,
        )
        return message

    def change(self, change: Change, found: Round, *, is_early: bool) -> None:
        """Tell that the samples have collapsed, or that this is over."""
        share, worst = percent(found.mode_collapse), found.worst
        count = f"{sum(bool(s.collapsed) for s in found.samples)} of {len(found.samples)} samples"
        if change == "collapse_over":
            message = f"mode collapse is down to {share}, {count}"
            self._news.tell(change, message, mode_collapse=rounded(found.mode_collapse))
            return
        usual = ", as is usual while the learning rate still rises" if is_early else ""
        self._news.tell(
            change,
            f"mode collapse {share}: {count} repeat themselves or are blank{usual}; one of them, "
            f"after {excerpt(worst.prompt)}, ends in {excerpt(worst.text)}",
            mode_collapse=rounded(found.mode_collapse),
            early=is_early,
            prompt_id=worst.prompt_id,
        )

    def left_out(self, count: int, predicted_s: float, *, is_measured: bool) -> None:
        """Tell that there is no time for a round.

        Args:
            count: rounds that were left out in a row.
            predicted_s: that one would take.
            is_measured: whether that is known, rather than the least it can be.
        """
        time = f"about {_seconds(predicted_s)}"
        if not is_measured:
            time = f"{_seconds(predicted_s)} at the least"
        self._news.tell(
            "samples_left_out",
            f"no samples, {_rounds(count)} left out: one takes {time}, and "
            f"with it rounds would take more than {self._limit} of the time so far (sample.share)",
            left_out=count,
            predicted_s=round(predicted_s, 3),
        )

    def failed(self, reason: str) -> str:
        """Tell that a round came to nothing; return the message."""
        message = f"no samples: {reason}; training goes on"
        self._news.tell("samples_failed", message)
        return message


def percent(share: float, digits: int = 0) -> str:
    """Return a share of 1 as text."""
    return f"{100 * share:.{digits}f} %"


def excerpt(text: str) -> str:
    """Return the end of `text` in quotes, on one line, with what is not printable spelled out."""
    return f"'{''.join(map(_printable, text[-_EXCERPT_CHARS:]))}'"


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode()


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"


def _rounds(count: int) -> str:
    return "1 round was" if count == 1 else f"{count} rounds were"
