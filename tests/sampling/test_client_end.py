"""How clients start and end, and what they tell when their child does not."""

import asyncio
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from tests.sampling.children import children, gather
from tests.sampling.tiny import empty_run, run_with_best
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Generate, Token
from tokmon.sampler.client import SamplerClient

ROOT = Path(__file__).parents[2]
ENDLESS = 10**9


async def test_a_killed_child_is_told_and_every_later_request_too(tmp_path, monkeypatch):
    (tmp_path / "trainer").mkdir()
    (tmp_path / "trainer" / "__init__.py").write_text("raise SystemExit('not this one')\n")
    monkeypatch.chdir(tmp_path)
    run_with_best(tmp_path / "logs")
    client = SamplerClient(Path("logs/train_tiny"), "cpu")
    await client.start()
    (child,) = children()
    assert os.name == "nt" or os.getsid(child.pid) != os.getsid(0), "Ctrl-C would reach it"

    replies = client.generate(Generate(id=1, max_new_tokens=ENDLESS))
    while not isinstance(await anext(replies), Token):
        continue
    child.kill()

    with pytest.raises(TokmonError, match="killed"):
        _ = [reply async for reply in replies]
    with pytest.raises(TokmonError, match="killed"):
        await gather(client, Generate(id=2))
    assert client.has_ended
    await client.cancel(1)
    await client.close()


@pytest.mark.parametrize("name", ["nothing", "nothing.pt"])
async def test_a_missing_target_is_refused_by_the_name_it_was_given(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(TokmonError, match=f"^{name}: no such run"):
        await SamplerClient(Path(name)).start()


async def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(TokmonError, match="holds no run"):
        await SamplerClient(tmp_path).start()


async def test_a_run_without_a_checkpoint_is_told_and_leaves_no_child(tmp_path):
    client = SamplerClient(empty_run(tmp_path).path)

    with pytest.raises(TokmonError, match="no checkpoint yet"):
        await client.start()

    assert children() == []
    await client.close()


async def test_a_child_that_dies_while_starting_is_told_with_its_last_words(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("raise SystemExit('the driver exploded')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    with pytest.raises(TokmonError, match="exit code 1: the driver exploded"):
        await SamplerClient(run_with_best(tmp_path / "logs").path).start()


async def test_a_start_given_up_leaves_no_child(tmp_path, monkeypatch):
    (tmp_path / "torch.py").write_text("import time\ntime.sleep(600)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    client = SamplerClient(run_with_best(tmp_path / "logs").path)
    start = asyncio.create_task(client.start())
    while not children():  # noqa: ASYNC110 - another process is waited for
        await asyncio.sleep(0.01)

    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start

    assert children() == []


def test_the_child_does_not_outlive_its_parent(tmp_path):
    run = run_with_best(tmp_path)
    program = f"""
        import asyncio, os, psutil
        from pathlib import Path
        from tokmon.rundir.sampling import Generate, Token
        from tokmon.sampler.client import SamplerClient

        async def main():
            client = SamplerClient(Path({str(run.path)!r}), "cpu")
            await client.start()
            async for reply in client.generate(Generate(id=1, max_new_tokens={ENDLESS})):
                if isinstance(reply, Token):
                    print(psutil.Process().children()[0].pid, flush=True)
                    psutil.Process().kill()

        asyncio.run(main())
    """
    parent = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)],
        stdout=subprocess.PIPE,
        cwd=ROOT,
    )
    with parent.stdout as stdout:
        child = psutil.Process(int(stdout.readline()))
    parent.wait()

    psutil.wait_procs([child], timeout=30)

    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_the_client_needs_neither_torch_nor_textual(tmp_path):
    program = (
        "import sys, tokmon.sampler.client, tokmon.cli.sample; "
        "print({'torch', 'textual', 'trainer', 'asyncio'} & set(sys.modules))"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT)

    assert shown.stdout.strip() == b"{'asyncio'}"
