"""How much of a text zlib finds superfluous. Pure."""

import zlib


def zlib_ratio(text: str) -> float | None:
    """Return UTF-8 bytes / bytes after zlib at level 9: the more repetitive, the higher.

    The compression ratio of Shaib et al. 2024, arXiv 2403.00553, of each text on its own. Short
    texts stay near 1, or below it: compare with texts cut to the same length. None without text.
    """
    content = text.encode("utf-8", "surrogatepass")
    return len(content) / len(zlib.compress(content, 9)) if content else None
