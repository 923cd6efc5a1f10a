"""What a run has written: each file's name, size and purpose."""

from tokmon.monitor.output_files import FileKind, OutputFile
from tokmon.report import figures
from tokmon.report.document import Block, Bullets, Code, Paragraph, Section, Table, Text
from tokmon.report.subject import Subject
from tokmon.report.times import size

_EACH = 6
"""Of one kind that are listed one by one: the newest."""
_MAX_FAULTS = 5


def output_files_section(subject: Subject) -> Section:
    """Return the list; many files of one kind are put together."""
    found = subject.files
    rows = [row for kind in FileKind for row in _of_kind(found.of_kind(kind), kind)]
    if not rows:
        return Section("Output files", (Paragraph("There are none."),))
    total = (f"{len(found.files):,} files", size(found.size), "all of them")
    table = Table(("File", "Size", "What it is"), (*rows, total), numbers=frozenset({1}))
    place = Paragraph(("In ", Code(subject.shell.path(subject.state.run.path)), "."))
    blocks: list[Block] = [place, table]
    if found.left_out:
        blocks.append(Paragraph(f"{found.left_out:,} more are not listed."))
    if faults := tuple(Code(fault) for fault in found.faults[:_MAX_FAULTS]):
        blocks += [Paragraph("Could not be looked at:"), Bullets(faults)]
    return Section("Output files", tuple(blocks))


def _of_kind(files: list[OutputFile], kind: FileKind) -> list[tuple[Text, ...]]:
    if kind is FileKind.SIDECAR:
        return [_together(files, kind)] if files else []
    older, newest = files[:-_EACH], files[-_EACH:]
    if len(older) == 1:
        older, newest = [], files
    return [*([_together(older, kind)] if older else []), *(_row(file) for file in newest)]


def _row(file: OutputFile) -> tuple[Text, ...]:
    what = file.kind.value
    return Code(file.path.name), size(file.size), _at_step(file, what)


def _at_step(file: OutputFile, what: str) -> str:
    return what if file.step is None else f"{what}, step {figures.count(file.step)}"


def _together(files: list[OutputFile], kind: FileKind) -> tuple[Text, ...]:
    names = (
        f"{files[0].path.name} to {files[-1].path.name}" if len(files) > 1 else files[0].path.name
    )
    count = f" ({len(files):,} files)" if len(files) > 1 else ""
    return (Code(names), count), size(sum(file.size for file in files)), kind.value
