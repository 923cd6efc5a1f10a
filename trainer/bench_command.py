"""`tokmon bench`: what a step of a config costs here, against what this machine does at best."""

import platform
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec
import torch

from tokmon.rundir.errors import TokmonError
from trainer.bench_corpus import random_corpus
from trainer.bench_result import BenchResult, Limits, StepTimes, summarise
from trainer.bench_steps import time_steps
from trainer.best_rates import remember_rates
from trainer.config import Config, corpus_path
from trainer.config_file import load_config
from trainer.corpus.build import open_or_build
from trainer.corpus.progress import Report
from trainer.corpus.store import Corpus
from trainer.device import describe, find_device
from trainer.flops import floor, parameters, step_traffic, training_flops
from trainer.memory import keep_freed_memory
from trainer.peak import Peaks, measure_peaks
from trainer.session import Session
from trainer.shipped import shipped_config
from trainer.tokenizer import Tokenizer, load_tokenizer

_DEFAULT = "v1_token_bigdata.toml"
_RANDOM_TOKENS = 2**22
_ENDLESS = 2**40
"""Steps of the schedule: timing is not to run into its end."""


class Timing(NamedTuple):
    """How long to time, and whom to tell."""

    seconds: float
    progress: Report


def bench(
    config_file: Path | None, overrides: Sequence[str], seconds: float, progress: Report
) -> BenchResult:
    """Measure this machine, then time training steps for about `seconds`.

    Args:
        config_file: TOML; the reference experiment's if None. Its corpus is not asked for: tokens
            are random, unless `overrides` names a `data.corpus`.
        overrides: `section.key=value`, as for `--set`.
        seconds: of the timing.
        progress: called as the work goes on.

    Raises:
        TokmonError: a wrong config, a device that is not there or has too little memory.
    """
    path = config_file or shipped_config(_DEFAULT)
    config = load_config(path, overrides)
    device = find_device(config.device.device)
    keep_freed_memory()  # as a run does
    if config.device.threads:
        torch.set_num_threads(config.device.threads)
    tokenizer = load_tokenizer()
    has_corpus = any(override.split("=")[0].strip() == "data.corpus" for override in overrides)
    corpus = (
        open_or_build(corpus_path(config, path), progress)
        if has_corpus
        else _random(config, tokenizer)
    )
    try:
        return _measured(config, corpus, tokenizer, device, Timing(seconds, progress))
    except torch.OutOfMemoryError as error:
        raise TokmonError(
            f"{describe(device)}: out of memory ({str(error).splitlines()[0]})",
            "end what else uses it, or --set data.batch_size to less",
        ) from error


def _random(config: Config, tokenizer: Tokenizer) -> Corpus:
    tokens = max(_RANDOM_TOKENS, 4 * config.tokens_per_step)
    return random_corpus(tokenizer, config.model.vocab, tokens, config.seed)


def _measured(
    config: Config, corpus: Corpus, tokenizer: Tokenizer, device: torch.device, timing: Timing
) -> BenchResult:
    schedule = msgspec.structs.replace(config.schedule, steps=_ENDLESS)
    endless = msgspec.structs.replace(config, schedule=schedule)
    timing.progress("how a step is computed here", 0, 0)
    session = Session(endless, corpus, tokenizer, device)
    timing.progress("this machine's best", 0, 0)
    before = _peaks(session)
    times = time_steps(session, timing.seconds, timing.progress)
    peaks = before.or_better(_peaks(session))
    remember_rates(session, peaks.rates)
    return _result(session, corpus, peaks, times)


def _peaks(session: Session) -> Peaks:
    config, dtype = session.config, session.plan.torch_dtype
    return measure_peaks(config.model, config.tokens_per_step, session.device, dtype)


def _result(session: Session, corpus: Corpus, peaks: Peaks, times: StepTimes) -> BenchResult:
    config, plan = session.config, session.plan
    tokens = config.tokens_per_step
    flops = training_flops(config.model, config.data.seq_len).times(tokens)
    traffic = step_traffic(config.model, tokens, plan.torch_dtype.itemsize)
    floors = (
        floor(flops, traffic, peaks.rates),
        floor(flops, traffic, peaks.rates, is_fused=False),
    )
    return BenchResult(
        experiment=config.experiment,
        tokens_from=corpus.manifest.name,
        device=describe(session.device),
        dtype=plan.dtype,
        plan=str(plan),
        versions={
            "python": platform.python_version(),
            "torch": str(torch.__version__),
            "platform": platform.platform(),
        },
        parameters=parameters(config.model),
        tokens_per_step=tokens,
        limits=Limits(**peaks._asdict()),
        step=times,
        steps_per_sec=1 / times.median_s,
        tokens_per_sec=tokens / times.median_s,
        floor_share=floors[0].total_s / times.median_s,
        mfu=flops.total / times.median_s / peaks.rates.flops_per_sec,
        **summarise(flops, traffic, floors),
    )
