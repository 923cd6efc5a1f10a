"""Makes the three runs of the experiment, evaluates them and keeps their records.

    python -m bench.experiment.runs [--scale 64th] [--logs logs] [--packs FOLDER]

Whatever is there already is gone on with, so an interrupted call is simply repeated: a run resumes
where it was, and one that is finished is not trained again. Best and final checkpoint are evaluated
on the run's own held-out text, the best on the common one as well.
"""

import argparse
import signal
import subprocess
import sys
import tomllib
from pathlib import Path

from bench.experiment.keep import anonymous, keep
from bench.experiment.plan import CONFIGS, ROOT, SCALES, Planned, Scale
from tokmon.rundir.layout import RunDir
from trainer.corpus.pack_format import SUFFIX


def main() -> int:
    options = _parser().parse_args()
    scale: Scale = SCALES[options.scale]
    failed = 0
    for planned in scale.runs:
        failed = failed or _train(planned, options.logs, options.packs, options.set)
        run = RunDir.of_experiment(options.logs, planned.experiment)
        if run.run_info.exists():
            keep(run, options.out or scale.kept, _places(options))
    if not failed:
        for planned in scale.runs:
            _evaluate(planned, scale, options)
    return failed


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--scale", choices=SCALES, default="64th")
    parser.add_argument("--logs", type=Path, default=Path("logs"))
    parser.add_argument("--packs", type=Path, help="folder of packed corpora, for no network")
    parser.add_argument("--out", type=Path, help="where records are kept (docs/results/...)")
    parser.add_argument("--suite", type=Path, help="other prompts for the evaluations")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    return parser


def _train(planned: Planned, logs: Path, packs: Path | None, overrides: list[str]) -> int:
    chosen = [f"experiment={planned.experiment}", *overrides]
    if pack := _packed(packs, planned.config):
        chosen.append(f"data.corpus={pack}")
    options = [word for override in chosen for word in ("--set", override)]
    config = CONFIGS / planned.config
    command = [sys.executable, "-m", planned.module, str(config), "--logs", str(logs), *options]
    trainer = subprocess.Popen(command, cwd=ROOT)
    # Told to end, it saves: its records are then kept as far as they go.
    signal.signal(signal.SIGTERM, lambda *_: trainer.terminate())
    return trainer.wait()


def _places(options: argparse.Namespace) -> dict[Path, str]:
    packs = {options.packs: "packs"} if options.packs else {}
    return {options.logs: "logs", **packs}


def _packed(packs: Path | None, config: str) -> Path | None:
    """Return the pack of a config's corpus; its file is called as the recipe."""
    return _pack_of(packs, _recipe(config))


def _recipe(config: str) -> str:
    tree = tomllib.loads((CONFIGS / config).read_text(encoding="utf-8"))
    return Path(tree["data"]["corpus"]).name


def _pack_of(packs: Path | None, recipe: str) -> Path | None:
    found = sorted(packs.glob(f"{Path(recipe).stem}*{SUFFIX}")) if packs else []
    return found[0].absolute() if found else None


def _evaluate(planned: Planned, scale: Scale, options: argparse.Namespace) -> None:
    run = RunDir.of_experiment(options.logs, planned.experiment)
    wanted = {"own": [str(run.path)], "final": [str(run.final)]}
    if _recipe(planned.config) != scale.common:
        common = _pack_of(options.packs, scale.common) or CONFIGS / "corpora" / scale.common
        wanted["common"] = [str(run.path), "--corpus", str(common)]
    suite = ["--suite", str(options.suite)] if options.suite else []
    for name, words in wanted.items():
        path = (options.out or scale.kept) / f"{planned.experiment}_eval_{name}.jsonl"
        command = [sys.executable, "-m", "tokmon", "eval", *words, "--json", *suite]
        done = subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.PIPE, text=True)
        if done.stdout:
            path.write_text(anonymous(done.stdout, _places(options)), encoding="utf-8")
        else:
            print(f"{planned.experiment}: no evaluation for {path.name}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
