"""A page can be made of run directories whose files hold anything."""

from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tests.fuzz.cases import edited, fuzzed, hostile_json
from tests.report.told_runs import COMMANDS, ToldRun, state_of
from tokmon.monitor.config_search import find_config
from tokmon.monitor.output_files import output_files
from tokmon.report.html import as_html
from tokmon.report.markdown import as_markdown
from tokmon.report.run_page import run_page
from tokmon.report.shell import Shell
from tokmon.report.subject import Subject
from tokmon.rundir.layout import RunDir

NOW = ToldRun.started + 60.0


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    builder = ToldRun(logs=tmp_path_factory.mktemp("logs"), experiment="x", eval_every=200)
    builder.told(8)
    builder.round()
    builder.event("crash", "boom")
    builder.finish()
    return builder.run


def page_of(run: RunDir) -> tuple[str, str]:
    state = state_of(run, NOW, is_alive=None)
    subject = Subject(
        state=state,
        shell=Shell(folder=run.path.parent, commands=COMMANDS),
        files=output_files(run),
        config=find_config("x", state.info.config if state.info else {}, run.path),
        against=state,
    )
    document = run_page(subject)
    return as_markdown(document, {}), as_html(document)


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)


def check(run: RunDir) -> None:
    markdown, html = page_of(run)

    tags = _Tags()
    tags.feed(html)
    assert not {"script", "a", "img", "iframe"} & tags.found
    html.encode()
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    assert not {"html_block", "blockquote_open", "hr"} & {token.type for token in tokens}
    assert sum(token.type == "heading_open" for token in tokens) >= 10


@pytest.mark.slow
@fuzzed(300)
@given(data=st.data())
def test_a_page_of_any_files(run: RunDir, data: st.DataObject) -> None:
    paths = sorted(path for path in run.path.iterdir() if path.suffix in (".json", ".jsonl"))
    path = data.draw(st.sampled_from(paths))
    before = path.read_bytes()
    path.write_bytes(data.draw(hostile_json([before]) | edited([before])))
    try:
        check(run)
    finally:
        path.write_bytes(before)


FAR = (
    b'{"step": 1, "train_loss": 1e308, "lr": -1e308, "val_loss": -5, "steps_per_sec": 1e-320}\n'
    b'{"step": 9223372036854775807, "train_loss": -1e308, "lr": 1e308, "val_loss": 1e308}\n'
)
STRANGE = (
    b'{"experiment": "x", "prompt": "\\ud800`|", "event": "resume", "step": -7, "config": '
    b'{"model": [], "optim": 3, "schedule": {"steps": -1, "warmup": 1e99}}, "gate": '
    b'{"passed": 1, "random_loss": "inf"}, "corpus": {"bytes_per_token": -1}}\n'
)
ODD = (b"", b"\0\xff\n", b"[]\n", b'{"step": 9e999, "train_loss": "x"}\n', FAR, STRANGE)


@pytest.mark.parametrize("suffix", ["run.json", "log.jsonl", "events.jsonl", "samples.jsonl"])
@pytest.mark.parametrize("content", ODD)
def test_a_page_of_odd_files(run: RunDir, suffix: str, content: bytes) -> None:
    path: Path = run.path / f"x_{suffix}"
    before = path.read_bytes()
    path.write_bytes(content)
    try:
        check(run)
    finally:
        path.write_bytes(before)
