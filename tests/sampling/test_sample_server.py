import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.sampling.tiny import publish, random_model, run_with_best, tiny_config
from tokmon.rundir.sampling import (
    Cancel,
    Done,
    Failed,
    Generate,
    Ready,
    Reply,
    Request,
    Started,
    Token,
    decode_reply,
)

ROOT = Path(__file__).parents[2]


class Server:
    """The process as a person at a pipe has it."""

    def __init__(self, target: Path, **environment: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "trainer.sample_server", str(target), "--device", "cpu"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | environment,
        )

    def say(self, *requests: Request | bytes) -> None:
        for request in requests:
            line = request if isinstance(request, bytes) else msgspec.json.encode(request)
            self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()

    def hear(self) -> Reply:
        return decode_reply(self.process.stdout.readline())

    def hear_all(self, request_id: int) -> Iterator[Reply]:
        """The replies up to and with the end of a request."""
        while True:
            reply = self.hear()
            yield reply
            if isinstance(reply, Done | Failed) and reply.id == request_id:
                return

    def end(self) -> tuple[int, bytes, bytes]:
        """Close stdin; return exit code and what was left on stdout and stderr."""
        out, err = self.process.communicate()
        return self.process.returncode, out, err


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_with_best(tmp_path_factory.mktemp("logs"))


@pytest.fixture(scope="module")
def server(run):
    server = Server(run.path)
    assert isinstance(server.hear(), Ready)
    yield server
    assert server.end() == (0, b"", b"")


def text_of(replies):
    return "".join(reply.text for reply in replies if isinstance(reply, Token))


def test_a_request_is_answered_in_pieces(server):
    server.say(Generate(id=1, prompt="def f", max_new_tokens=9))

    started, *tokens, done = server.hear_all(1)

    assert isinstance(started, Started)
    assert started.prompt_tokens == 2
    assert len(tokens) in (9, 10)
    assert done.finish_reason == "length"


def test_the_same_seed_gives_the_same_text(server):
    texts = []
    for request_id, seed in ((11, 5), (12, 5), (13, 6)):
        server.say(Generate(id=request_id, prompt="x", max_new_tokens=20, seed=seed))
        texts.append(text_of(server.hear_all(request_id)))

    assert texts[0] == texts[1] != texts[2]


def test_requests_in_line_are_answered_in_their_order(server):
    server.say(*(Generate(id=request_id, max_new_tokens=2) for request_id in (21, 22, 23)))

    ids = [reply.id for request_id in (21, 22, 23) for reply in server.hear_all(request_id)]

    assert ids == sorted(ids)


def test_a_cancel_overtakes_and_the_next_request_is_served(server):
    server.say(Generate(id=31, max_new_tokens=10**9), Generate(id=32, max_new_tokens=1))
    while not isinstance(server.hear(), Token):
        pass
    server.say(Cancel(id=31))

    *_, done = server.hear_all(31)

    assert done.finish_reason == "cancelled"
    assert 0 < done.tokens < 10**9
    assert list(server.hear_all(32))[-1].finish_reason == "length"


def test_a_request_cancelled_in_line_is_done_without_tokens(server):
    server.say(Generate(id=41, max_new_tokens=10**9), Generate(id=42), Cancel(id=42), Cancel(id=41))

    assert list(server.hear_all(41))[-1].finish_reason == "cancelled"
    done = list(server.hear_all(42))[-1]
    assert (done.tokens, done.finish_reason) == (0, "cancelled")


def test_a_cancel_of_nothing_is_no_fault(server):
    server.say(Cancel(id=999), Generate(id=51, max_new_tokens=1), Cancel(id=51))

    assert isinstance(list(server.hear_all(51))[-1], Done)


@pytest.mark.parametrize(
    ("line", "request_id"),
    [
        (b"rubbish", None),
        (b"\xff\xfe\x00", None),
        (b"[1, 2]", None),
        (b'{"op": "explode", "id": 61}', 61),
        (b'{"op": "generate", "id": 62, "temperature": "hot"}', 62),
        (b'{"op": "generate", "id": 63, "top_p": 7}', 63),
        (b'{"op": "generate", "prompt": "no id"}', None),
        (b'{"op": "generate", "id": 64, "prompt": "\\ud800"}', None),
        (b'{"op": "generate", "id": 65, "prompt": "\xff"}', 65),
        (b"[" * 100_000, None),
        (b'{"op": "generate", "id": 66, "x": ' + b"[" * 100_000, None),
    ],
)
def test_a_malformed_request_fails_and_the_process_lives(server, line, request_id):
    server.say(line)

    reply = server.hear()
    while not isinstance(reply, Failed):
        reply = server.hear()

    assert reply.id == request_id
    assert "\n" not in reply.message


def test_an_id_in_use_is_refused_and_the_first_request_goes_on(server):
    server.say(Generate(id=71, max_new_tokens=10**9), Generate(id=71), Cancel(id=71))

    assert list(server.hear_all(71))[-1].finish_reason == "cancelled"
    assert server.hear() == Failed(id=71, message="request 71 is still open")


def test_an_answered_id_may_be_used_again_at_once(server):
    for _ in range(50):
        server.say(Generate(id=75, max_new_tokens=1))
        assert isinstance(list(server.hear_all(75))[-1], Done)


def test_a_better_checkpoint_is_announced_before_the_next_answer(server, run):
    config = tiny_config()
    publish(run.best, random_model(config, 9), config, step=300, val_loss=3.0)

    server.say(Generate(id=81, max_new_tokens=1))
    ready, started, *_ = server.hear_all(81)

    assert (ready.step, ready.val_loss) == (300, 3.0)
    assert (started.checkpoint, started.step) == (ready.checkpoint, 300)


def test_weights_stay_where_a_request_does_not_follow(server, run):
    server.say(Generate(id=85, max_new_tokens=1))
    *_, before, _token, _done = server.hear_all(85)
    config = tiny_config()
    publish(run.best, random_model(config, 8), config, step=before.step + 100, val_loss=2.0)

    server.say(Generate(id=86, max_new_tokens=1, is_following=False))
    started, *_ = server.hear_all(86)
    server.say(Generate(id=87, max_new_tokens=1))
    ready, *_ = server.hear_all(87)

    assert started.step == before.step
    assert ready.step == before.step + 100


def test_the_end_of_stdin_ends_a_running_answer(run):
    server = Server(run.path)
    server.hear()
    server.say(Generate(id=1, max_new_tokens=10**9))
    while not isinstance(server.hear(), Token):
        pass

    code, _, err = server.end()

    assert (code, err) == (0, b"")


def test_a_reader_that_goes_away_ends_it_quietly(run):
    server = Server(run.path)
    server.hear()
    server.process.stdout.close()
    server.say(Generate(id=1, max_new_tokens=10**9))

    assert server.process.wait() == 0
    with server.process.stderr as stderr:
        assert stderr.read() == b""
    server.process.stdin.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows sends no SIGINT to one process")
def test_ctrl_c_ends_it_without_a_traceback(run):
    server = Server(run.path)
    server.hear()
    server.process.send_signal(signal.SIGINT)

    assert server.process.wait() == -signal.SIGINT
    assert server.end()[2] == b""


def test_without_pytorch_it_says_how_to_get_it_and_noise_stays_off_stdout(run, tmp_path):
    (tmp_path / "torch.py").write_text(
        "import os\n"
        "print('noise of Python')\n"
        "os.write(1, b'noise of a native library\\n')\n"
        "raise ModuleNotFoundError(\"No module named 'torch'\", name='torch')\n"
    )
    server = Server(run.path, PYTHONPATH=str(tmp_path))

    code, out, err = server.end()

    assert code == 1
    failed = decode_reply(out)
    assert failed.id is None
    assert 'pip install "tokmon[train]"' in failed.message
    assert b"noise of Python" in err
    assert b"noise of a native library" in err
