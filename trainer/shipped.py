"""Where the configs lie that tokmon ships: in the package, or beside it in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def shipped_config(name: str) -> Path:
    """Return the path of `configs/NAME`."""
    installed = _PACKAGE / "shipped_configs" / name
    return installed if installed.exists() else _PACKAGE.parent / "configs" / name
