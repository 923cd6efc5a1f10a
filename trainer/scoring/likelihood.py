"""How well a text is predicted: the units that a sum of nats is told in. Pure arithmetic."""

import math


def mean_loss(nats: float, tokens: int) -> float | None:
    """Return the mean cross-entropy in nats per token; None without tokens.

    Args:
        nats: sum of -ln p over the tokens scored.
        tokens: how many these are.
    """
    return nats / tokens if tokens else None


def perplexity(loss: float) -> float:
    """Return exp(loss); infinity where a float cannot hold it.

    Jelinek et al. 1977, "Perplexity - a measure of the difficulty of speech recognition tasks".

    Args:
        loss: mean nats per token.
    """
    return math.exp(loss) if loss < 709 else math.inf


def bits_per_byte(nats: float, utf8_bytes: int) -> float | None:
    """Return nats / ln 2 / bytes, which does not depend on the tokenizer; None without bytes.

    Gao et al. 2020, arXiv 2101.00027 (The Pile).

    Args:
        nats: sum of -ln p over the tokens that stand for bytes.
        utf8_bytes: how many bytes these stand for.
    """
    return nats / math.log(2) / utf8_bytes if utf8_bytes else None
