"""Compare a page with the one under tests/golden; TOKMON_UPDATE_GOLDEN=1 writes it."""

import os
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"


def check_page(name: str, page: str, folder: Path) -> None:
    """Compare, with the folder that the test ran in left out; look at what is written anew."""
    page = page.replace(str(folder), "/home/user")
    path = GOLDEN / name
    if os.environ.get("TOKMON_UPDATE_GOLDEN") == "1":
        path.write_text(page, encoding="utf-8", newline="\n")
    assert page == path.read_text(encoding="utf-8")
