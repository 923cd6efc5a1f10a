"""Pictures of an HTML page as a browser draws it.

Usage: python bench/page_picture.py PAGE.html PICTURE [--width 400] [--dark] [--pdf]

Writes PICTURE_1.png, PICTURE_2.png and so on, a screen each, from the top of the page to its end.
Chromium out of PySide6 (pip install PySide6), which tokmon itself does not need. With --dark the
page is told that dark is wanted; --pdf writes PICTURE.pdf instead, as a printer would get it.
"""

import argparse
import os
import sys
from pathlib import Path

_SETTLED_MS = 400
"""A grab shows what was drawn last: scrolling takes a frame or two."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("page", type=Path)
    parser.add_argument("picture", type=Path)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=1400)
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--pdf", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    # 0 is dark and 1 is light: what prefers-color-scheme answers.
    flags = f"--no-sandbox --blink-settings=preferredColorScheme={0 if options.dark else 1}"
    os.environ.setdefault("QTWEBENGINE_CHROMIUM_FLAGS", flags)
    sys.exit(draw(options))


def draw(options: argparse.Namespace) -> int:
    """Load the page and save what is seen, a screen after another."""
    from PySide6.QtCore import QTimer, QUrl
    from PySide6.QtWebEngineWidgets import QWebEngineView
    from PySide6.QtWidgets import QApplication

    app = QApplication(sys.argv[:1])
    view = QWebEngineView()
    view.resize(options.width, options.height)
    status = []

    def loaded(is_good: bool) -> None:
        if not is_good:
            status.append(1)
            app.quit()
        elif options.pdf:
            view.page().pdfPrintingFinished.connect(lambda *_: app.quit())
            view.page().printToPdf(str(options.picture.with_suffix(".pdf")))
        else:
            view.page().runJavaScript("document.documentElement.scrollHeight", first)

    def first(height: float) -> None:
        count = max(1, -(-int(height) // options.height))
        QTimer.singleShot(_SETTLED_MS, lambda: saved(1, count))

    def saved(number: int, count: int) -> None:
        view.grab().save(f"{options.picture.with_suffix('')}_{number}.png")
        if number == count:
            app.quit()
            return
        view.page().runJavaScript(f"window.scrollTo(0, {number * options.height})")
        QTimer.singleShot(_SETTLED_MS, lambda: saved(number + 1, count))

    view.loadFinished.connect(loaded)
    view.load(QUrl.fromLocalFile(str(options.page.resolve())))
    view.show()
    app.exec()
    return 1 if status else 0


if __name__ == "__main__":
    main()
