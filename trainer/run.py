"""One training run from config file to exit code: what happens around the loop."""

import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import torch

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.records import Summary
from trainer.claim import claimed
from trainer.config import Config
from trainer.control import Wishes
from trainer.device import describe
from trainer.loop import Loop
from trainer.materials import Materials, gather
from trainer.model import count_parameters
from trainer.opening import pass_gate, run_info, say_goodbye, say_hello
from trainer.output import OutputLog
from trainer.progress import TrainingBar, say
from trainer.resume import Start, prepare
from trainer.runlog import RunLog
from trainer.session import Session
from trainer.signals import StopRequest
from trainer.stopwatch import Stopwatch
from trainer.telemetry import Telemetry


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
    materials = gather(config_file, overrides, logs, minutes)
    with claimed(materials.run), StopRequest() as stop:
        return _run(materials, resume, stop, is_quiet=is_quiet)


def _run(materials: Materials, resume: str, stop: StopRequest, *, is_quiet: bool) -> int:
    wishes = Wishes(materials.run, stop)
    start = prepare(materials.run, materials.config, resume, materials.fingerprints)
    with OutputLog(materials.run.output_log, is_quiet=is_quiet) as output:
        for notice in start.notices:
            say(notice)
        if _is_finished(start, materials.config):
            say(f"{materials.run.path}: already finished; raise schedule.steps or --resume never")
            return 0
        runlog = RunLog(materials.run, run_info(materials, start))
        try:
            summary = _train(materials, start, runlog, output, wishes)
        except BaseException as error:
            raise SystemExit(_record_crash(runlog, error)) from error
        say_goodbye(materials.run, summary)
    return 128 + stop.signal if stop.signal is not None and summary.state == "stopped" else 0


def _train(
    materials: Materials, start: Start, runlog: RunLog, output: OutputLog, wishes: Wishes
) -> Summary:
    runlog.enter("starting")
    config, device = materials.config, materials.device
    with Telemetry(runlog):
        session = Session(config, materials.corpus, materials.tokenizer, device)
        elapsed_before_s = 0.0
        if start.checkpoint is not None:
            session.restore(start.checkpoint.content)
            elapsed_before_s = start.checkpoint.content["elapsed_s"]
        runlog.enter("starting", parameters=count_parameters(session.model), step=session.step)
        say_hello(materials, start, session, runlog)
        pass_gate(session, runlog)
        stopwatch = Stopwatch(elapsed_before_s)
        with TrainingBar(output, session.step, config.schedule.steps) as bar:
            try:
                return Loop(session, runlog, wishes, stopwatch, bar).run()
            except torch.OutOfMemoryError as error:
                raise TokmonError(
                    f"{describe(device)}: out of memory ({str(error).splitlines()[0]})",
                    "lower data.batch_size or data.seq_len",
                ) from error


def _record_crash(runlog: RunLog, error: BaseException) -> int:
    """Tell of `error` while the output log still listens; return the exit code."""
    if isinstance(error, TokmonError):
        say(f"Error: {error}")
    else:
        traceback.print_exception(error)
    line = " ".join(traceback.format_exception_only(error)[-1].split())
    try:
        trace = "".join(traceback.format_exception(error))
        runlog.event("crash", runlog.info.step or 0, line, traceback=trace)
        runlog.enter("crashed", error=line)
    except OSError as fault:
        # A full disk: the crash itself is still told on stderr.
        sys.stderr.write(f"the crash could not be recorded: {fault}\n")
    return 130 if isinstance(error, KeyboardInterrupt) else 1


def _is_finished(start: Start, config: Config) -> bool:
    return (
        start.checkpoint is not None
        and int(start.checkpoint.content["step"]) >= config.schedule.steps
    )
