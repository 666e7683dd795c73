# SPDX-License-Identifier: GPL-2.0-only
"""pyzmq on top, also with asyncio."""

import socket as raw

from .library import say, scenario
from .streams import heard


@scenario
def pyzmq():
    import zmq
    context = zmq.Context()
    pull, push = context.socket(zmq.PULL), context.socket(zmq.PUSH)
    pull.bind("inproc://a")
    push.connect("inproc://a")
    tracker = push.send(b"x" * 100000, copy=False, track=True)
    frame = pull.recv(copy=False)
    say(len(frame.bytes), frame.more)
    del frame
    tracker.wait(3)
    say(tracker.done)
    tracker = push.send_multipart([b"a", b"b" * 70000], copy=False, track=True)
    frames = pull.recv_multipart(copy=False)
    say([len(frame) for frame in frames], [frame.more for frame in frames])
    del frames
    tracker.wait(3)
    frame = zmq.Frame(b"shared" * 20000, track=True)
    push.send(frame, copy=False)
    push.send(frame, copy=False)
    say(pull.recv() == pull.recv() == frame.bytes)
    stream = context.socket(zmq.STREAM)
    port = stream.bind_to_random_port("tcp://127.0.0.1")
    with raw.create_connection(("127.0.0.1", port), 2) as peer:
        peer.sendall(b"GET /")
        name, empty = stream.recv_multipart()
        say(len(name), empty, stream.recv_multipart()[1])
        stream.send_multipart([name, b"200"])
        say(heard(peer))

    poller = zmq.Poller()
    poller.register(pull, zmq.POLLIN)
    push.send(b"x")
    say(len(poller.poll(1000)), pull.recv(), poller.poll(0))
    for socket in (pull, push, stream):
        socket.close(0)
    context.term()


@scenario
def asynchronous():
    import asyncio
    import zmq.asyncio

    async def main():
        context = zmq.asyncio.Context()
        router, dealer = context.socket(zmq.ROUTER), context.socket(zmq.DEALER)
        router.bind("inproc://a")
        dealer.connect("inproc://a")

        async def serve():
            for _ in range(50):
                message = await router.recv_multipart()
                await router.send_multipart(message)
        task = asyncio.ensure_future(serve())
        for number in range(50):
            await dealer.send(b"%d" % number)
        got = [await asyncio.wait_for(dealer.recv(), 5) for _ in range(50)]
        await task
        say(got == [b"%d" % number for number in range(50)])
        context.destroy(0)
    asyncio.run(main())
