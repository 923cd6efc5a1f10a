"""One training run from config file to exit code: what happens around the loop."""

import os
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import torch

from tokmon.rundir.errors import TokmonError
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Summary, iso
from trainer.batches import Windows
from trainer.claim import claimed, refuse_taken
from trainer.config import Config, corpus_path
from trainer.config_file import load_config
from trainer.control import Wishes
from trainer.corpus.build import open_or_build
from trainer.corpus.progress import showing_progress
from trainer.corpus.store import Corpus
from trainer.device import choose_dtype, describe, find_device
from trainer.gate import examine, refuse_leaks
from trainer.loop import Loop
from trainer.model import count_parameters
from trainer.output import OutputLog
from trainer.pace import fit_to_time
from trainer.progress import TrainingBar, say
from trainer.provenance import describe_run
from trainer.resume import Start, prepare
from trainer.runlog import RunLog, read_info
from trainer.session import Session
from trainer.signals import StopRequest
from trainer.stopwatch import Stopwatch
from trainer.telemetry import Telemetry
from trainer.tokenizer import Tokenizer, load_tokenizer


class Materials(NamedTuple):
    """What a run is made of."""

    config: Config
    run: RunDir
    corpus: Corpus
    tokenizer: Tokenizer
    device: torch.device
    is_quiet: bool

    @property
    def fingerprints(self) -> dict[str, str]:
        """What a resumed run must have been trained on."""
        return {
            "corpus": self.corpus.manifest.fingerprint,
            "tokenizer": self.tokenizer.sha256,
        }


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

    Nothing is written under `logs` before config, device and corpus are known to be good.

    Raises:
        TokmonError: what the user can mend, found before the run began.
    """
    _refuse_many_ranks()
    config = load_config(config_file, overrides)
    run = RunDir.of_experiment(logs, config.experiment)
    refuse_taken(run)
    device = find_device(config.device.device)
    if config.device.threads:
        torch.set_num_threads(config.device.threads)
    tokenizer = load_tokenizer()
    _refuse_small_vocabulary(config, tokenizer)
    with showing_progress() as progress:
        corpus = open_or_build(corpus_path(config, config_file), progress)
    for split in (corpus.train, corpus.val):
        Windows(split.tokens, config.data.seq_len)  # refuses a corpus that is too small
    if minutes is not None:
        config = fit_to_time(config, corpus, tokenizer, device, minutes)
    with claimed(run), StopRequest() as stop:
        materials = Materials(config, run, corpus, tokenizer, device, is_quiet)
        return _run(materials, resume, stop)


def _run(materials: Materials, resume: str, stop: StopRequest) -> int:
    wishes = Wishes(materials.run, stop)
    start = prepare(materials.run, materials.config, resume, materials.fingerprints)
    with OutputLog(materials.run.output_log, is_quiet=materials.is_quiet) as output:
        for notice in start.notices:
            say(notice)
        if _is_finished(start, materials.config):
            say(f"{materials.run.path}: already finished; raise schedule.steps or --resume never")
            return 0
        runlog = RunLog(materials.run, _run_info(materials, start))
        try:
            summary = _train(materials, start, runlog, output, wishes)
        except BaseException as error:
            raise SystemExit(_record_crash(runlog, error)) from error
        _say_goodbye(materials.run, summary)
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
        _say_hello(materials, start, session, runlog)
        _pass_gate(session, runlog)
        stopwatch = Stopwatch(elapsed_before_s)
        with TrainingBar(output, session.step, config.schedule.steps) as bar:
            try:
                return Loop(session, runlog, wishes, stopwatch, bar).run()
            except torch.OutOfMemoryError as error:
                raise TokmonError(
                    f"{describe(device)}: out of memory ({str(error).splitlines()[0]})",
                    "lower data.batch_size or data.seq_len",
                ) from error


def _pass_gate(session: Session, runlog: RunLog) -> None:
    dtype = choose_dtype(session.config.device.dtype, session.device)
    report = examine(session.model, session.config.data.seq_len, session.device, dtype)
    runlog.enter("starting", gate=report.as_dict())
    verdict = "; ".join(report.faults) or (
        f"open: no position sees later tokens, loss on random tokens {report.random_loss:.2f}, "
        f"cached logits differ by {report.cache_difference:.1g}"
    )
    runlog.event("gate", session.step, verdict, **report.as_dict())
    say(f"gate: {verdict}")
    refuse_leaks(report)


def _run_info(materials: Materials, start: Start) -> Any:
    now = iso(time.time())
    config, device = materials.config, materials.device
    earlier = read_info(materials.run) if start.checkpoint is not None else None
    manifest = materials.corpus.manifest
    return msgspec.structs.replace(
        describe_run(config, now),
        started=earlier.started if earlier is not None else now,
        resumed=now if start.checkpoint is not None else None,
        device={
            "type": device.type,
            "name": describe(device),
            "dtype": str(choose_dtype(config.device.dtype, device)).removeprefix("torch."),
            "threads": torch.get_num_threads(),
        },
        corpus={
            "path": str(materials.corpus.folder),
            "name": manifest.name,
            "fingerprint": manifest.fingerprint,
            "train_tokens": manifest.splits["train"].tokens,
            "val_tokens": manifest.splits["val"].tokens,
            "bytes_per_token": manifest.bytes_per_token,
        },
        tokenizer={"name": materials.tokenizer.name, "sha256": materials.tokenizer.sha256},
    )


def _say_hello(materials: Materials, start: Start, session: Session, runlog: RunLog) -> None:
    config, manifest = materials.config, materials.corpus.manifest
    what = (
        f"{config.experiment}: {runlog.info.parameters:,} parameters on "
        f"{describe(materials.device)}, {manifest.splits['train'].tokens:,} training tokens, "
        f"{config.schedule.steps} steps of {config.tokens_per_step:,} tokens"
    )
    if start.checkpoint is None:
        runlog.event("start", 0, what, trimmed=start.trimmed)
        say(f"start: {what}")
        return
    how = f"from {start.checkpoint.path.name} at step {session.step}"
    if start.trimmed:
        how += f", {len(start.trimmed)} log lines past it are written again"
    runlog.event("resume", session.step, f"{what}; {how}", trimmed=start.trimmed)
    say(f"resume: {what}; {how}")


def _say_goodbye(run: RunDir, summary: Summary) -> None:
    what = "no evaluation"
    if summary.best_val_loss is not None:
        what = f"best validation loss {summary.best_val_loss:.4f} at step {summary.best_step}"
    say(f"{summary.state} at step {summary.step} of {summary.max_steps}; {what}; see {run.path}")


def _record_crash(runlog: RunLog, error: BaseException) -> int:
    """Tell of `error` while the output log still listens; return the exit code."""
    if isinstance(error, TokmonError):
        say(f"Error: {error}")
    else:
        traceback.print_exception(error)
    line = " ".join(traceback.format_exception_only(error)[-1].split())
    try:
        runlog.event("crash", runlog.info.step or 0, line)
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


def _refuse_small_vocabulary(config: Config, tokenizer: Tokenizer) -> None:
    if config.model.vocab < tokenizer.vocab_size:
        raise TokmonError(
            f"model.vocab {config.model.vocab} is below the tokenizer's {tokenizer.vocab_size}",
            f"set model.vocab to {tokenizer.vocab_size} or more",
        )


def _refuse_many_ranks() -> None:
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TokmonError(
            "training over several processes is not there yet",
            "start one process with `python -m trainer CONFIG`",
        )
