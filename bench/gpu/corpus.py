"""Finds and opens the corpus of the reference run; prints what it is as JSON.

    python -m bench.gpu.corpus [REFERENCE]

Without REFERENCE: a packed corpus (`tokmon data pack`) in the checkout, in its shared/, or beside
it; the largest of them, as the reference experiment wants much data. Else a corpus of this
Python's own standard library, which needs nothing but Python.
"""

import json
import sys
from pathlib import Path

from tokmon.rundir.errors import TokmonError
from trainer.corpus.build import open_or_build
from trainer.corpus.pack_format import SUFFIX
from trainer.corpus.progress import showing_progress

ROOT = Path(__file__).parents[2]
PLACES = (ROOT, ROOT / "shared", ROOT.parent, ROOT.parent / "shared")
OWN_SOURCES = ROOT / "configs" / "corpora" / "stdlib.toml"


def main() -> int:
    reference = Path(sys.argv[1]) if sys.argv[1:] and sys.argv[1] else found()
    try:
        with showing_progress() as progress:
            corpus = open_or_build(reference, progress)
    except TokmonError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    manifest = corpus.manifest
    facts = {
        "reference": str(reference),
        "folder": str(corpus.folder),
        "name": manifest.name,
        "tokens": manifest.tokens,
        "bytes": manifest.bytes,
        "fingerprint": manifest.fingerprint,
    }
    print(json.dumps(facts, indent=1))
    return 0


def found() -> Path:
    packed = [path for place in PLACES for path in place.glob(f"*{SUFFIX}")]
    return max(packed, key=lambda path: path.stat().st_size, default=OWN_SOURCES)


if __name__ == "__main__":
    sys.exit(main())
