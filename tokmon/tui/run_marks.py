"""Which runs are marked for a comparison, and the letter and colour that each has by that. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tokmon.monitor.comparison import LABELS, MAX_RUNS
from tokmon.monitor.run_summary import RunSummary
from tokmon.tui.run_cells import Row
from tokmon.tui.run_colours import run_colours


class RunMarks:
    """Marks in the order in which they were made: the letters follow it."""

    def __init__(self) -> None:
        self._paths: list[Path] = []

    def __len__(self) -> int:
        return len(self._paths)

    def toggle(self, path: Path) -> bool:
        """Mark a run, or take its mark away; False if there is no room for another."""
        if path in self._paths:
            self._paths.remove(path)
        elif len(self._paths) == MAX_RUNS:
            return False
        else:
            self._paths.append(path)
        return True

    def keep(self, known: Mapping[Path, RunSummary]) -> None:
        """Forget the marks of runs that are gone."""
        self._paths = [path for path in self._paths if path in known]

    def marked(self, known: Mapping[Path, RunSummary]) -> list[RunSummary]:
        """Return the marked runs that are there."""
        return [known[path] for path in self._paths if path in known]

    def rows(self, shown: Sequence[RunSummary], known: Mapping[Path, RunSummary]) -> list[Row]:
        """Return the runs that are shown, with their marks."""
        marked = self.marked(known)
        colours = run_colours([run.name for run in marked])
        marks = {
            run.run.path: {"label": label, "colour": colour}
            for run, label, colour in zip(marked, LABELS, colours, strict=False)
        }
        return [Row(run=run, **marks.get(run.run.path, {})) for run in shown]
