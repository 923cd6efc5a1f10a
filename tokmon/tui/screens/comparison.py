"""Two to eight runs side by side: curves, distance to one of them, results, config. No reading."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from tokmon.monitor.alignment import Along, Measure
from tokmon.monitor.compared import LABELS, MAX_RUNS, Compared
from tokmon.monitor.comparison import Comparison, compare
from tokmon.monitor.races import races
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.rundir.layout import RunDir
from tokmon.tui import comparison_layout, comparison_text
from tokmon.tui.comparison_curves import Picture, View, curves, distances
from tokmon.tui.comparison_poller import ComparisonPoller
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.run_colours import run_colours
from tokmon.tui.screens.help import HelpScreen
from tokmon.tui.text import MUTED, STRONG, Part, fit, words
from tokmon.tui.widgets.comparison_chart import ComparisonChart


@dataclass
class RunsLoaded(Message):
    """The logs are read, or read further."""

    runs: tuple[Compared, ...]

    def can_replace(self, message: Message) -> bool:
        """Only the latest matters."""
        return isinstance(message, RunsLoaded)


class ComparisonScreen(Screen[None]):
    """Curves above or left, words and tables below or right.

    Args:
        runs: two to eight; the first is the reference.
        glyphs: the signs to draw with.
        clock: seconds since 1970.
        new_source: reads one run.
    """

    AUTO_FOCUS = "#comparison-text"
    HORIZONTAL_BREAKPOINTS = comparison_layout.WIDTHS
    VERTICAL_BREAKPOINTS = comparison_layout.HEIGHTS
    DEFAULT_CSS = comparison_layout.CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "x", "along", "Axis", id="comparison.along", tooltip="Steps, tokens, training time"
        ),
        Binding("y", "log", "Log y", id="comparison.log", tooltip="Linear or logarithmic"),
        Binding(
            "v",
            "validation",
            "Val/train",
            id="comparison.validation",
            tooltip="Validation loss or averaged train loss",
        ),
        Binding(
            "r",
            "reference",
            "Reference",
            id="comparison.reference",
            tooltip="The next run; its distance to the others is drawn",
        ),
        Binding("d", "delta", "Delta", id="comparison.delta", tooltip="Show or hide that distance"),
        Binding(
            "t",
            "words",
            "Text",
            id="comparison.words",
            tooltip="On a small terminal: results and config instead of curves",
        ),
        Binding(
            "question_mark,f1",
            "help",
            "Help",
            key_display="?",
            id="comparison.help",
            tooltip="This list",
        ),
        Binding("escape,q", "leave", "Back", id="comparison.leave", tooltip="To the list of runs"),
    ]

    def __init__(
        self,
        runs: Sequence[RunDir],
        glyphs: Glyphs,
        *,
        clock: Callable[[], float] = time.time,
        new_source: Callable[[RunDir], RunSource] = RunSource,
    ) -> None:
        super().__init__()
        sources = [new_source(run) for run in runs[:MAX_RUNS]]
        self._poller = ComparisonPoller(sources, self._post, clock)
        self._colours = run_colours([run.experiment for run in runs[:MAX_RUNS]])
        self._glyphs = glyphs
        self._runs: tuple[Compared, ...] = ()
        self._found: Comparison | None = None
        self._view = View()
        self.set_class(glyphs.is_ascii, "-ascii")

    def compose(self) -> ComposeResult:
        yield Static(id="comparison-heading", markup=False)
        with Horizontal(id="comparison-body"):
            with Vertical(id="comparison-charts"):
                yield ComparisonChart(self._glyphs, id="comparison-curves")
                yield ComparisonChart(self._glyphs, has_zero=True, id="comparison-delta")
            with VerticalScroll(id="comparison-text", can_focus=True) as box:
                box.border_title = "Results"
                yield Static(id="comparison-words", markup=False)
        yield Footer(show_command_palette=False, compact=True)

    def on_mount(self) -> None:
        self._show()
        self.run_worker(self._poller.run, thread=True, group="comparison")

    def on_unmount(self) -> None:
        self._poller.stop()

    def check_action(
        self,
        action: str,
        parameters: tuple[object, ...],  # noqa: ARG002  Textual's
    ) -> bool | None:
        """Offer the text alone only where curves and text do not stand together."""
        return action != "words" or self.has_class("-tiny") or self.has_class("-short")

    def on_resize(self) -> None:
        self.refresh_bindings()
        self.call_after_refresh(self._show)

    def on_runs_loaded(self, message: RunsLoaded) -> None:
        self._runs = message.runs
        # Tables by place are for the page; the curves are here.
        self._found = compare(message.runs, along=())
        self._show()

    def action_along(self) -> None:
        self._look(along=self._view.along.following)

    def action_log(self) -> None:
        self._look(is_log=not self._view.is_log)

    def action_validation(self) -> None:
        is_train = self._view.measure is Measure.TRAIN
        self._look(measure=Measure.VALIDATION if is_train else Measure.TRAIN)

    def action_reference(self) -> None:
        """Show the distance to the reference at first, then take the next."""
        following = (self._view.reference + 1) % max(1, len(self._runs))
        reference = following if self.has_class("-delta") else self._view.reference
        self.add_class("-delta")
        self._look(reference=reference)

    def action_delta(self) -> None:
        self.toggle_class("-delta")
        self._show()

    def action_words(self) -> None:
        self.toggle_class("-words")
        self.query_one("#comparison-text").focus()

    def action_leave(self) -> None:
        self.dismiss()

    def action_help(self) -> None:
        bindings = [active.binding for active in self.active_bindings.values()]
        own = [binding for binding in bindings if binding.id]
        self.app.push_screen(HelpScreen(own, is_ascii=self._glyphs.is_ascii))

    def _post(self, runs: tuple[Compared, ...]) -> None:
        self.post_message(RunsLoaded(runs))

    def _look(self, **change: Any) -> None:
        self._view = replace(self._view, **change)
        self._show()

    def _show(self) -> None:
        self.query_one("#comparison-heading", Static).update(self._heading())
        picture = curves(self._runs, self._view)
        self._put("#comparison-curves", picture, is_log=self._view.is_log)
        self._put("#comparison-delta", distances(picture, self._view))
        if self._found is not None:
            self.query_one("#comparison-words", Static).update(self._words(self._found))

    def _put(self, selector: str, picture: Picture, *, is_log: bool = False) -> None:
        chart = self.query_one(selector, ComparisonChart)
        chart.border_title = picture.title
        colours = [self._colours[index] for index in picture.indexes]
        chart.put(picture.lines, colours, self._view.along, is_log=is_log, note=picture.note)

    def _heading(self) -> Content:
        count = len(self._colours)
        parts = [Part(words((f"{count} runs", STRONG)))]
        loaded = [run.state.loaded_fraction for run in self._runs]
        if not self._runs or min(loaded) < 1:
            share = sum(loaded) / count
            parts.append(Part(words((f"reading logs {share:.0%}", "$primary")), 1))
        along, reference = str(self._view.along), LABELS[self._view.reference]
        parts.append(Part(words(("over ", MUTED), (along, STRONG)), 2))
        parts.append(Part(words(("reference ", MUTED), (reference, STRONG)), 2))
        return fit(parts, self.size.width - 2)

    def _words(self, found: Comparison) -> Content:
        reference = self._view.reference
        return comparison_text.everything(
            found,
            races(self._runs, reference, Along.TOKENS),
            self._colours,
            reference,
            self._words_width(),
            self._glyphs,
        )

    def _words_width(self) -> int:
        return self.query_one("#comparison-words").size.width or self.size.width - 4
