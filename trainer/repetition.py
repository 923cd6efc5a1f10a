"""How repetitive a generated text is. Pure functions of token ids and text; no torch."""

from collections import Counter
from collections.abc import Hashable, Sequence
from itertools import groupby

COLLAPSED_SEQ_REP_4 = 0.5
COLLAPSED_TOKEN_SHARE = 0.5
COLLAPSED_LINE_RUN = 4
COLLAPSED_WHITESPACE_SHARE = 0.9


def seq_rep_n(tokens: Sequence[Hashable], n: int = 4) -> float | None:
    """Return 1 - unique n-grams / n-grams, from 0 (none repeats) to below 1.

    Welleck et al. 2019, arXiv 1908.04319, section 6. None where `tokens` has no n-gram.
    """
    count = len(tokens) - n + 1
    if count < 1:
        return None
    unique = {tuple(tokens[start : start + n]) for start in range(count)}
    return 1 - len(unique) / count


def rep_line(text: str) -> float | None:
    """Return 1 - unique non-blank lines / non-blank lines, from 0 to below 1.

    rep-line of arXiv 2504.12608 (2025), as a share. Indentation counts, what trails a
    line does not. None where `text` has no such line.
    """
    lines = [line.rstrip() for line in text.splitlines() if line.strip()]
    return 1 - len(set(lines)) / len(lines) if lines else None


def distinct_n(samples: Sequence[Sequence[Hashable]], n: int) -> float | None:
    """Return unique n-grams / n-grams over all samples together, above 0 to 1.

    Li et al. 2015, arXiv 1510.03055. It falls as samples are added, so that only sets of
    the same size compare. No n-gram reaches over two samples. None where there is none.
    """
    ngrams = [ngram for sample in samples for ngram in ngrams_of(sample, n)]
    return len(set(ngrams)) / len(ngrams) if ngrams else None


def ngrams_of(tokens: Sequence[Hashable], n: int) -> list[tuple[Hashable, ...]]:
    """Return the n-grams of `tokens`, one for each place they begin at."""
    return [tuple(tokens[start : start + n]) for start in range(len(tokens) - n + 1)]


def top_token_share(tokens: Sequence[Hashable]) -> float:
    """Return the share of the commonest token among all, 0 to 1; 0 without tokens."""
    if not tokens:
        return 0.0
    return max(Counter(tokens).values()) / len(tokens)


def longest_line_run(text: str) -> int:
    """Return how often the same non-blank line stands in a row at most; a blank line ends a row."""
    runs = groupby(text.splitlines())
    return max((sum(1 for _ in run) for line, run in runs if line.strip()), default=0)


def merged_whitespace(pieces: Sequence[bytes]) -> list[bytes]:
    """Return the tokens' bytes with each run of whitespace-only tokens as one.

    GPT-2 has a token for each space of an indentation, so that by its tokens 34 % of human code
    counts as collapsed, and as judged here 0.1 % (bench/collapse_of_human_code.py).
    """
    runs = groupby(pieces, key=lambda piece: not piece.strip())
    return [unit for is_blank, run in runs for unit in ([b"".join(run)] if is_blank else list(run))]


def is_collapsed(units: Sequence[Hashable], text: str) -> bool:
    """Say whether a continuation is degenerate.

    It is if seq-rep-4 is 0.5 or more, or one unit makes up half of it or more, or the same
    non-blank line stands four or more times in a row.

    Args:
        units: what repeats: tokens as `merged_whitespace` returns them.
        text: what they decode to.
    """
    return (
        (seq_rep_n(units, 4) or 0.0) >= COLLAPSED_SEQ_REP_4
        or top_token_share(units) >= COLLAPSED_TOKEN_SHARE
        or longest_line_run(text) >= COLLAPSED_LINE_RUN
    )


def is_degenerate(pieces: Sequence[bytes], text: str) -> bool:
    """Say whether a continuation is collapsed as `is_collapsed` has it, or hardly any text at all.

    With whitespace merged, a text of nothing but indentation would be too short to repeat itself:
    it counts as degenerate if nine tenths of its tokens or more are whitespace.

    Args:
        pieces: bytes of each token.
        text: what they decode to.
    """
    blank = sum(not piece.strip() for piece in pieces)
    is_blank = bool(pieces) and blank / len(pieces) >= COLLAPSED_WHITESPACE_SHARE
    return is_blank or is_collapsed(merged_whitespace(pieces), text)
