"""The status report of a run as a document. What its sections say is theirs."""

from tokmon.report.document import Document
from tokmon.report.run_charts import run_figures
from tokmon.report.sections.against import against
from tokmon.report.sections.configuration import configuration
from tokmon.report.sections.expected import expected
from tokmon.report.sections.files import output_files_section
from tokmon.report.sections.generation import generation
from tokmon.report.sections.head import lead, title
from tokmon.report.sections.monitoring import monitoring
from tokmon.report.sections.next_steps import next_steps
from tokmon.report.sections.observations import observations
from tokmon.report.sections.progress import progress
from tokmon.report.sections.story import story
from tokmon.report.subject import Subject


def run_page(subject: Subject) -> Document:
    """Return the report."""
    state = subject.state
    beside = [] if subject.against is None else [against(state, subject.against)]
    return Document(
        title=title(state),
        lead=lead(subject),
        sections=(
            configuration(state),
            progress(state, run_figures(state)),
            observations(state),
            expected(state),
            *beside,
            monitoring(subject),
            story(state),
            output_files_section(subject),
            generation(state),
            next_steps(subject),
        ),
    )
