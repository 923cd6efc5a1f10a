"""Bare steps of a run's session: `python -m bench.speed.bare CONFIG FIRST LAST BLOCK`.

Prints the seconds a step of each block of steps after FIRST up to LAST, in JSON. The run itself,
with all that is written around it, is `python -m trainer CONFIG`.
"""

import json
import sys
import time
from pathlib import Path

from trainer.device import synchronize
from trainer.materials import gather
from trainer.memory import keep_freed_memory
from trainer.session import Session


def main() -> None:
    first, last, block = map(int, sys.argv[2:])
    session = _session(Path(sys.argv[1]))
    _seconds(session, first)
    blocks = range(first, last, block)
    print(json.dumps([_seconds(session, block) / block for _ in blocks]))


def _session(config_file: Path) -> Session:
    keep_freed_memory()  # As the run itself does.
    materials = gather(config_file, (), config_file.parent)
    return Session(materials.config, materials.corpus, materials.tokenizer, materials.device)


def _seconds(session: Session, steps: int) -> float:
    begin = time.perf_counter()
    for _ in range(steps):
        session.take_step()
        if session.step % session.config.log.every == 0:
            session.meter.take()
    synchronize(session.device)
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
