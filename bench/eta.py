"""How far off is the ETA? Replays recorded runs: `python bench/eta.py [RUN]...`.

At 5 to 90 % of each log an end is foretold from only what stood in log and events by then, and held
against when it came. Without RUN, and before the recorded ones, runs are made up: with evaluations
and checkpoints, with a slow-down half-way, with noise.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tokmon.monitor.eta import Eta, foretell
from tokmon.monitor.pace import clock, pace
from tokmon.monitor.series import Column, Floats, Frame
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, iso, moment

SHARES = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90)
_START = 1_790_000_000.0


@dataclass(frozen=True)
class Recorded:
    """A run that is over."""

    name: str
    frame: Frame
    events: tuple[Event, ...]


@dataclass(frozen=True)
class Foretold:
    """One prediction and what came."""

    share: float
    eta: Eta | None
    remaining_s: float

    @property
    def error(self) -> float:
        """Of the remaining time; above 0 where it was done sooner than foretold."""
        assert self.eta is not None
        return self.eta.remaining_s / self.remaining_s - 1

    @property
    def is_within(self) -> bool:
        assert self.eta is not None
        return self.eta.earliest_s <= self.remaining_s <= self.eta.latest_s


def replay(run: Recorded) -> Iterator[Foretold]:
    """Yield what was foretold at each share of the log."""
    steps, seconds = clock(run.frame, len(run.frame))
    until = int(steps[-1])
    for share in SHARES:
        place = max(1, round(share * len(steps)) - 1)
        frame = _first_lines(run.frame, int(steps[place]))
        events = _known_events(run.events, frame)
        eta = foretell(pace(frame, events), step=int(steps[place]), until=until, now=_START)
        yield Foretold(share, eta, float(seconds[-1] - seconds[place]))


def _first_lines(frame: Frame, step: int) -> Frame:
    end = int(np.searchsorted(frame.steps, step, "right"))
    columns = {
        key: Column(column.values[:end], column.present[:end])
        for key, column in frame.columns.items()
    }
    return Frame(frame.steps[:end], columns)


def _known_events(events: tuple[Event, ...], frame: Frame) -> list[Event]:
    times = frame.series("time").values
    if not len(times):
        return [event for event in events if (event.step or 0) <= frame.steps[-1]]
    return [event for event in events if (moment(event.time) or np.inf) <= times[-1]]


def recorded(path: Path) -> Recorded:
    """Read a run directory."""
    source = RunSource(RunDir.open(path))
    state = source.poll(0.0)
    while state.is_loading:
        state = source.poll(0.0)
    return Recorded(path.name, state.frame, state.events)


def made_up(name: str, step_s: Floats, eval_every: int, save_every: int, seed: int = 0) -> Recorded:
    """Return a run of lines of 100 steps; an evaluation takes 12 s, a checkpoint 20 s."""
    random = np.random.default_rng(seed)
    lines = np.arange(1, len(step_s) + 1)
    is_evaluated, is_saved = lines % eval_every == 0, lines % save_every == 0
    durations = 100 * step_s + is_evaluated * random.normal(12, 1, len(lines))
    # A checkpoint is written after the line of its step.
    saved_s = is_saved * random.normal(20, 3, len(lines))
    durations[1:] += saved_s[:-1]
    elapsed_s = np.cumsum(durations)
    present = np.ones(len(lines), np.bool_)
    columns = {
        "elapsed_s": Column(elapsed_s, present),
        "time": Column(_START + elapsed_s, present),
        "val_loss": Column(np.where(is_evaluated, 3.0, np.nan), is_evaluated),
    }
    events = tuple(
        Event(event="checkpoint", step=int(line) * 100, time=iso(_START + end))
        for line, end in zip(lines[is_saved], (elapsed_s + saved_s)[is_saved], strict=True)
    )
    return Recorded(name, Frame(lines * 100, columns), events)


def made_up_runs() -> list[Recorded]:
    """Return one run for each thing that an ETA has to stand."""
    random = np.random.default_rng(1)
    noise = np.exp(random.normal(0, 0.05, 500))
    walk = np.exp(np.cumsum(random.normal(0, 0.03, 500)))
    slow = np.where(np.arange(500) < 250, 1.0, 1.6)
    return [
        made_up("steady", 0.04 * noise, 5, 50),
        made_up("long pauses", 0.04 * noise, 10, 25),
        made_up("60 % slower from half on", 0.04 * noise * slow, 5, 50),
        made_up("wandering pace", 0.04 * walk, 5, 50),
        made_up("short log", 0.04 * noise[:40], 5, 10),
    ]


def main(paths: list[str]) -> None:
    runs = [*made_up_runs(), *(recorded(Path(path)) for path in paths)]
    print("error of the remaining time, above 0 where it was done sooner; ( ) outside the range\n")
    print(f"{'run':26}" + "".join(f"{share:>10.0%}" for share in SHARES) + "   in range")
    within, errors = 0, []
    for run in runs:
        found = [one for one in replay(run) if one.eta is not None and one.remaining_s > 0]
        cells = {one.share: f"{one.error:+.1%}" for one in found if one.is_within}
        cells |= {one.share: f"({one.error:+.1%})" for one in found if not one.is_within}
        hits = sum(one.is_within for one in found)
        row = "".join(f"{cells.get(share, '-'):>10}" for share in SHARES)
        print(f"{run.name:26}{row}   {hits} of {len(found)}")
        within += hits
        errors += [abs(one.error) for one in found]
    print(f"\nmedian error {np.median(errors):.1%}, in the range {within} of {len(errors)} times")


if __name__ == "__main__":
    main(sys.argv[1:])
