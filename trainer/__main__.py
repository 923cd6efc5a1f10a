"""`python -m trainer CONFIG`: train, from the command line, tmux, or torchrun."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from tokmon.rundir.errors import TokmonError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0, 1 for an error, 128 + n after signal n."""
    options = _parser().parse_args(arguments)
    # Deferred: `--help` and a usage error need none of it.
    from trainer.run import run_training

    try:
        return run_training(
            options.config,
            options.set,
            options.resume,
            options.logs,
            minutes=options.minutes,
            is_quiet=options.quiet,
        )
    except TokmonError as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted.\n")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m trainer", description=__doc__)
    parser.add_argument("config", type=Path, help="experiment config (TOML)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="override a config key"
    )
    parser.add_argument(
        "--resume", default="auto", metavar="auto|never|CKPT", help="where to go on (auto)"
    )
    parser.add_argument(
        "--logs",
        type=Path,
        default=Path(os.environ.get("TOKMON_LOGS", "logs")),
        help="folder of runs (TOKMON_LOGS, else logs)",
    )
    parser.add_argument(
        "--minutes",
        type=float,
        help="scale the schedule so that training takes about so long on this machine",
    )
    parser.add_argument(
        "--quiet", action="store_true", help="say nothing here; the output log has it all"
    )
    return parser


def _end(code: int) -> None:
    """Leave the process, one of several without taking Python down around the network's threads.

    A thread of gloo that lets go of a tensor while the interpreter ends aborts the process (3 of
    some 30 runs of two ranks): torchrun would call a finished run failed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        sys.exit(code)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _end(main())
