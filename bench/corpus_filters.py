"""What the filters of a corpus recipe leave out, rule by rule.

    python bench/corpus_filters.py configs/corpora/python_100mb.toml [--list]

Each rule is asked about every document alone, so a document may count under several; the manifest
counts it under the first. Reads the recipe's sources; wheels come from the cache, or by pip.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from trainer.corpus.documents import Skip, document_text
from trainer.corpus.filters import RULES
from trainer.corpus.plan import make_plan
from trainer.corpus.recipe_file import load_recipe
from trainer.corpus.sources.opening import open_sources


def documents(path: Path) -> Iterator[tuple[str, str]]:
    recipe = load_recipe(path)
    readers = open_sources(recipe, path.parent)
    for reader in readers:
        reader.prepare()
    plan = make_plan(recipe, readers)
    for reader, files in zip(readers, plan.files, strict=True):
        with reader.reading() as read:
            for file in files:
                text = document_text(read(file.path))
                if not isinstance(text, Skip):
                    yield f"{reader.label}: {file.name or file.path}", text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--list", action="store_true", help="name the documents as well")
    arguments = parser.parse_args()
    count, total_bytes = 0, 0
    seconds: dict[str, float] = defaultdict(float)
    hits: dict[str, list[tuple[str, int]]] = {name: [] for name in RULES}
    for place, text in documents(arguments.recipe):
        size = len(text.encode())
        count, total_bytes = count + 1, total_bytes + size
        for name, applies in RULES.items():
            start = time.perf_counter()
            if applies(text):
                hits[name].append((place, size))
            seconds[name] += time.perf_counter() - start
    print(f"{count} documents, {total_bytes / 1e6:.1f} MB")
    for name, found in hits.items():
        megabytes = sum(size for _, size in found) / 1e6
        speed = total_bytes / 1e6 / seconds[name]
        print(f"{name:13} {len(found):5} documents {megabytes:6.2f} MB   at {speed:5.0f} MB/s")
        if arguments.list:
            print("".join(f"    {size:7} {place}\n" for place, size in sorted(found)), end="")


if __name__ == "__main__":
    main()
