"""Records the machine: what nvidia-smi and NVML answer, word for word, and all versions.

    python -m bench.gpu.machine WORK WHEN [AFTER_S]

Appends to WORK/nvidia-smi.json and WORK/nvml.json, as test data for whoever reads these programs,
and writes WORK/machine.json. What cannot be asked is recorded as the reason why.
"""

import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.gpu.nvml import ask_nvml

SMI_TIMEOUT_S = 20.0
FIELDS = (
    "index,uuid,name,utilization.gpu,memory.used,memory.total,power.draw,enforced.power.limit,"
    "temperature.gpu"
)
MORE_FIELDS = (
    "name,driver_version,vbios_version,compute_cap,pstate,clocks.sm,clocks.mem,clocks.max.sm,"
    "utilization.memory,power.limit,fan.speed,ecc.mode.current,mig.mode.current,compute_mode,"
    "pcie.link.gen.current,pcie.link.width.current"
)
SMI_COMMANDS = (
    [],
    ["-L"],
    ["-q"],
    [f"--query-gpu={FIELDS}", "--format=csv,noheader,nounits"],
    [f"--query-gpu={MORE_FIELDS}", "--format=csv"],
    ["--query-compute-apps=gpu_uuid,pid,process_name,used_memory", "--format=csv"],
)
PACKAGES = (
    "torch", "triton", "numpy", "tiktoken", "msgspec", "rensa", "filelock", "psutil", "rich",
    "textual", "click", "nvidia-ml-py", "pytest", "pytest-xdist", "hypothesis",
)  # fmt: skip


def main() -> int:
    work, when = Path(sys.argv[1]), sys.argv[2]
    time.sleep(float(sys.argv[3]) if sys.argv[3:] else 0)
    answers = [ask_smi(arguments) for arguments in SMI_COMMANDS]
    append(work / "nvidia-smi.json", {"when": when, "time": now(), "answers": answers})
    append(work / "nvml.json", {"when": when, "time": now(), **ask_nvml(), "read_gpus": as_read()})
    path = work / "machine.json"
    if not path.exists():
        path.write_text(json.dumps(machine(), indent=1) + "\n", encoding="utf-8")
    print(path.read_text(encoding="utf-8"))
    silent = [answer for answer in answers[:3] if answer.get("exit_code") != 0]
    for answer in silent:
        why = answer.get("error") or f"exit code {answer['exit_code']}: {answer['stderr'].strip()}"
        print(f"{' '.join(answer['command'])}: {why}", file=sys.stderr)
    return 1 if silent else 0


def ask_smi(arguments: list[str]) -> dict[str, Any]:
    command = ["nvidia-smi", *arguments]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=SMI_TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return {"command": command, "error": str(error)}
    return {
        "command": command,
        "exit_code": answer.returncode,
        "stdout": answer.stdout,
        "stderr": answer.stderr,
    }


def as_read() -> dict[str, Any]:
    """Return what the trainer's own reader makes of this machine."""
    try:
        import msgspec

        from trainer.gpus import read_gpus
    except ImportError as error:
        return {"error": str(error)}
    reading = read_gpus()
    return {"gpus": msgspec.to_builtins(reading.gpus), "unavailable": reading.unavailable}


def append(path: Path, record: dict[str, Any]) -> None:
    records = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps([*records, record], indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)  # this may be killed at any time


def machine() -> dict[str, Any]:
    return {
        "platform": platform.platform(),
        "processor": processor(),
        "cpus": os.cpu_count(),
        "memory_bytes": attempt(memory_bytes),
        "visible_devices": os.environ.get("CUDA_VISIBLE_DEVICES"),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "torch": attempt(torch_facts),
    }


def attempt(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except (ImportError, OSError, RuntimeError, ValueError, AttributeError) as error:
        return {"error": f"{type(error).__name__}: {error}"}


def version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def memory_bytes() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def torch_facts() -> dict[str, Any]:
    import torch

    gpus = []
    for index in range(torch.cuda.device_count()):
        found = torch.cuda.get_device_properties(index)
        gpus.append(
            {
                "name": found.name,
                "memory_bytes": found.total_memory,
                "multiprocessors": found.multi_processor_count,
                "capability": f"{found.major}.{found.minor}",
            }
        )
    return {
        "version": str(torch.__version__),
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),
        "gpus": gpus,
    }


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


if __name__ == "__main__":
    sys.exit(main())
