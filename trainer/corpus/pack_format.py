"""What a packed corpus looks like: the names, their order, the compression. Reads and writes none.

A tar in one xz stream. Its members are those of a corpus folder in the order of `MEMBERS`, all in
one folder, and nothing else: `tar xf` makes a corpus folder of it, and a reader needs to accept
nothing more. The manifest comes first, so that all sizes are known before anything is written.
"""

from trainer.corpus.manifest import Manifest
from trainer.corpus.store import MANIFEST, OFFSET_TYPE, SPLITS, TOKEN_TYPE

SUFFIX = ".corpus.tar.xz"
MEMBERS = (MANIFEST, *(f"{name}.{kind}" for kind in ("offsets", "tokens") for name in SPLITS))
BLOCK_BYTES = 512
"""Of a tar: headers take one, contents are filled up to whole ones (POSIX.1-1988, ustar)."""
DICTIONARY_BYTES = 2**26
"""What the reader needs in memory."""
LITERAL_POSITION_BITS = 1
"""Every other byte is the high one of a token: xz then keeps two sets of statistics."""


def member_sizes(manifest: Manifest) -> dict[str, int]:
    """Return the bytes of each file but the manifest, by name.

    Raises:
        KeyError: a split is missing.
    """
    sizes = {}
    for split in SPLITS:
        counts = manifest.splits[split]
        sizes[f"{split}.offsets"] = (counts.documents + 1) * OFFSET_TYPE.itemsize
        sizes[f"{split}.tokens"] = counts.tokens * TOKEN_TYPE.itemsize
    return sizes
