"""What is recorded and said before the first step and after the last: who runs what, the gate."""

import time

import msgspec
import torch

from tokmon.rundir.records import RunInfo, Summary, iso
from trainer.device import describe
from trainer.gate import examine, refuse_leaks
from trainer.materials import Materials
from trainer.provenance import describe_run
from trainer.resume import Start
from trainer.runlog import RunLog, read_info
from trainer.session import Session


def run_info(materials: Materials, start: Start, ranks: int) -> RunInfo:
    """Return the run.json of a run that begins now in that many processes."""
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
            "threads": torch.get_num_threads(),
            "ranks": ranks,
        },
        corpus={
            "path": str(materials.corpus.folder.absolute()),
            "name": manifest.name,
            "fingerprint": manifest.fingerprint,
            "train_tokens": manifest.splits["train"].tokens,
            "val_tokens": manifest.splits["val"].tokens,
            "bytes_per_token": manifest.bytes_per_token,
        },
        tokenizer={"name": materials.tokenizer.name, "sha256": materials.tokenizer.sha256},
    )


def say_hello(materials: Materials, start: Start, session: Session, runlog: RunLog) -> None:
    """Record and say what starts or resumes, and what an epoch is."""
    windows = session.windows
    epoch = {"windows": windows.count, "repeated_share": round(windows.repeated_share, 6)}
    plan = msgspec.to_builtins(session.plan)
    device = {**runlog.info.device, "dtype": session.plan.dtype, "plan": plan}
    runlog.enter("starting", corpus=runlog.info.corpus | epoch, device=device)
    runlog.say(f"plan: {session.plan}")
    what = _description(materials, session, runlog.info)
    if start.checkpoint is None:
        runlog.event("start", 0, what, trimmed=start.trimmed)
        runlog.say(f"start: {what}")
        return
    how = f"from {start.checkpoint.path.name} at step {session.step}"
    if start.trimmed:
        how += f", {len(start.trimmed)} log lines past it are written again"
    runlog.event("resume", session.step, f"{what}; {how}", trimmed=start.trimmed)
    runlog.say(f"resume: {what}; {how}")


def _description(materials: Materials, session: Session, info: RunInfo) -> str:
    config, windows = materials.config, session.windows
    train_tokens = materials.corpus.manifest.splits["train"].tokens
    return (
        f"{config.experiment}: {info.parameters:,} parameters on {describe(materials.device)}, "
        f"{train_tokens:,} training tokens in {windows.count:,} windows "
        f"({windows.repeated_share:.1%} read again), "
        f"{config.schedule.steps} steps of {config.tokens_per_step:,} tokens"
    )


def pass_gate(session: Session, runlog: RunLog) -> None:
    """Examine the model and record what was found.

    Raises:
        TokmonError: the gate is closed.
    """
    dtype, length = session.plan.torch_dtype, session.config.data.seq_len
    report = examine(session.whole_model(), length, session.device, dtype)
    runlog.enter("starting", gate=report.as_dict())
    verdict = "; ".join(report.faults) or (
        f"open: no position sees later tokens, loss on random tokens {report.random_loss:.2f}, "
        f"cached logits differ by {report.cache_difference:.1g}"
    )
    runlog.event("gate", session.step, verdict, **report.as_dict())
    runlog.say(f"gate: {verdict}")
    refuse_leaks(report)


def say_goodbye(runlog: RunLog, summary: Summary) -> None:
    """Say how the run ended."""
    what = "no evaluation"
    if summary.best_val_loss is not None:
        what = f"best validation loss {summary.best_val_loss:.4f} at step {summary.best_step}"
    where = f"see {runlog.run.path}"
    runlog.say(f"{summary.state} at step {summary.step} of {summary.max_steps}; {what}; {where}")
