# SPDX-License-Identifier: GPL-2.0-only
"""zmq_socket_monitor(): events, their values and order."""

import errno
import socket as raw
import struct

from .library import (Context, DEALER, NAMES, PAIR, PUB, PULL, PUSH, REP, REQ, ROUTER, STREAM, SUB,
                      XPUB, Z, result, say, scenario, short, until, ways)

EVENTS = ("CONNECTED CONNECT_DELAYED CONNECT_RETRIED LISTENING BIND_FAILED ACCEPTED ACCEPT_FAILED CLOSED CLOSE_FAILED "
          "DISCONNECTED MONITOR_STOPPED FAILED_NO_DETAIL HANDSHAKE_SUCCEEDED FAILED_PROTOCOL FAILED_AUTH").split()


class Monitor:
    """A monitor and its events."""

    count = 0

    def __init__(self, context, socket, mask=0xffff):
        Monitor.count += 1
        self.name = f"inproc://monitor{Monitor.count}"
        say("monitor", result(Z.zmq_socket_monitor(socket.handle, self.name.encode(), mask)))
        self.pair = context.socket(PAIR, LINGER=0)
        self.pair.connect(self.name)

    def events(self, last=None, names=None, limit=1500):
        """Names and values up to one of that name."""
        events = []
        while True:
            parts = self.pair.recv(limit=limit)
            if isinstance(parts, str):
                events.append(parts)
                break
            number, value = struct.unpack("=Hi", parts[0])
            name = EVENTS[number.bit_length() - 1]
            endpoint = parts[1].decode()
            if names:
                endpoint = names.get(endpoint, endpoint.split(":")[0] + ":?")
            if name in ("CONNECTED", "LISTENING", "ACCEPTED", "CLOSED", "DISCONNECTED"):
                value = "fd" if value >= 0 else value
            elif name in ("BIND_FAILED", "CONNECT_DELAYED", "FAILED_NO_DETAIL"):
                value = errno.errorcode.get(value, value)
            elif name == "CONNECT_RETRIED":
                value = "ms" if value > 0 else value
            events.append(f"{name}/{value}/{endpoint}/{len(parts)}")
            if name == last:
                break
        return " ".join(events)


@scenario
def monitor_inproc():
    context, one, two = Context(), None, None
    one, two = context.socket(PAIR, LINGER=0), context.socket(PAIR, LINGER=0)
    watch = Monitor(context, one)
    other = Monitor(context, two)
    say(one.bind(), two.connect(), one.send(b"x"), two.recv(), two.disconnect(), one.unbind(), one.close(), two.close())
    say(watch.events("MONITOR_STOPPED"))
    say(other.events("MONITOR_STOPPED"))


@scenario
def monitor_sequences():
    for transport in ("tcp://127.0.0.1:*", "ipc:///tmp/scenario", "ipc://@"):
        for binder, connecter in ((PULL, PUSH), (ROUTER, DEALER), (XPUB, SUB), (PAIR, PAIR), (REP, REQ)):
            if transport == "ipc://@":
                _, transport = ways()
            context = Context()
            bound, peer = context.socket(binder, LINGER=0), context.socket(connecter, LINGER=0, RECONNECT_IVL=-1)
            watch, other = Monitor(context, bound), Monitor(context, peer)
            bound.bind(transport)
            endpoint = bound.last()
            names = {endpoint: "E"}
            peer.connect(endpoint)
            say(transport.split(":")[0], NAMES[binder], bound.last() == endpoint)
            say("peer ", other.events("HANDSHAKE_SUCCEEDED", names))
            say("bound", watch.events("HANDSHAKE_SUCCEEDED", names))
            peer.close()
            say("peer ", other.events("MONITOR_STOPPED", names))
            say("bound", watch.events("DISCONNECTED", names))
            bound.unbind(endpoint)
            say("bound", watch.events("CLOSED", names))
            bound.close()
            say("bound", watch.events("MONITOR_STOPPED", names))


@scenario
def monitor_disconnected_by_bound():
    for transport in ("tcp://127.0.0.1:*", [*ways()][1]):
        for how in ("close", "unbind"):
            context = Context()
            bound, peer = context.socket(PULL, LINGER=0), context.socket(PUSH, LINGER=0)
            bound.bind(transport)
            endpoint = bound.last()
            names = {endpoint: "E"}
            watch, other = Monitor(context, bound), Monitor(context, peer)
            peer.connect(endpoint)
            say(other.events("HANDSHAKE_SUCCEEDED", names))
            say(watch.events("HANDSHAKE_SUCCEEDED", names))
            say(how, bound.close() if how == "close" else bound.unbind(endpoint))
            say("bound", watch.events("MONITOR_STOPPED" if how == "close" else None, names, 300))
            if how == "unbind":
                until(lambda: bound.events() != "-", 0.3)
            say("peer ", other.events("CONNECT_RETRIED", names))


@scenario
def monitor_failures():
    context = Context()
    bound, second = context.socket(PULL, LINGER=0), context.socket(PULL, LINGER=0)
    bound.bind("tcp://127.0.0.1:*")
    endpoint = bound.last()
    names = {endpoint: "E"}
    watch = Monitor(context, second)
    say(second.bind(endpoint), watch.events(None, names, 300))
    say(second.bind("ipc:///nonexistent/dir/x"), watch.events(None, None, 300))
    watch = Monitor(context, bound)
    wrong = context.socket(PUB, LINGER=0)
    other = Monitor(context, wrong)
    wrong.connect(endpoint)
    say("wrong type, bound", watch.events(None, names, 400))
    say("wrong type, peer ", other.events(None, names, 400))
    host, port = endpoint[6:].split(":")
    for what in (b"", b"GET / HTTP/1.0\r\n\r\n" + b"x" * 64, b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48),
                 b"\xff" + bytes(8) + b"\x7f\x03\x00CURVE" + bytes(47),
                 b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48) + b"\x04\x06\x05HELLO",
                 b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48) + b"\x04\x07\x05READY\x05"):
        with raw.create_connection((host, int(port))) as peer:
            peer.sendall(what)
            peer.shutdown(raw.SHUT_WR)
            peer.settimeout(2)
            try:
                while peer.recv(100):
                    pass
            except OSError:
                pass
        say(what[:14], watch.events(None, names, 300))


@scenario
def monitor_control():
    context = Context()
    socket = context.socket(PULL, LINGER=0)

    def monitor(*arguments):
        return result(Z.zmq_socket_monitor(socket.handle, *arguments))
    say(monitor(b"tcp://127.0.0.1:*", 65535), monitor(b"bad", 65535), monitor(b"inproc://", 65535), monitor(None, 0),
        monitor(b"inproc://m", 0), monitor(b"inproc://n", 1), monitor(b"inproc://o", 8))
    taken = context.socket(PAIR)
    say(taken.bind("inproc://taken"), monitor(b"inproc://taken", 65535), monitor(b"", 1), monitor(b"inproc://p", 0x10000))
    watch = Monitor(context, socket, 8)
    socket.bind("tcp://127.0.0.1:*")
    say(watch.events("LISTENING", {socket.last(): "E"}))
    say(monitor(None, 0), watch.events("MONITOR_STOPPED", None, 300), monitor(None, 0))
    watch = Monitor(context, socket, 0xffff)
    say(monitor(None, 0), watch.events("MONITOR_STOPPED", None, 300), socket.close(), context.shutdown())


@scenario
def monitor_stream():
    context = Context()
    stream = context.socket(STREAM, LINGER=0)
    watch = Monitor(context, stream)
    stream.bind("tcp://127.0.0.1:*")
    names = {stream.last(): "E"}
    host, port = stream.last()[6:].split(":")
    with raw.create_connection((host, int(port))):
        say(watch.events("ACCEPTED", names), short(stream.recv()))
    say(short(stream.recv()), watch.events("DISCONNECTED", names), watch.events(None, names, 200))
