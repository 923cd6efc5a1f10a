"""karpathy/nanoGPT: its own train.py, unmodified, run in a scratch folder.

Only shapes, device and paths are told to it; steps are what it prints ("iter N: ..."). Its defaults
stay: tied embedding of 50,304, float32 on a CPU and bfloat16 on a GPU, torch.compile, clip 1.0.
"""

import os
import runpy
import shutil
import sys
import tempfile
from contextlib import redirect_stdout
from importlib.util import find_spec
from pathlib import Path

from bench.speed.clock import Clock, PrintedSteps
from bench.speed.job import Job

_NEVER = 10**9


def run(job: Job, clock: Clock) -> None:
    program = Path(job.nanogpt).resolve() / "train.py"
    clock.dtype = "bfloat16" if job.device == "cuda" else "float32"
    compiles = job.settings.get("compile", "on") == "on" and _can_compile(job.device, clock)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        _lay_out(Path(folder), Path(job.corpus), program.parent)
        sys.argv = [str(program), *_options(job), f"--compile={compiles}"]
        # What Python does for a script, and train.py counts on: `from model import GPT`.
        sys.path.insert(0, str(program.parent))
        before = Path.cwd()
        os.chdir(folder)
        try:
            with redirect_stdout(PrintedSteps(clock, "iter ")):
                runpy.run_path(str(program), run_name="__main__")
        finally:
            os.chdir(before)


def _lay_out(folder: Path, corpus: Path, program: Path) -> None:
    """Put what train.py reads from the working folder where it looks for it."""
    data = folder / "data" / "bench"
    data.mkdir(parents=True)
    # A split of a corpus is what nanoGPT's prepare.py writes: raw uint16.
    shutil.copy(corpus / "train.tokens", data / "train.bin")
    shutil.copy(corpus / "val.tokens", data / "val.bin")
    shutil.copy(program / "configurator.py", folder)


def _options(job: Job) -> list[str]:
    shape = job.shape
    told = {
        "dataset": "bench",
        "device": job.device,
        "n_layer": shape.layers,
        "n_embd": shape.width,
        "n_head": shape.heads,
        "block_size": shape.seq_len,
        "batch_size": shape.batch_size,
        "gradient_accumulation_steps": 1,
        # It evaluates before the first step whatever it is told: once, then.
        "eval_interval": _NEVER,
        "eval_iters": 1,
        "max_iters": _NEVER,
    }
    return [f"--{key}={value}" for key, value in told.items()]


def _can_compile(device: str, clock: Clock) -> bool:
    """Say whether torch.compile has what it needs: a C++ compiler, or triton on a GPU."""
    if device == "cuda":
        has_compiler = find_spec("triton") is not None
    else:
        names = (os.environ.get("CXX", ""), "g++", "clang++", "cl")
        has_compiler = any(shutil.which(name) for name in names if name)
    if not has_compiler:
        clock.notes.append("not compiled: there is no compiler here")
    return has_compiler
