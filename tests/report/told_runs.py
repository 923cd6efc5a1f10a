"""Runs that tell all that a report can show, and the subject of a report on each."""

from pathlib import Path
from typing import Any

from tests.runs.builder import RunBuilder
from tokmon.monitor.config_search import find_config
from tokmon.monitor.output_files import output_files
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.monitor.state import RunState
from tokmon.report.shell import Shell
from tokmon.report.subject import Subject
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Sample, iso

COMMANDS = frozenset({"watch", "status", "report", "ctl", "train", "sample", "eval"})

CONFIG = {
    "experiment": "v1_token_bigdata",
    "seed": 1337,
    "data": {"corpus": "corpora/python_100mb.toml", "seq_len": 512, "batch_size": 32},
    "model": {"layers": 4, "width": 256, "heads": 4, "mlp": 512, "vocab": 50257},
    "optim": {"lr": 3e-4, "min_lr": 1e-5, "betas": [0.9, 0.95], "weight_decay": 0.1, "clip": 1.0},
    "schedule": {"steps": 50_000, "warmup": 2_000, "decay": "cosine"},
    "log": {"every": 100},
}
GATE = {
    "passed": True,
    "leaking_positions": 0,
    "positions": 32,
    "random_loss": 10.9,
    "random_loss_floor": 10.775,
}
TEXTS = (
    (
        "def add(a, b):",
        "\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n",
        False,
        "valid",
    ),
    ("class DataLoader:", "():\n):\n):\n):\n):\n", True, "invalid"),
    ("import numpy as np", "\nx = `y` | z  # <script>alert(1)</script> **", False, "invalid"),
    ("def mean(values):\n", "    return \x1b[2J[/x] sum(values) / len(values)\n", False, "valid"),
)
TOML = """
experiment = "v1_token_bigdata"
[optim]
lr = 3e-4
[schedule]
steps = 50000
warmup = 2000
"""


class ToldRun(RunBuilder):
    """Has the config, gate and corpus that tokmon's trainer writes, checkpoints and samples."""

    def heartbeat(self, phase: str = "training", **fields: Any) -> None:
        known = {
            "config": CONFIG | {"schedule": CONFIG["schedule"] | {"steps": self.max_steps}},  # type: ignore[operator]
            "gate": GATE,
            "corpus": {
                "name": "python_100mb",
                "fingerprint": "9f3c21aa" * 8,
                "bytes_per_token": 2.29,
            },
            "tokenizer": {"name": "gpt2"},
            "git": {"revision": "50bd221baa14c6d5f68c0004e73ea126e27993d7", "dirty": False},
            "packages": {"torch": "2.13.0"},
        }
        super().heartbeat(phase, **(known | fields))

    def checkpoint(self) -> None:
        super().checkpoint()
        path = self.run.step_checkpoint(self.step)
        path.write_bytes(b"weights" * 1000)
        self.sidecar(path, self.best)

    def evaluation(self, loss: float) -> dict[str, Any]:
        found = super().evaluation(loss)
        self.run.best.write_bytes(b"weights" * 500)
        return found

    def round(self) -> None:
        """Write a round of samples, with all that makes trouble in Markdown, HTML and terminals."""
        for index, (prompt, text, is_collapsed, validity) in enumerate(TEXTS):
            sample = Sample(
                prompt=prompt,
                text=text,
                step=self.step,
                tokens=20,
                seed=index,
                seq_rep_4=0.57 if is_collapsed else 0.0,
                collapsed=is_collapsed,
                has_keyword=not is_collapsed,
                validity=validity,
                prompt_id=f"prompt-{index}",
                time=iso(self.now),
            )
            self.append(self.run.samples, sample)

    def told(self, lines: int) -> "ToldRun":
        """Write a run of so many lines, with a round of samples every fifty."""
        self.start()
        for record in self.lines(lines):
            if record.step % 5_000 == 0:
                self.round()
        self.heartbeat()
        return self


def running(logs: Path) -> ToldRun:
    return ToldRun(logs=logs).told(190)


def finished(logs: Path) -> ToldRun:
    run = ToldRun(logs=logs, max_steps=6_000).told(60)
    run.run.final.write_bytes(b"weights" * 1000)
    run.sidecar(run.run.final, run.best)
    run.finish()
    return run


def crashed(logs: Path) -> ToldRun:
    run = ToldRun(logs=logs).told(63)
    error = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 20.00 MiB | `x`"
    run.event("crash", error)
    run.heartbeat("crashed", error=error)
    return run


def resumed(logs: Path) -> ToldRun:
    """Killed at step 6,300, taken up again from 5,000 an hour later, then on to 9,000."""
    run = ToldRun(logs=logs).told(63)
    run.started, run.step = run.started + 3600, 5_000
    first = run.started - 3600
    run.event("resume", "from v1_token_bigdata_step5000.pt")
    for _ in run.lines(40):
        pass
    run.heartbeat(started=iso(first), resumed=iso(run.started))
    return run


def state_of(run: RunDir, now: float, *, is_alive: bool | None = True) -> RunState:
    source = RunSource(run, is_alive=lambda _: is_alive)
    state = source.poll(now)
    while state.is_loading:
        state = source.poll(now)
    return state


def subject_of(builder: RunBuilder, *, is_alive: bool | None = True, **fields: Any) -> Subject:
    """Return what a report written beside `logs` a second after the last sign is made from."""
    folder = builder.logs.parent
    state = state_of(builder.run, builder.now + 1, is_alive=is_alive)
    known: dict[str, Any] = {
        "state": state,
        "shell": Shell(folder=folder, commands=COMMANDS, is_windows=False),
        "files": output_files(builder.run),
        "config": find_config(state.experiment, state.info.config if state.info else {}, folder),
    }
    return Subject(**(known | fields))
