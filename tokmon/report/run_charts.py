"""The drawings of a run's report: loss, learning rate, throughput. Decides what, not how."""

import math

import numpy as np

from tokmon.monitor.curve_book import CurveBook
from tokmon.monitor.places import XAxis
from tokmon.monitor.run_milestones import run_milestones
from tokmon.monitor.smoothing import DEFAULT_BETA
from tokmon.monitor.state import RunState
from tokmon.report import figures
from tokmon.report.document import Figure
from tokmon.report.svg_chart import Chart, Line, Spot, Station, draw

_LOG_FROM = 3.0
"""A loss that falls by this factor has its later part flattened on a linear axis."""
_MAX_RESUMES = 20


def run_figures(state: RunState) -> tuple[Figure, ...]:
    """Return the drawings; none of a metric that has fewer than two values."""
    book = CurveBook()
    book.follow(state)
    found = (_loss(state, book), _rate(state, book), _speed(state, book))
    return tuple(figure for figure in found if figure is not None)


def _loss(state: RunState, book: CurveBook) -> Figure | None:
    raw, smooth = book.curve("train_loss"), book.average("train_loss", DEFAULT_BETA)
    validation = book.curve("val_loss")
    if _finite_count(book, "train_loss") < 2:
        return None
    low, high = raw.pyramid.whole()
    is_log = low > 0 and high / low >= _LOG_FROM
    lines = [Line("train", raw, "raw"), Line("train, averaged", smooth, "smooth")]
    if len(validation):
        lines.append(Line("validation", validation, "validation"))
    best, spot = state.best, None
    if best is not None:
        name = f"best {figures.loss(best.val_loss)} at {best.step:,}"
        spot = Spot(name, float(best.step), best.val_loss)
    words = f"Loss over steps: train {figures.loss(state.latest.get('train_loss'))} at the end"
    if best is not None:
        words += f", validation {figures.loss(best.val_loss)} at best, step {best.step:,}"
    chart = Chart(
        title=words,
        x_name="step",
        y_name="loss, nats per token" + (" (logarithmic)" if is_log else ""),
        places=book.places(XAxis.STEP),
        lines=tuple(lines),
        spot=spot,
        stations=_stations(state),
        is_log=is_log,
    )
    return Figure("loss", words, draw(chart))


def _rate(state: RunState, book: CurveBook) -> Figure | None:
    latest = figures.learning_rate(state.latest.get("lr"))
    return _single(
        state, book, "lr", "learning rate", f"Learning rate over steps: {latest} on the newest line"
    )


def _speed(state: RunState, book: CurveBook) -> Figure | None:
    is_tokens = _finite_count(book, "tokens_per_sec") > 1
    key, unit = ("tokens_per_sec", "tokens/s") if is_tokens else ("steps_per_sec", "steps/s")
    values = np.asarray(book.curve(key).values[:])
    values = values[np.isfinite(values)]
    middle = figures.compact(float(np.median(values))) if len(values) else figures.UNKNOWN
    return _single(state, book, key, unit, f"Throughput over steps: {middle} {unit} in the median")


def _single(state: RunState, book: CurveBook, key: str, unit: str, words: str) -> Figure | None:
    """Return a drawing of one metric, from zero on."""
    if _finite_count(book, key) < 2:
        return None
    chart = Chart(
        title=words,
        x_name="step",
        y_name=unit,
        places=book.places(XAxis.STEP),
        lines=(Line(unit, book.curve(key), "smooth"),),
        stations=_stations(state),
        from_zero=True,
    )
    return Figure(key.removesuffix("_per_sec"), words, draw(chart))


def _finite_count(book: CurveBook, key: str) -> int:
    return int(np.isfinite(np.asarray(book.curve(key).values[:])).sum())


def _stations(state: RunState) -> tuple[Station, ...]:
    """Return where the warm-up ended and where the run was taken up again."""
    ends = [one.step for one in run_milestones(state) if one.name == "warm-up" and one.is_done]
    resumed = [
        event.step
        for event in state.events
        if event.event == "resume" and event.step is not None and math.isfinite(event.step)
    ]
    found = [Station("warm-up ends", float(step)) for step in ends]
    return (*found, *(Station("resumed", float(step)) for step in resumed[-_MAX_RESUMES:]))
