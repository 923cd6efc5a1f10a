"""What processes tell each other, of any bytes: control files, lines to and from the sampler."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from random import Random

import msgspec
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from tests.fuzz.cases import edited, fuzzed, hostile_json
from tests.sampling.test_sample_server import Server
from tests.sampling.tiny import run_with_best
from tokmon.rundir import control
from tokmon.rundir.layout import RunDir
from tokmon.rundir.records import Event, encode
from tokmon.rundir.sampling import Done, Failed, Generate, Ready, Started, Token, decode_reply
from trainer.sample_engine import Engine
from trainer.sample_server import Requests

REQUEST = b'{"id":"5f0c","action":"pause","time":"2026-01-01T00:00:00+00:00"}'
GENERATE = b'{"op":"generate","id":7,"prompt":"x","max_new_tokens":2,"temperature":0.8,"top_k":0,'
GENERATE += b'"top_p":0.95,"seed":0}'
LINES = [GENERATE, b'{"op":"cancel","id":7}']
LAST_ID = 123_456
LAST = msgspec.json.encode(Generate(id=LAST_ID, max_new_tokens=1))
REPLY = b'{"reply":"done","id":7,"tokens":2,"finish_reason":"length","tokens_per_sec":1.5,'
REPLY += b'"seq_rep_4":null,"collapsed":false}'


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> RunDir:
    return run_with_best(tmp_path_factory.mktemp("logs"), seq_len=8)


@pytest.fixture(scope="module")
def engine(run: RunDir) -> Engine:
    return Engine(run.path, torch.device("cpu"))


@fuzzed(500)
@given(content=edited([REQUEST]) | hostile_json([REQUEST]) | st.binary(max_size=30))
@example(b'{"id":"5f0c","":' + b"[" * 3000)
def test_any_control_file(run: RunDir, content: bytes) -> None:
    run.control.write_bytes(content)

    request = control.read(run)

    assert request is None or request.action in control.ACTIONS


@pytest.mark.parametrize("action", control.ACTIONS)
def test_what_is_asked_is_read(run: RunDir, action: control.Action) -> None:
    run.control.write_bytes(b"\xff" * 1000)
    asked = control.ask(run, action)

    assert control.read(run) == asked


@fuzzed(200)
@given(lines=st.lists(edited([REQUEST]) | hostile_json([REQUEST]), max_size=3))
def test_an_answer_is_found_among_any_lines(run: RunDir, lines: list[bytes]) -> None:
    run.events.write_bytes(b"")
    answers = control.Answers(run)
    request = control.ask(run, "pause")
    answer = encode(Event(event="control", extra={"request": request.id}))
    run.events.write_bytes(b"\n".join([*lines, answer, b""]))

    event = answers.wait(request, timeout_s=0)

    assert event is not None


@pytest.mark.slow
@fuzzed(400)
@given(line=edited(LINES) | hostile_json(LINES))
def test_any_line_to_the_sampling_process(engine: Engine, line: bytes) -> None:
    requests = Requests()
    requests.take(line)
    requests.take(LAST)

    answers = list(_answers(engine, requests))

    assert answers[-1].id == LAST_ID
    # What is answered to one line: nothing to a cancel, else one end.
    assert sum(answer.id != LAST_ID for answer in answers) <= 1


@fuzzed(300)
@given(line=edited([REPLY]) | hostile_json([REPLY]))
def test_any_line_from_the_sampling_process(line: bytes) -> None:
    with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        decode_reply(line)


def test_a_process_that_is_told_nonsense_still_answers(run: RunDir) -> None:
    random = Random(0)
    nonsense = [random.randbytes(random.randrange(1, 3000)).replace(b"\n", b"") for _ in range(300)]
    server = Server(run.path)
    assert isinstance(server.hear(), Ready)

    server.say(*nonsense, b"[" * 100_000, Generate(id=LAST_ID, max_new_tokens=2))
    *_, last = server.hear_all(LAST_ID)

    assert isinstance(last, Done)
    assert server.end() == (0, b"", b"")


def _answers(engine: Engine, requests: Requests) -> Iterator[Done | Failed]:
    """Serve as the process does, five tokens a request at most, until LAST is answered."""
    while True:
        job = requests.next()
        replies = [job] if isinstance(job, Failed) else _replies(engine, job.request)
        for reply in replies:
            assert decode_reply(msgspec.json.encode(reply)) == reply
            if isinstance(reply, Done | Failed):
                yield reply
                if reply.id == LAST_ID:
                    return


def _replies(engine: Engine, request: Generate) -> Iterator[Started | Token | Done | Failed]:
    looks = count()
    return engine.answer(request, lambda: next(looks) > 5)
