"""What client tests share."""

import psutil

from tokmon.rundir.sampling import Token


def children():
    processes = psutil.Process().children()
    return [process for process in processes if "trainer.sample_server" in process.cmdline()]


async def gather(client, request):
    return [reply async for reply in client.generate(request)]


def text_of(replies):
    return "".join(reply.text for reply in replies if isinstance(reply, Token))
