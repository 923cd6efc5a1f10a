"""Copies go to the clipboard and to a file, and both are said."""

import base64
from pathlib import Path

import pytest

from tests.tui.hosting import Host
from tokmon.tui.copying import copy
from tokmon.tui.state_folder import state_folder, tilde


@pytest.mark.parametrize("text", ["loss 3.21\n", "[/x] \x1b[2J \u202e \ud800 \n" * 3, ""])
async def test_a_copy_is_on_the_clipboard_and_in_a_file(tmp_path: Path, text: str) -> None:
    app = Host()
    async with app.run_test():
        text = text.replace("\ud800", "?")
        told = copy(app, text, "a line", folder=tmp_path / "new", environment={})

    assert app.clipboard == text
    assert (tmp_path / "new" / "copied.txt").read_bytes() == text.encode()
    assert told.message == f"a line to the clipboard and to {tilde(tmp_path)}/new/copied.txt"
    assert not told.is_partial


async def test_the_terminal_is_asked_by_osc_52(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Host()
    async with app.run_test():
        written: list[str] = []
        monkeypatch.setattr(app._driver, "write", written.append)
        copy(app, "loss 3.21", "a value", folder=tmp_path)

    encoded = base64.b64encode(b"loss 3.21").decode()
    assert f"\x1b]52;c;{encoded}\a" in written


async def test_a_long_copy_through_tmux_names_the_file(tmp_path: Path) -> None:
    app = Host()
    async with app.run_test():
        short = copy(app, "x", "a line", folder=tmp_path, environment={"TMUX": "/tmp/tmux,1,0"})
        long = copy(app, "x" * 9000, "a page", folder=tmp_path, environment={"STY": "1.x"})
        plain = copy(app, "x" * 9000, "a page", folder=tmp_path, environment={})

    assert "may cut" not in short.message + plain.message
    assert long.message.startswith("a page, 9,000 bytes: tmux may cut the clipboard's; all in")


async def test_a_state_folder_that_cannot_be_written_costs_the_file_only(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    app = Host()
    async with app.run_test():
        told = copy(app, "loss", "a value", folder=blocked / "state")

    assert app.clipboard == "loss"
    assert told.is_partial
    assert "not to" in told.message


def test_the_state_folder_is_the_users_own(tmp_path: Path) -> None:
    assert state_folder({"TOKMON_STATE": str(tmp_path)}) == tmp_path
    assert state_folder({}).name == "tokmon"
    assert tilde(Path.home() / "a" / "b") == "~/a/b"
    assert tilde(tmp_path.parent.parent / "x").startswith(("~", str(tmp_path.anchor)))
