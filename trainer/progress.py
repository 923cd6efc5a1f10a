"""What people see while it trains: a bar on a terminal, plain lines everywhere."""

import math
import sys
from contextlib import suppress

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from tokmon.rundir.records import Step
from trainer.output import NoOutput, OutputLog

_LARGE = 1e7


def say(line: str) -> None:
    """Write one line to stderr, and with it to the output log."""
    # On a full disk the line stays in the stream's buffer until the next one finds room.
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")


def step_line(record: Step, max_steps: int) -> str:
    """Return a log line for people."""
    parts = [
        f"step {record.step:>{len(str(max_steps))}}/{max_steps}",
        f"loss {_number(record.train_loss, '.3f')}",
        f"PPL {_number(record.train_ppl, ',.1f')}",
        f"lr {_number(record.lr, '.2e')}",
        f"{_number(record.steps_per_sec, '.2f')} steps/s",
        f"{_number(record.tokens_per_sec, ',.0f')} tokens/s",
    ]
    if isinstance(record.val_loss, float) and isinstance(record.val_bpb, float):
        parts.append(f"val loss {record.val_loss:.3f} bpb {record.val_bpb:.3f}")
    return "  ".join(parts)


def _number(value: float | None, form: str) -> str:
    if value is None or not math.isfinite(value):
        return "not finite"
    return format(value, form if abs(value) < _LARGE else ".3g")


class TrainingBar:
    """A bar with loss, tokens/s and ETA while in `with`; nothing where no terminal is."""

    def __init__(self, output: OutputLog | NoOutput, start_step: int, max_steps: int) -> None:
        self._output = output
        self._console = Console(file=output.terminal)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.completed}/{task.total}  {task.fields[numbers]}"),
            TimeElapsedColumn(),
            TextColumn("ETA"),
            TimeRemainingColumn(),
            console=self._console,
            # Four repaints a second: more makes tmux redraw whole panes on slow links.
            refresh_per_second=4,
            disable=not self._console.is_terminal,
        )
        self._task: TaskID = self._progress.add_task(
            "training", total=max_steps, completed=start_step, numbers=""
        )
        self._plainly = output.show

    def __enter__(self) -> "TrainingBar":
        if self._console.is_terminal:
            self._output.show = lambda line: self._console.print(Text(line), soft_wrap=True)
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()
        self._output.show = self._plainly

    def step(self, step: int) -> None:
        """Move to `step`."""
        self._progress.update(self._task, completed=step)

    def numbers(self, record: Step) -> None:
        """Show the numbers of a log line."""
        text = f"loss {_number(record.train_loss, '.3f')}  "
        self._progress.update(
            self._task, numbers=text + f"{_number(record.tokens_per_sec, ',.0f')} tokens/s"
        )

    def phase(self, name: str) -> None:
        """Name what happens now: training, evaluating, saving."""
        self._progress.update(self._task, description=name)
