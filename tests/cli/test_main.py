"""The command as a whole: quick, silent where it should be, helpful where it is misused."""

import pytest

from tests.cli.commands import tokmon


def test_help_names_every_command_with_its_purpose() -> None:
    answer = tokmon("--help")

    assert answer.returncode == 0
    for name in ("demo", "train", "watch", "status", "sample"):
        assert f"\n  {name} " in answer.stdout


@pytest.mark.parametrize("arguments", [["fly"], ["train"], ["status", "--no-such-option"]])
def test_misuse_is_exit_code_2(arguments: list[str]) -> None:
    answer = tokmon(*arguments)

    assert answer.returncode == 2
    assert "Usage:" in answer.stderr


def test_version_is_the_packages() -> None:
    assert tokmon("--version").stdout.startswith("tokmon, version ")
