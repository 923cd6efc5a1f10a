"""Refuses a command whose optional packages are missing, and says how to get them."""

import importlib.util

from tokmon.rundir.errors import TokmonError


def require_train_extra(purpose: str, *packages: str) -> None:
    """Look whether packages of the extra `train` are installed, without importing them.

    Args:
        purpose: what needs them, for the message.
        packages: their import names.

    Raises:
        TokmonError: one is missing.
    """
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        raise TokmonError(
            f"{purpose} needs {' and '.join(missing)}, which this Python does not have",
            'pip install "tokmon[train]"',
        )
