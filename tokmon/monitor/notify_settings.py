"""What should ring where, out of notify.toml in the user's folder of settings.

Must not ring itself. Without the file nothing rings.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec
from platformdirs import user_config_path

from tokmon.monitor.state import Phase, Severity
from tokmon.rundir.errors import TokmonError

FILE_NAME = "notify.toml"
_VARIABLE = "TOKMON_CONFIG"
_MAX_TIMEOUT_S = 300.0


class NotifySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of notify.toml."""

    severity: Severity = Severity.WARNING
    """The least severe alert that rings: info, warning, error."""
    phases: tuple[Phase, ...] = (
        Phase.FINISHED,
        Phase.STOPPED,
        Phase.STALLED,
        Phase.CRASHED,
        Phase.KILLED,
    )
    """States that ring when a run comes to them."""
    bell: bool = False
    """Ring the terminal's bell."""
    osc9: bool = False
    """Ask the terminal for a desktop notification (OSC 9: iTerm2, WezTerm, kitty, Windows Terminal,
    Ghostty; tmux passes it on with `set -g allow-passthrough on`)."""
    command: tuple[str, ...] = ()
    """A program and its arguments, started without a shell; the alert is in its environment as
    TOKMON_EXPERIMENT, TOKMON_RUN, TOKMON_TITLE, TOKMON_MESSAGE, TOKMON_SEVERITY, TOKMON_PHASE and
    TOKMON_STEP."""
    urls: tuple[str, ...] = ()
    """Where to post to, as Apprise writes it: ntfy://topic, slack://..., json://host/path."""
    timeout_s: float = 10.0
    """How long the command and the posting may take."""

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s <= _MAX_TIMEOUT_S:
            raise ValueError(f"timeout_s is {self.timeout_s:g}, not above 0 and at most 300")
        if self.command and not self.command[0].strip():
            raise ValueError("command names no program")

    @property
    def is_silent(self) -> bool:
        """Whether nothing rings at all."""
        return not (self.bell or self.osc9 or self.command or self.urls)


def settings_path(environment: Mapping[str, str]) -> Path:
    """Return where notify.toml is looked for: TOKMON_CONFIG, else the user's folder of settings."""
    chosen = environment.get(_VARIABLE)
    folder = Path(chosen).expanduser() if chosen else user_config_path("tokmon", appauthor=False)
    return folder / FILE_NAME


def load(path: Path) -> NotifySettings:
    """Return the settings in a file; the silent ones where there is none.

    Raises:
        TokmonError: it cannot be read, is not TOML, or holds a key or value that does not exist.
    """
    try:
        return msgspec.toml.decode(path.read_bytes(), type=NotifySettings)
    except FileNotFoundError:
        return NotifySettings()
    except OSError as error:
        raise TokmonError(f"{path}: cannot be read ({error.strerror})") from error
    except (msgspec.MsgspecError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TokmonError(f"{path}: {error}", "its keys are in docs/NOTIFICATIONS.md") from error
