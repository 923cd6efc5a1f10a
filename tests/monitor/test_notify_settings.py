"""The file says what rings, and what is wrong with it is one line."""

from pathlib import Path

import pytest

from tokmon.monitor.notify_settings import NotifySettings, load, settings_path
from tokmon.monitor.state import Phase, Severity
from tokmon.rundir.errors import TokmonError


def test_without_a_file_nothing_rings(tmp_path: Path) -> None:
    settings = load(tmp_path / "notify.toml")

    assert settings == NotifySettings()
    assert settings.is_silent


def test_all_keys_are_read(tmp_path: Path) -> None:
    path = tmp_path / "notify.toml"
    path.write_text(
        'severity = "error"\nphases = ["FINISHED"]\nbell = true\nosc9 = true\n'
        'command = ["notify-send", "tokmon"]\nurls = ["ntfy://topic"]\ntimeout_s = 3.0\n',
        encoding="utf-8",
    )

    settings = load(path)

    assert (settings.severity, settings.phases) == (Severity.ERROR, (Phase.FINISHED,))
    assert settings.command == ("notify-send", "tokmon")
    assert not settings.is_silent


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("bel = true", "unknown field `bel`"),
        ("bell = 1", "Expected `bool`, got `int` - at `$.bell`"),
        ('severity = "loud"', "Invalid enum value 'loud'"),
        ('command = [""]', "command names no program"),
        ('command = "rm -rf"', "Expected `array`, got `str`"),
        ("timeout_s = 0.0", "timeout_s is 0"),
        ("timeout_s = inf", "timeout_s is inf"),
        ("bell", "notify.toml"),
        ("\ufeff\x00", "notify.toml"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "notify.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(TokmonError) as raised:
        load(path)

    assert why in str(raised.value)
    assert "\n" not in str(raised.value)
    assert str(path) in str(raised.value)


def test_bytes_that_are_no_text_and_a_folder_are_told_too(tmp_path: Path) -> None:
    path = tmp_path / "notify.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(TokmonError):
        load(path)
    with pytest.raises(TokmonError, match="cannot be read"):
        load(tmp_path)


def test_the_folder_is_the_users_own_unless_one_is_named(tmp_path: Path) -> None:
    assert settings_path({"TOKMON_CONFIG": str(tmp_path)}) == tmp_path / "notify.toml"
    assert settings_path({}).parent.name == "tokmon"
