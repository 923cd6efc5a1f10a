"""What to do next, by the state that the run is in. Names no command that this tokmon lacks."""

from collections.abc import Iterator
from typing import TypeAlias

from tokmon.monitor.observations import (
    Belief,
    is_gate_closed,
    plausibility,
    validation_trend,
)
from tokmon.monitor.output_files import FileKind
from tokmon.monitor.state import Phase, Severity
from tokmon.report.document import Block, Code, CodeBlock, Paragraph, Section, Text
from tokmon.report.sections.monitoring import LANGUAGE
from tokmon.report.subject import Subject
from tokmon.report.times import clock
from tokmon.rundir.layout import RunDir

Step: TypeAlias = tuple[Text, str]
"""What to do and why, and the command for it; empty where there is none."""

_PROMPT = "def add(a, b):"


def next_steps(subject: Subject) -> Section:
    """Return the steps, the most urgent one first."""
    blocks: list[Block] = []
    for said, command in (
        *_leak(subject),
        *_wrong(subject),
        *_BY_PHASE[subject.state.health.phase](subject),
    ):
        blocks.append(Paragraph(said))
        if command:
            blocks.append(CodeBlock(command, LANGUAGE))
    return Section("Next steps", tuple(blocks))


def _leak(subject: Subject) -> Iterator[Step]:
    if not _is_leaking(subject):
        return
    yield "Find the leak before anything else: no result of this run is to be believed.", ""
    state = subject.state
    if state.health.phase.is_progressing and state.info is not None:
        command = subject.shell.tokmon("ctl", state.run.path, "stop")
        yield "End it, unless the leak is what is studied.", command


def _is_leaking(subject: Subject) -> bool:
    found = plausibility(subject.state)
    is_too_good = found is not None and found.belief is Belief.TOO_GOOD
    return is_too_good or is_gate_closed(subject.state)


def _wrong(subject: Subject) -> Iterator[Step]:
    """Yield what is grave while the run goes on; what ended a run is told by its state."""
    if subject.state.health.phase.is_progressing:
        for alert in subject.state.alerts:
            if alert.severity is Severity.ERROR:
                yield f"See to this: {alert.message}.", ""


def _starting(subject: Subject) -> Iterator[Step]:
    run = subject.state.run
    yield "Wait for the first log line.", subject.shell.tokmon("watch", run.path)


def _running(subject: Subject) -> Iterator[Step]:
    state, shell = subject.state, subject.shell
    trend = validation_trend(state)
    if trend is not None and trend.is_overfitting:
        said = (
            f"The validation loss has risen since step {trend.best_step:,}, whose weights are "
            "kept: to end the run now loses nothing of them."
        )
        yield said, shell.tokmon("ctl", state.run.path, "stop")
    elif not _is_leaking(subject):
        end = "when it ends is not known yet"
        if state.eta is not None:
            end = f"it ends at about {clock(state.eta.ends_at)}"
        yield f"Let it train; {end}.", ""
    yield from _sample(subject, "See what it writes by now, with the best weights.")


def _paused(subject: Subject) -> Iterator[Step]:
    command = subject.shell.tokmon("ctl", subject.state.run.path, "resume")
    yield "It was asked to pause, and waits to be asked to go on.", command


def _stalled(subject: Subject) -> Iterator[Step]:
    info = subject.state.info
    yield from _output(subject, "See what it did last.")
    if info is not None and info.pid is not None:
        said = (
            f"If it does not come back, end process {info.pid} on ",
            Code(info.host or "?"),
            ".",
        )
        yield said, ""
    yield from _resume(subject)


def _crashed(subject: Subject) -> Iterator[Step]:
    state = subject.state
    error = (state.info.error if state.info else None) or next(
        (event.message for event in reversed(state.events) if event.event == "crash"), ""
    )
    if error:
        yield ("Mend what ended it: ", Code(error)), ""
    yield from _output(subject, "The whole traceback is at the end of the output log.")
    yield from _resume(subject)


def _killed(subject: Subject) -> Iterator[Step]:
    said = (
        "It was ended from outside, mostly by the system for want of memory: see how much was free."
    )
    yield from _output(subject, said)
    yield from _resume(subject)


def _stopped(subject: Subject) -> Iterator[Step]:
    yield from _resume(subject)
    yield from _sample(subject, "See what it writes, with the best weights.")
    yield from _judge(subject)


def _finished(subject: Subject) -> Iterator[Step]:
    state, shell = subject.state, subject.shell
    yield from _sample(subject, "See what it writes, with the best weights.")
    yield from _judge(subject)
    if shell.has("export") and _has_weights(subject):
        target = state.run.path.with_name(f"{state.experiment}_hf")
        command = shell.tokmon("export", state.run.path, "--to", "hf", "-o", target)
        yield "Use it in other programs.", command
    if shell.has("compare"):
        if subject.against is not None:
            runs = [state.run.path, subject.against.run.path]
            yield "Compare both runs in full.", shell.tokmon("compare", *runs)
        else:
            yield ("Compare it with another run: ", Code("tokmon compare RUN RUN"), "."), ""
    elif subject.against is None:
        yield ("Hold it against another run: ", Code("tokmon report RUN --against RUN"), "."), ""


def _output(subject: Subject, said: str) -> Iterator[Step]:
    log = subject.state.run.output_log
    if log.is_file():
        yield said, subject.shell.tail(log, is_followed=False)


def _sample(subject: Subject, said: str) -> Iterator[Step]:
    if _has_weights(subject):
        run = subject.state.run
        yield said, subject.shell.tokmon("sample", run.path, "--prompt", _PROMPT)


def _judge(subject: Subject) -> Iterator[Step]:
    if _has_weights(subject):
        said = "Judge it on the whole prompt suite and on held-out text, beside human code."
        yield said, subject.shell.tokmon("eval", subject.state.run.path)


def _has_weights(subject: Subject) -> bool:
    return bool(subject.files.of_kind(FileKind.BEST, FileKind.STEP, FileKind.FINAL))


def _resume(subject: Subject) -> Iterator[Step]:
    """Yield the command that takes the run up again."""
    state, config = subject.state, subject.config
    if state.info is None:
        yield "Start its trainer again; nothing is recorded of how it was started.", ""
        return
    own_folder = RunDir.of_experiment(state.run.path.parent, state.experiment).path
    if own_folder != state.run.path:
        yield ("To take it up again, call its folder ", Code(own_folder.name), " again."), ""
    if config is None:
        said = (
            f"Take it up again {_whence(subject)}: ",
            Code("tokmon train CONFIG"),
            " with the config of experiment ",
            Code(state.experiment),
            ", which is not in this folder or its ",
            Code("configs"),
            ".",
        )
        yield said, ""
        return
    arguments = [word for override in config.overrides for word in ("--set", override)]
    logs = subject.shell.path(state.run.path.parent)
    if logs != "logs":
        arguments += ["--logs", logs]
    command = subject.shell.tokmon("train", config.path, *arguments)
    yield f"Take it up again {_whence(subject)}.", command


def _whence(subject: Subject) -> str:
    """Return where it will go on: a checkpoint counts that has its sidecar."""
    names = {file.path.name for file in subject.files.of_kind(FileKind.SIDECAR)}
    steps = [
        file.step
        for file in subject.files.of_kind(FileKind.STEP)
        if file.step is not None and RunDir.sidecar(file.path).name in names
    ]
    if not steps:
        return "from its beginning, as there is no checkpoint"
    return f"from its checkpoint of step {max(steps):,}"


_BY_PHASE = {
    Phase.STARTING: _starting,
    Phase.RUNNING: _running,
    Phase.EVALUATING: _running,
    Phase.SAVING: _running,
    Phase.PAUSED: _paused,
    Phase.STALLED: _stalled,
    Phase.CRASHED: _crashed,
    Phase.KILLED: _killed,
    Phase.STOPPED: _stopped,
    Phase.FINISHED: _finished,
}
