"""All that a run's report is made from: read by others, at one moment."""

from dataclasses import dataclass, field
from pathlib import Path

from tokmon.monitor.config_search import ConfigFile
from tokmon.monitor.output_files import OutputFiles
from tokmon.monitor.state import RunState
from tokmon.report.shell import Shell


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One run, where its report is written, and what it is held against."""

    state: RunState
    """Its log is read to the end."""
    shell: Shell
    files: OutputFiles = field(default_factory=OutputFiles)
    config: ConfigFile | None = None
    """Where the run's config was found; None where it was not."""
    against: RunState | None = None
    """Another run, its log read to the end."""
    page: Path | None = None
    """Where the report is written; None for a terminal or a pipe."""
