"""Put a document where it is wanted, whole: a reader sees the old page or the new one."""

from collections.abc import Mapping
from pathlib import Path

from tokmon.report.document import Document
from tokmon.report.html import as_html
from tokmon.report.markdown import as_markdown
from tokmon.report.svg_chart import stand_alone
from tokmon.rundir.atomic import write_atomic
from tokmon.rundir.errors import TokmonError


def publish(document: Document, page: Path, *, is_html: bool, refresh_s: int | None = None) -> None:
    """Write the page; the drawings of a Markdown page lie beside it as PAGE_loss.svg.

    Args:
        document: what to write.
        page: replaced if it is there; a device or a pipe is written to, without drawings.
        is_html: one file that needs nothing else.
        refresh_s: how often a browser loads it again; None for never.

    Raises:
        TokmonError: it cannot be written.
    """
    try:
        if page.exists() and not page.is_file():
            page.write_bytes(_content(document, {}, is_html=is_html, refresh_s=refresh_s))
            return
        # What a link points to is replaced, not the link.
        target = page.resolve()
        images = {} if is_html else _images(document, page)
        for figure in document.figures if images else []:
            write_atomic(target.with_name(images[figure.name]), stand_alone(figure.svg))
        write_atomic(target, _content(document, images, is_html=is_html, refresh_s=refresh_s))
    except OSError as error:
        raise TokmonError(
            f"{page}: the report cannot be written: {error.strerror or error}",
            "name another place with -o",
        ) from error


def _images(document: Document, page: Path) -> dict[str, str]:
    return {figure.name: f"{page.resolve().stem}_{figure.name}.svg" for figure in document.figures}


def _content(
    document: Document, images: Mapping[str, str], *, is_html: bool, refresh_s: int | None
) -> bytes:
    if is_html:
        return as_html(document, refresh_s=refresh_s).encode()
    return as_markdown(document, images).encode()
