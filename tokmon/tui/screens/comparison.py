"""Two to eight runs side by side: curves, distance to one of them, results, config. No reading."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Footer, Static

from tokmon.monitor.alignment import Along, Measure, delta
from tokmon.monitor.comparison import (
    LABELS,
    MAX_RUNS,
    Compared,
    races,
    remarks,
    results,
)
from tokmon.monitor.config_difference import differences
from tokmon.monitor.sources.tokmon_run import RunSource
from tokmon.rundir.layout import RunDir
from tokmon.tui import comparison_text
from tokmon.tui.comparison_poller import ComparisonPoller
from tokmon.tui.glyphs import Glyphs
from tokmon.tui.overlay import Line, drawable
from tokmon.tui.run_colours import run_colours
from tokmon.tui.screens.help import HelpScreen
from tokmon.tui.text import MUTED, STRONG, Part, fit, words
from tokmon.tui.widgets.comparison_chart import ComparisonChart

_WIDTHS = [(0, "-tiny"), (70, "-narrow"), (130, "-wide")]
_HEIGHTS = [(0, "-short"), (20, "-medium"), (36, "-tall")]
_TITLES = {Measure.TRAIN: "Train loss, averaged", Measure.VALIDATION: "Validation loss"}


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
    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    DEFAULT_CSS = """
    ComparisonScreen { background: $background; color: $foreground; layout: vertical; }
    ComparisonScreen #comparison-heading { height: 1; padding: 0 1; }
    ComparisonScreen #comparison-body { height: 1fr; layout: vertical; }
    ComparisonScreen #comparison-charts { height: 1fr; }
    ComparisonScreen #comparison-delta { display: none; height: 1fr; }
    ComparisonScreen.-delta #comparison-delta { display: block; }
    ComparisonScreen #comparison-text {
        height: 45%;
        border-top: solid $border;
        border-title-color: $text-muted;
        padding: 0 1;
        scrollbar-size-vertical: 1;
        scrollbar-color: $border;
        scrollbar-background: $background;
    }
    ComparisonScreen #comparison-text:focus {
        border-top: solid $primary;
        border-title-color: $primary;
    }
    ComparisonScreen #comparison-words { width: 1fr; height: auto; }
    ComparisonScreen.-wide #comparison-body { layout: horizontal; }
    ComparisonScreen.-wide #comparison-charts { width: 1fr; height: 100%; }
    ComparisonScreen.-wide #comparison-text { width: 66; height: 100%; }
    ComparisonScreen.-short #comparison-text, ComparisonScreen.-tiny #comparison-text {
        display: none;
        height: 1fr;
    }
    ComparisonScreen.-short.-words #comparison-text,
    ComparisonScreen.-tiny.-words #comparison-text {
        display: block;
    }
    ComparisonScreen.-short.-words #comparison-charts,
    ComparisonScreen.-tiny.-words #comparison-charts { display: none; }
    ComparisonScreen.-short.-delta #comparison-curves,
    ComparisonScreen.-narrow.-medium.-delta #comparison-curves { display: none; }
    ComparisonScreen.-ascii #comparison-text { scrollbar-size-vertical: 0; }
    ComparisonScreen.-ascii ComparisonChart, ComparisonScreen.-ascii #comparison-text,
    ComparisonScreen.-ascii #comparison-text:focus {
        border-top: ascii $border;
    }
    """
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
        self._along = Along.STEP
        self._measure = Measure.TRAIN
        self._is_log = False
        self._reference = 0
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
        self._show()

    def action_along(self) -> None:
        self._along = self._along.following
        self._show()

    def action_log(self) -> None:
        self._is_log = not self._is_log
        self._show()

    def action_validation(self) -> None:
        is_train = self._measure is Measure.TRAIN
        self._measure = Measure.VALIDATION if is_train else Measure.TRAIN
        self._show()

    def action_reference(self) -> None:
        """Show the distance to the reference at first, then take the next."""
        if self.has_class("-delta"):
            self._reference = (self._reference + 1) % max(1, len(self._runs))
        self.add_class("-delta")
        self._show()

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

    def _show(self) -> None:
        self.query_one("#comparison-heading", Static).update(self._heading())
        self._show_curves()
        if self._runs:
            self.query_one("#comparison-words", Static).update(self._words())

    def _show_curves(self) -> None:
        curves = [run.curves[self._measure, self._along] for run in self._runs]
        lines = [Line(label, drawable(curve)) for label, curve in zip(LABELS, curves, strict=False)]
        lacking = "".join(line.label for line in lines if not len(line.curve))
        title = f"{_TITLES[self._measure]}{', log y' if self._is_log else ''}"
        if lacking and self._runs:
            title += f"  ({', '.join(lacking)}: none by {self._along})"
        chart = self.query_one("#comparison-curves", ComparisonChart)
        chart.border_title = title
        note = f"no {self._measure.in_words} over {self._along} in these logs"
        chart.put(lines, self._colours, self._along, is_log=self._is_log, note=note)
        self._show_delta(lines)

    def _show_delta(self, lines: Sequence[Line]) -> None:
        chart = self.query_one("#comparison-delta", ComparisonChart)
        label = LABELS[self._reference]
        chart.border_title = f"Difference to {label}: below 0 is better than {label}"
        base = lines[self._reference].curve if lines else None
        others = [index for index in range(len(lines)) if index != self._reference]
        found = [
            Line(lines[index].label, delta(lines[index].curve, base)) for index in others if base
        ]
        colours = [self._colours[index] for index in others]
        chart.put(found, colours, self._along, note=f"no range in common with {label}")

    def _heading(self) -> Content:
        count = len(self._colours)
        parts = [Part(words((f"{count} runs", STRONG)))]
        loaded = [run.state.loaded_fraction for run in self._runs]
        if not self._runs or min(loaded) < 1:
            share = sum(loaded) / count
            parts.append(Part(words((f"reading logs {share:.0%}", "$primary")), 1))
        parts.append(Part(words(("over ", MUTED), (str(self._along), STRONG)), 2))
        parts.append(Part(words(("reference ", MUTED), (LABELS[self._reference], STRONG)), 2))
        return fit(parts, self.size.width - 2)

    def _words(self) -> Content:
        found, width = results(self._runs), self._words_width()
        infos = [run.state.info for run in self._runs]
        told = races(self._runs, self._reference, Along.TOKENS)
        blocks = [
            comparison_text.legend(found, self._colours, self._reference, width, self._glyphs),
            comparison_text.table(found, self._colours, width, self._glyphs),
            comparison_text.sentences(told, remarks(self._runs)),
            words(("Config that differs", MUTED)),
            comparison_text.config(differences(infos), width, self._glyphs),
        ]
        return Content("\n\n").join(blocks[:3]) + Content("\n\n") + Content("\n").join(blocks[3:])

    def _words_width(self) -> int:
        return self.query_one("#comparison-words").size.width or self.size.width - 4
