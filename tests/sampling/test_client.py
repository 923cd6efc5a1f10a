"""One client for all tests here, as its child takes a second to start; each takes its own ids."""

import asyncio

import pytest
import pytest_asyncio

from tests.sampling.children import children, gather, text_of
from tests.sampling.tiny import damage, publish, random_model, run_with_best, tiny_config
from tokmon.rundir.errors import TokmonError
from tokmon.rundir.sampling import Done, Generate, Ready, Started, Token
from tokmon.sampler.client import SamplerClient

ENDLESS = 10**9
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return run_with_best(tmp_path_factory.mktemp("logs"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(run):
    client = SamplerClient(run.path, "cpu")
    ready = await client.start()
    assert (ready.checkpoint, ready.step, ready.val_loss) == ("tiny_best.pt", 100, 5.0)
    assert client.ready == ready
    yield client
    await client.close()
    await client.close()
    assert children() == []


async def test_text_streams(client):
    started, *tokens, done = await gather(client, Generate(id=1, prompt="x", max_new_tokens=7))

    assert isinstance(started, Started)
    assert {type(token) for token in tokens} == {Token}
    assert (done.id, done.tokens) == (1, 7)


async def test_the_same_seed_gives_the_same_text(client):
    first = await gather(client, Generate(id=11, prompt="x", seed=4))
    second = await gather(client, Generate(id=12, prompt="x", seed=4))

    assert text_of(first) == text_of(second) != ""


async def test_a_cancelled_request_is_done(client):
    replies = []
    async for reply in client.generate(Generate(id=21, max_new_tokens=ENDLESS)):
        replies.append(reply)
        if len(replies) == 5:
            await client.cancel(21)

    assert replies[-1].finish_reason == "cancelled"


async def test_leaving_early_cancels_and_the_rest_is_dropped(client):
    async for reply in client.generate(Generate(id=31, max_new_tokens=ENDLESS)):
        if isinstance(reply, Token):
            break

    replies = await gather(client, Generate(id=32, max_new_tokens=3))

    assert {reply.id for reply in replies} == {32}
    assert replies[-1].tokens == 3


async def test_a_cancelled_task_cancels_its_request(client):
    task = asyncio.create_task(gather(client, Generate(id=41, max_new_tokens=ENDLESS)))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (await gather(client, Generate(id=42, max_new_tokens=3)))[-1].tokens == 3


async def test_requests_at_once_are_all_answered(client):
    requests = [Generate(id=request_id, max_new_tokens=4) for request_id in (51, 52, 53)]

    answers = await asyncio.gather(*(gather(client, request) for request in requests))

    assert [{reply.id for reply in replies} for replies in answers] == [{51}, {52}, {53}]


async def test_a_failed_request_raises_and_the_next_is_served(client):
    with pytest.raises(TokmonError, match="top_k is -1"):
        await gather(client, Generate(id=61, top_k=-1))

    assert isinstance((await gather(client, Generate(id=62, max_new_tokens=1)))[-1], Done)


async def test_an_id_that_does_not_rise_is_a_mistake_of_the_caller(client):
    with pytest.raises(ValueError, match="request id 62 does not rise"):
        await gather(client, Generate(id=62))


async def test_a_long_prompt_passes(client):
    started, *_ = await gather(client, Generate(id=71, prompt="é\n" * 10**5, max_new_tokens=1))

    assert started.prompt_tokens >= 10**5


async def test_better_and_damaged_checkpoints_are_told(client, run):
    config = tiny_config()
    publish(run.best, random_model(config, 9), config, step=200, val_loss=4.0)
    better, *_ = await gather(client, Generate(id=81, max_new_tokens=1))
    publish(run.best, random_model(config, 9), config, step=300, val_loss=3.0)
    damage(run.best)
    damaged, *_ = await gather(client, Generate(id=82, max_new_tokens=1))

    assert isinstance(better, Ready)
    assert (better.step, better.notice) == (200, "")
    assert isinstance(damaged, Ready)
    assert damaged.step == 200
    assert "damaged" in damaged.notice
    assert client.ready == damaged


async def test_a_request_for_several_texts_ends_with_the_last(client):
    request = Generate(id=91, samples=3, max_new_tokens=4)
    started, *replies = await gather(client, request)
    after = await gather(client, Generate(id=92, max_new_tokens=1))

    ends = [reply for reply in replies if isinstance(reply, Done)]
    assert isinstance(started, Started)
    assert [end.open for end in ends] == [2, 1, 0]
    assert {end.sample for end in ends} == {0, 1, 2}
    assert replies[-1] is ends[-1]
    assert {reply.id for reply in after} == {92}
    assert not client.has_ended
