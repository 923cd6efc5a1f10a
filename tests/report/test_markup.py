"""Nothing that a run says becomes markup: not in a table, a list, a title; not in HTML."""

import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.report.told_runs import ToldRun, subject_of
from tokmon.monitor.curve import Curve
from tokmon.monitor.places import Places
from tokmon.monitor.visible import visible
from tokmon.report.document import (
    Bullets,
    Code,
    CodeBlock,
    Document,
    Figure,
    Paragraph,
    Section,
    Strong,
    Table,
)
from tokmon.report.html import as_html
from tokmon.report.markdown import as_markdown
from tokmon.report.run_page import run_page
from tokmon.report.svg_chart import Chart, Line, Spot, Station, draw, stand_alone
from tokmon.rundir.records import Sample

HOSTILE = "</td></table><script>alert(1)</script> | `` ``` ` \\| **x** _y_ [a](http://b) ![c](d)"
MARKUP = st.text(
    alphabet=st.sampled_from("|`\\*_[]()<>#&;-+=~!$:/ \n\tab1.\"'\x1b\u202e\u0301\ud800")
)
ANY = MARKUP | st.text()


def page_of(text: str) -> Document:
    cells = (Code(text), text, (Strong("Own: "), Code(text), text))
    blocks = (
        Table(("Code", "Plain", "Both"), (cells, cells), numbers=frozenset({1})),
        Bullets((text, Code(text))),
        Paragraph(text),
        CodeBlock(text, "sh"),
    )
    return Document(("Run ", Code(text)), (), (Section("Here", blocks),))


def parsed(markdown: str) -> list[Token]:
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)


def plain(token: Token) -> str:
    return "".join(child.content for child in token.children or [])


@given(ANY)
@example(HOSTILE)
@example("\\")
@example("1. x")
@example("`")
@example("[x]: http://y")
@example("   # x")
@settings(max_examples=300, deadline=None)
def test_markdown_keeps_its_form_and_every_character(text: str) -> None:
    shown = visible(text)

    tokens = parsed(as_markdown(page_of(text), {}))

    kinds = [token.type for token in tokens]
    assert kinds.count("table_open") == 1
    assert kinds.count("td_open") == 6
    assert kinds.count("list_item_open") == 2
    assert kinds.count("fence") == 1
    assert kinds.count("heading_open") == 2
    assert not {"html_block", "hr", "code_block", "blockquote_open"} & set(kinds)
    inline = [token for token in tokens if token.type == "inline"]
    children = [child for token in inline for child in token.children or []]
    allowed = {"text", "code_inline", "strong_open", "strong_close"}
    assert {child.type for child in children} <= allowed
    if shown.strip():
        spans = [child.content for child in children if child.type == "code_inline"]
        assert spans == [shown] * 6
        cell = inline[5]
        assert plain(cell).strip() == shown.strip()


class _Reader(HTMLParser):
    """Notes tags and what stands in the cells."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.cells: list[str] = []
        self._is_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not [name for name, _ in attrs if name.startswith("on") or name in ("href", "src")]
        self._is_cell = tag == "td"
        if self._is_cell:
            self.cells.append("")

    def handle_data(self, text: str) -> None:
        if self._is_cell:
            self.cells[-1] += text


@given(ANY)
@example(HOSTILE)
@settings(max_examples=200, deadline=None)
def test_html_keeps_its_form_and_every_character(text: str) -> None:
    reader = _Reader()

    reader.feed(as_html(page_of(text)))

    assert reader.tags.count("td") == 6
    assert not {"script", "a", "img", "iframe"} & set(reader.tags)
    assert reader.cells[1] == visible(text)


@given(
    st.lists(st.floats() | st.floats(-10, 10), max_size=60),
    st.booleans(),
    st.booleans(),
    MARKUP,
)
@settings(max_examples=150, deadline=None)
def test_any_curve_is_a_drawing(
    values: list[float], is_log: bool, from_zero: bool, name: str
) -> None:
    curve = Curve()
    curve.follow(np.array(values, np.float64), np.ones(len(values), np.bool_))
    steps = np.arange(1, len(values) + 1, dtype=np.int64) * 7
    chart = Chart(
        title=name,
        x_name="step",
        y_name=name,
        places=Places(steps, steps),
        lines=(Line(name, curve, "raw"), Line(name, curve, "smooth")),
        spot=Spot(name, 7.0, values[0]) if values else None,
        stations=(Station(name, 14.0), Station(name, 1e300)),
        is_log=is_log,
        from_zero=from_zero,
    )

    root = ET.fromstring(stand_alone(draw(chart)))

    drawn = " ".join(element.get("d", "") for element in root.iter())
    assert "nan" not in drawn
    assert "inf" not in drawn


def test_a_spike_among_a_million_points_is_drawn() -> None:
    values = np.full(1_000_000, 2.0)
    values[333_333] = 14.0
    curve = Curve()
    curve.follow(values, np.ones(len(values), np.bool_))
    steps = np.arange(1, len(values) + 1)
    chart = Chart(
        title="t",
        x_name="step",
        y_name="loss",
        places=Places(steps, steps),
        lines=(Line("train", curve, "raw"),),
    )

    svg = draw(chart)

    path = next(e for e in ET.fromstring(svg).iter() if e.get("class") == "raw")
    heights = [
        float(part.split()[1].split("h")[0]) for part in path.get("d", "M0 0")[1:].split("L")
    ]
    assert max(heights) - min(heights) > 150
    assert len(svg) < 60_000


@pytest.mark.parametrize("text", [HOSTILE, "a|b\n|c|", "`" * 40, "\x1b[2J\u202e", "\ud800"])
def test_what_a_run_says_breaks_no_page(tmp_path: Path, text: str) -> None:
    builder = ToldRun(logs=tmp_path, max_steps=1_000)
    builder.line()
    builder.line()
    safe = text.encode(errors="replace").decode()
    builder.heartbeat(
        "crashed",
        error=safe,
        host=safe,
        device={"name": safe},
        config={"model": {safe: safe}, safe: {safe: safe}},
        corpus={"name": safe},
        gate={"passed": safe, "leaking_positions": safe},
    )
    builder.event("crash", safe)
    sample = Sample(prompt=safe, text=safe, step=200, validity=safe, collapsed=True)
    builder.append(builder.run.samples, sample)
    page = run_page(subject_of(builder))

    markdown, html = as_markdown(page, {}), as_html(page)

    kinds = {token.type for token in parsed(markdown)}
    assert not {"html_block", "hr", "blockquote_open", "code_block"} & kinds
    for token in parsed(markdown):
        if token.type == "inline":
            assert not {"html_inline", "link_open", "image"} & {
                c.type for c in token.children or []
            }
    reader = _Reader()
    reader.feed(html)
    assert not {"script", "a", "img"} & set(reader.tags)
    assert "\x1b" not in markdown + html
    assert "\u202e" not in markdown + html


def test_a_figure_is_an_image_in_markdown_only_where_it_has_a_file() -> None:
    figure = Figure("loss", "Loss [x](y)", "<svg/>")
    page = Document(("T",), (figure,), ())

    with_file = parsed(as_markdown(page, {"loss": "my (page) é_loss.svg"}))

    image = [c for t in with_file for c in t.children or [] if c.type == "image"]
    assert image[0].attrs["src"] == "my%20%28page%29%20%C3%A9_loss.svg"
    assert "![" not in as_markdown(page, {})
