"""Commands to watch a run with, as they are typed where the report is written."""

from collections.abc import Iterator

from tokmon.report.document import CodeBlock, Paragraph, Section
from tokmon.report.subject import Subject

LANGUAGE = "sh"
"""Of blocks of commands; lines that begin with # say what the next one is for."""


def monitoring(subject: Subject) -> Section:
    """Return the commands, each with what it shows."""
    where = f"From {subject.shell.folder}:"
    lines = [line for said, command in _commands(subject) for line in (f"# {said}", command)]
    return Section("Monitoring", (Paragraph(where), CodeBlock("\n".join(lines), LANGUAGE)))


def _commands(subject: Subject) -> Iterator[tuple[str, str]]:
    state, shell = subject.state, subject.shell
    run = state.run
    is_live = state.health.phase.is_live
    yield "the monitor: curves, samples, hardware", shell.tokmon("watch", run.path)
    yield "one look, as text; --json for scripts", shell.tokmon("status", run.path)
    if subject.page is not None and is_live:
        command = shell.tokmon("report", run.path, "-o", subject.page, "--watch")
        yield "keep this page current", command
    if run.log.is_file():
        said = "the step log, as it grows" if is_live else "the end of the step log"
        yield said, shell.tail(run.log, is_followed=is_live)
    if run.output_log.is_file():
        said = "what the process prints" if is_live else "what the process printed last"
        yield said, shell.tail(run.output_log, is_followed=is_live)
    if is_live and state.systems and state.systems[-1].gpus:
        yield "the GPUs, on the trainer's host", shell.line("nvidia-smi")
    if is_live and state.info is not None and state.info.pid is not None:
        yield "save a checkpoint now", shell.tokmon("ctl", run.path, "checkpoint")
