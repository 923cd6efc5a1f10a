"""Speed and memory over width, layers, batch, sequence and ranks; what N GPUs would do.

    python bench/scaling.py [--out FILE.md]                 about five minutes on two CPU cores
    python bench/scaling.py --device cuda [--out FILE.md]   at the reference's own batch
    python bench/scaling.py --only-predict                  measures nothing

One thing at a time is changed around a base, the reference experiment unless --config names another
(on a CPU with 2 sequences a step). Each point runs in processes of its own; one that fails, has too
little memory or runs over --limit-s is a row that says so. Several ranks are started by torchrun,
with gloo on a CPU and NCCL on GPUs. --width, --layers, --batch, --sequence and --ranks take other
values, or none, which leaves the dimension out.

How N GPUs would do is PREDICTED from counted bytes, and the page says so. With --out a JSON file
with all numbers is written beside the Markdown. Ctrl-C and SIGTERM end it early, with the points
that were measured. For numbers that mean something the machine has to be quiet.
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from bench.scale.ground import Assumptions
from bench.scale.point import BATCH, LAYERS, RANKS, SEQUENCE, WIDTH
from bench.scale.program import scaling
from bench.speed.output import Report, markdown_file, positive, run
from trainer.shipped import shipped_config

DIMENSIONS = (WIDTH, LAYERS, BATCH, SEQUENCE, RANKS)
NVLINK_GB_S, PCIE_GB_S = 370.0, 24.0
"""What NCCL's rings reach of NVLink 4 (450 GB/s each way on H100 and H200, less a fifth for its
protocol: github.com/NVIDIA/nccl-tests/issues/212), and what NCCL itself counts on for PCIe 4.0 x16
(its topology's "PCI[24.0]": nccl-tests/issues/307)."""
H200_TFLOPS, H200_GB_S = 790.0, 4300.0
"""As in docs/BENCH.md."""


def main() -> int:
    options = parse()
    return run(lambda: measure(options), options.out)


def measure(options: argparse.Namespace) -> Report:
    values = {name: vars(options)[name] for name in DIMENSIONS if vars(options)[name] is not None}
    links = {"NVLink": options.nvlink_gb_s, "PCIe": options.pcie_gb_s}
    assumed = Assumptions(
        gpus=tuple(options.gpus),
        links=links,
        bucket_mb=options.bucket_mb,
        tflops=options.gpu_tflops,
        copy_gb_per_sec=options.gpu_gb_s,
    )
    return scaling(options, values, assumed)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--config", type=Path, metavar="FILE.toml", default=shipped_config("v1_token_bigdata.toml"))
    add("--set", action="append", default=[], metavar="KEY=VALUE", help="of the base, as in train")
    add("--device", choices=("cpu", "cuda"), default="cpu")
    for name in DIMENSIONS:
        add(f"--{name}", type=positive, nargs="*", metavar="N")
    add("--warmup", type=positive, help="steps that are not counted (2; 40 on a GPU)")
    add("--steps", type=positive, help="steps a point that are (5; 200 on a GPU)")
    add("--limit-s", type=above_zero, help="for one point in all (120; 300 on a GPU)")
    add("--threads", type=positive, default=os.cpu_count(), help="CPU threads of all ranks (all)")
    add("--plan", choices=("base", "own"), help="how points compute (base's; own on a GPU)")
    add("--out", type=markdown_file, metavar="FILE.md", help="where the page goes, beside it .json")
    add_predictions(parser.add_argument_group("the prediction").add_argument)
    return parser.parse_args()


def add_predictions(add: Callable[..., object]) -> None:
    add("--only-predict", action="store_true", help="from counts alone")
    add("--gpus", type=positive, nargs="+", default=[1, 2, 4, 8], metavar="N")
    rate = {"type": above_zero, "metavar": "X"}
    add("--nvlink-gb-s", default=NVLINK_GB_S, help=f"into a GPU ({NVLINK_GB_S:g})", **rate)
    add("--pcie-gb-s", default=PCIE_GB_S, help=f"the same ({PCIE_GB_S:g}; PCIe 5.0: 48)", **rate)
    add("--bucket-mb", default=25.0, help="bucket_cap_mb of DDP (25)", **rate)
    add("--gpu-tflops", default=H200_TFLOPS, help="where no GPU is measured (790)", **rate)
    add("--gpu-gb-s", default=H200_GB_S, help="copy, the same (4300)", **rate)


def above_zero(text: str) -> float:
    number = float(text)
    if not 0 < number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} is not above zero")
    return number


if __name__ == "__main__":
    sys.exit(main())
