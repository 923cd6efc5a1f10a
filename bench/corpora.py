"""The shipped corpora, each built twice from nothing: sizes, removals, overlap, time, memory.

    python bench/corpora.py [--wheels FOLDER] [RECIPE...]

Wheels come from `--wheels` (the cache's by default), so that the network is not measured: build
once with `tokmon data build` before.
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.measured_build import ROOT, Measured, machine, measure
from trainer.corpus.cache import wheels_folder

RECIPES = ("stdlib", "python_8mb", "python_100mb", "python_250mb")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recipes", nargs="*", metavar="RECIPE", default=RECIPES)
    parser.add_argument("--wheels", type=Path, default=None)
    arguments = parser.parse_args()
    wheels = arguments.wheels or wheels_folder()
    built = {}
    for name in arguments.recipes:
        path = ROOT / "configs" / "corpora" / f"{name}.toml"
        built[name] = [measure(path, wheels) for _ in range(2)]
    print(f"{machine()}. Two clean builds each; times of the faster one.\n")
    print_contents(built)
    print_costs(built)


def print_contents(built: dict[str, list[Measured]]) -> None:
    rows = []
    for name, (first, _) in built.items():
        m = first.manifest
        near, overlap = m["near_duplicates"], m["overlap_counts"]
        largest = max(m["sources"], key=lambda source: source["tokens"])
        rows.append(
            [
                name,
                f"{m['documents']:,}",
                f"{m['bytes'] / 1e6:.2f}",
                f"{m['tokens'] / 1e6:.2f}",
                f"{m['splits']['val']['tokens'] / 1e6:.2f}",
                ", ".join(m["splits"]["val"]["units"]),
                counts(m["skipped"]),
                counts(m["duplicates"]),
                counts(near),
                f"{m['overlap']:.1%}",
                f"{overlap['without_whitespace']['share']:.1%}",
                f"{largest['label']}, {largest['tokens'] / m['tokens']:.1%}",
            ]
        )
    print_table(
        [
            "corpus", "documents", "MB", "M tokens", "of them held out", "held out", "skipped",
            "exact duplicates", "near duplicates", "overlap", "without whitespace",
            "largest source",
        ],
        rows,
    )  # fmt: skip


def print_costs(built: dict[str, list[Measured]]) -> None:
    rows = []
    for name, builds in built.items():
        best = min(builds, key=lambda build: build.build_s)
        fingerprints = [build.manifest["fingerprint"] for build in builds]
        rows.append(
            [
                name,
                f"{best.build_s:.1f}",
                *(f"{seconds:.1f}" for seconds in best.phases_s.values()),
                f"{best.cpu_s:.1f}",
                f"{max(build.peak_mb for build in builds):.0f}",
                f"{best.load_before:.1f}",
                *(f"`{fingerprint[:16]}`" for fingerprint in fingerprints),
            ]
        )
        if len(set(fingerprints)) > 1:
            raise SystemExit(f"{name}: the fingerprints differ")
    print_table(
        [
            "corpus", "wall s", "tokenising", "near duplicates", "writing", "CPU s",
            "peak memory MB", "load before", "fingerprint", "second build",
        ],
        rows,
    )  # fmt: skip


def counts(numbers: dict[str, int]) -> str:
    return ", ".join(f"{key} {number:,}" for key, number in numbers.items()) or "none"


def print_table(header: list[str], rows: list[list[str]]) -> None:
    for row in [header, ["---"] * len(header), *rows]:
        print(f"| {' | '.join(row)} |")
    print()


if __name__ == "__main__":
    main()
