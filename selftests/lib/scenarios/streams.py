# SPDX-License-Identifier: GPL-2.0-only
"""STREAM and plain TCP peers."""

import socket as raw

from .library import Context, PAIR, STREAM, say, scenario, short


def heard(peer, stream=None):
    """What a plain socket receives; libzmq closes it when @stream is touched."""
    peer.settimeout(0.1)
    for _ in range(20):
        try:
            return peer.recv(100)
        except OSError as exception:
            if not isinstance(exception, TimeoutError):
                return type(exception).__name__
        if stream:
            stream.events()
    return "nothing"


@scenario
def stream_server():
    for notify in (1, 0):
        context = Context()
        stream = context.socket(STREAM, LINGER=0, NOTIFY=notify)
        say(stream.bind("tcp://127.0.0.1:*"), stream.events())
        host, port = stream.last()[6:].split(":")
        peer = raw.create_connection((host, int(port)), 2)
        if notify:
            say(short(stream.recv()))
        peer.sendall(b"hello")
        got = stream.recv()
        say(short(got), stream.send(got[0], b"reply"), heard(peer), stream.events())
        peer.sendall(b"x" * 10000)
        total, parts = 0, []
        while total < 10000:
            part = stream.recv()
            parts.append(len(part))
            total += len(part[1])
        say(total, set(parts), stream.send(got[0], b"a", b"b"), stream.send(got[0]), stream.send(b"nobody", b"x"))
        say(heard(peer), stream.get("ROUTING_ID") == got[0])
        say(stream.send(got[0], b""), heard(peer, stream), stream.recv(limit=200) if not notify else short(stream.recv(limit=500)),
            stream.send(got[0], b"late"))
        peer.close()
        peer = raw.create_connection((host, int(port)), 2)
        peer.sendall(b"bye")
        peer.close()
        say(*[short(stream.recv(limit=500)) for _ in range(3)])


@scenario
def stream_client():
    server = raw.create_server(("127.0.0.1", 0))
    server.settimeout(2)
    endpoint = "tcp://127.0.0.1:%d" % server.getsockname()[1]
    for name in (None, b"mine"):
        context = Context()
        stream = context.socket(STREAM, LINGER=0)
        if name:
            stream.set("CONNECT_ID", name)
        say(stream.connect(endpoint), stream.last() == endpoint)
        mine = stream.get("ROUTING_ID")
        say(short([mine]))
        peer = server.accept()[0]
        peer.settimeout(2)
        got = stream.recv()
        mine = name or stream.get("ROUTING_ID")
        say(short(got), got[0] == mine, stream.send(mine, b"out"), heard(peer))
        peer.sendall(b"in")
        say(short(stream.recv()))
        peer.close()
        say(short(stream.recv(limit=500)), stream.send(mine, b"x"))
        say(stream.disconnect(endpoint), stream.disconnect(endpoint))
    for kind in (PAIR, STREAM):
        context = Context()
        say(context.socket(STREAM).bind("inproc://a"), context.socket(kind).connect("inproc://a"))
