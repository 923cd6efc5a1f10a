"""What a GPU is called in file names."""

import re
from typing import Any

_NOISE = {"nvidia", "geforce", "graphics", "device"}


def gpu_name(smi: list[dict[str, Any]]) -> str:
    """Return `h200` for NVIDIA H200, `rtx-5090` for NVIDIA GeForce RTX 5090; `unknown` for none.

    Args:
        smi: what bench.gpu.machine recorded of nvidia-smi.
    """
    for record in smi:
        for answer in record["answers"]:
            if any("utilization.gpu" in word for word in answer["command"]):
                lines = answer.get("stdout", "").splitlines()
                cells = lines[0].split(",") if lines else []
                if len(cells) > 2:
                    return slug(cells[2])
    return "unknown"


def slug(name: str) -> str:
    """Return a name in small letters, digits and dashes, without the maker's."""
    words = re.findall(r"[a-z0-9]+", name.lower())
    return "-".join(word for word in words if word not in _NOISE) or "unknown"
