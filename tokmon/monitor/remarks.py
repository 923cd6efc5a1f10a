"""What has to be known before runs are compared, a sentence each. Pure."""

from collections.abc import Sequence
from statistics import mean, stdev

from tokmon.monitor.compared import LABELS, Compared, is_leaking
from tokmon.monitor.config_difference import SURROUNDINGS, differences, same_data
from tokmon.monitor.groups import same_config, seeds_of
from tokmon.monitor.state import Phase
from tokmon.rundir.records import RunInfo


def remarks(runs: Sequence[Compared]) -> tuple[str, ...]:
    """Return what has to be known before the runs are compared, a sentence each."""
    infos = [run.state.info for run in runs]
    pairs = [same_data(infos[0], info) for info in infos[1:]]
    found = [_leak(label, info) for label, info in zip(LABELS, infos, strict=False) if _leaks(info)]
    if any(is_same is False for is_same, _ in pairs):
        found.append("the corpora differ: so do the texts that the validation losses are of")
    if any(is_same is False for _, is_same in pairs):
        found.append("the tokenizers differ: losses per token do not compare, bits per byte do")
    if unknown := [LABELS[index] for index, info in enumerate(infos) if info is None]:
        found.append(f"nothing is recorded of the config and corpus of {_joined(unknown)}")
    for group in same_config(infos):
        found += _of_group(runs, infos, group)
    return tuple(found)


def caveats(runs: Sequence[Compared]) -> tuple[str, ...]:
    """Return what to know of single runs, a sentence each: short logs, lines unread, not over."""
    found = _short_logs(runs)
    for label, run in zip(LABELS, runs, strict=False):
        state = run.state
        if state.health.phase is not Phase.FINISHED:
            taken = "no step is known" if state.step is None else f"{state.step:,} steps"
            taken += f" of {state.max_steps:,}" if state.max_steps and state.step else ""
            phase = state.health.phase
            found.append(f"{label} is {phase}, {taken}: its last numbers are not final")
    return tuple(found)


def _leaks(info: RunInfo | None) -> bool:
    return info is not None and is_leaking(info)


def _leak(label: str, info: RunInfo | None) -> str:
    gate = info.gate if info is not None else {}
    counts = [gate.get(key) for key in ("leaking_positions", "positions")]
    # Another program's run.json may hold anything there.
    is_counted = all(isinstance(count, int) for count in counts)
    places = f"{counts[0]} of {counts[1]} positions, " if is_counted else ""
    return (
        f"{label} sees what it has to predict ({places}by its causality gate): "
        "its losses are not to be believed"
    )


def _of_group(
    runs: Sequence[Compared], infos: Sequence[RunInfo | None], group: tuple[int, ...]
) -> list[str]:
    """Tell the spread over the seeds of one config: what is smaller than it is no difference."""
    by_seed = seeds_of(infos, group)
    again = [_joined([LABELS[i] for i in same]) for same in by_seed.values() if len(same) > 1]
    found = [f"{names} are one config with one seed: one draw, not several" for names in again]
    if len(by_seed) > 1:
        found.append(_seeds(runs, group, len(by_seed)))
        found += _other_surroundings(infos, group)
    return found


def _other_surroundings(infos: Sequence[RunInfo | None], group: tuple[int, ...]) -> list[str]:
    """Tell what else differs between the seeds: it may be the reason for what they differ in."""
    keys = [found.key for found in differences([infos[index] for index in group])]
    others = [key for key in keys if key in SURROUNDINGS]
    if not others:
        return []
    names = _joined([LABELS[index] for index in group])
    return [f"besides the seed, {_joined(others)} differ{'' if others[1:] else 's'} within {names}"]


def _seeds(runs: Sequence[Compared], group: tuple[int, ...], count: int) -> str:
    names = _joined([LABELS[index] for index in group])
    losses = [best.val_loss for index in group if (best := runs[index].state.best) is not None]
    words = f"{names} are one config with {count} seeds"
    if len(losses) < len(group):
        return words
    spread = f"mean {mean(losses):.3f}, standard deviation {stdev(losses):.2g}"
    return f"{words}; best validation loss: {spread}"


def _short_logs(runs: Sequence[Compared]) -> list[str]:
    """Tell of logs that make no curve, and of lines that were not read."""
    found = []
    for label, run in zip(LABELS, runs, strict=False):
        if len(run.state.frame) == 1:
            found.append(f"{label}'s log has one line: it has results, but no curve")
        if count := run.state.bad_line_count:
            lines = f"{count:,} line{'s' if count > 1 else ''}"
            found.append(f"{lines} of {label} could not be read and count for nothing")
    return found


def _joined(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
