"""One training run from config file to exit code: what happens around the loop."""

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import torch

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.records import Summary
from trainer.claim import claimed
from trainer.control import Wishes
from trainer.desk import Desk, following, recording
from trainer.device import describe
from trainer.distributed import Group, joined
from trainer.loop import Loop
from trainer.materials import Materials, gather
from trainer.memory import keep_freed_memory
from trainer.model import count_parameters
from trainer.opening import pass_gate, say_goodbye, say_hello
from trainer.progress import TrainingBar
from trainer.resume import Start, prepare, shared_start
from trainer.session import Session
from trainer.signals import StopRequest


def run_training(
    config_file: Path,
    overrides: Sequence[str],
    resume: str,
    logs: Path,
    minutes: float | None = None,
    is_quiet: bool = False,
) -> int:
    """Train as `config_file` says; return the exit code.

    Args:
        config_file: TOML.
        overrides: `section.key=value`, as for `--set`.
        resume: auto, never, or a checkpoint file.
        logs: folder of run directories.
        minutes: stretch the schedule to about this long.
        is_quiet: show nothing on the terminal.

    Raises:
        TokmonError: what the user can mend, found before the run began.
    """
    keep_freed_memory()
    with joined() as group, group.noticing_losses():
        materials = gather(config_file, overrides, logs, minutes, group)
        claim = claimed(materials.run) if group.is_main else nullcontext()
        with claim, StopRequest() as stop:
            start = _begin(materials, resume, group)
            desk = recording if group.is_main else following
            with desk(materials, start, group, stop, is_quiet=is_quiet) as records:
                return _train(materials, start, group, records, stop)


def _begin(materials: Materials, resume: str, group: Group) -> Start:
    """Make the run directory ready, once; every process gets the checkpoint from the one."""
    start = None
    if group.is_main:
        start = prepare(materials.run, materials.config, resume, materials.fingerprints)
    return shared_start(start, group, is_sharded=materials.is_sharded)


def _train(materials: Materials, start: Start, group: Group, desk: Desk, stop: StopRequest) -> int:
    if start.step >= materials.config.schedule.steps:
        desk.runlog.say(
            f"{materials.run.path}: already finished; raise schedule.steps or --resume never"
        )
        return 0
    with desk.recording_crashes(), group.noticing_losses():
        summary = _run_loop(materials, start, group, desk, Wishes(materials.run, stop, group))
    say_goodbye(desk.runlog, summary)
    return 128 + stop.signal if stop.signal is not None and summary.state == "stopped" else 0


def _run_loop(
    materials: Materials, start: Start, group: Group, desk: Desk, wishes: Wishes
) -> Summary:
    config, device, runlog = materials.config, materials.device, desk.runlog
    runlog.enter("starting")
    with desk.telemetry():
        plan = start.plan if start.plan and start.plan.suits(config, device) else None
        session = Session(
            config,
            materials.corpus,
            materials.tokenizer,
            device,
            group,
            plan,
            is_sharded=materials.is_sharded,
        )
        if start.checkpoint is not None:
            session.restore(start.checkpoint.content)
        runlog.enter("starting", parameters=count_parameters(session.model), step=session.step)
        say_hello(materials, start, session, runlog)
        pass_gate(session, runlog)
        with TrainingBar(desk.output, session.step, config.schedule.steps) as bar:
            try:
                return Loop(session, start, runlog, desk.outbox, wishes, bar).run()
            except torch.OutOfMemoryError as error:
                raise TokmonError(
                    f"{describe(device)}: out of memory ({str(error).splitlines()[0]})",
                    "lower data.batch_size or data.seq_len",
                ) from error
