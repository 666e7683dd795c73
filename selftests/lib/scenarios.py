#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Many small programs, each of which prints what it saw.

Results and errnos, never times: what the installed libzmq prints and what ours
prints under LD_PRELOAD is the same.  transcript.py compares.  Each scenario is a
process of its own, so that one may hang or die without the rest.  Arguments choose
scenarios by parts of their names.
"""

import ctypes as C
import errno
import os
import signal
import struct
import sys
import threading
import time

LIMIT = 15 * int(os.environ.get("AF_ZMQ_SLOW", "1"))
Z = C.CDLL("libzmq.so.5")
for function in "ctx_new socket init msg_data msg_gets strerror timers_new".split():
    getattr(Z, "zmq_" + function).restype = C.c_void_p
Z.zmq_msg_size.restype = C.c_size_t
SCENARIOS = []

PAIR, PUB, SUB, REQ, REP, DEALER, ROUTER, PULL, PUSH, XPUB, XSUB, STREAM = range(12)
NAMES = "PAIR PUB SUB REQ REP DEALER ROUTER PULL PUSH XPUB XSUB STREAM".split()
DONTWAIT, SNDMORE = 1, 2
IN, OUT = 1, 2
NUMBERS = {156384763: "EFSM", 156384764: "ENOCOMPATPROTO", 156384765: "ETERM",
           156384766: "EMTHREAD"}
OPTIONS = {"AFFINITY": 4, "ROUTING_ID": 5, "SUBSCRIBE": 6, "UNSUBSCRIBE": 7, "RCVMORE": 13,
           "FD": 14, "EVENTS": 15, "TYPE": 16, "LINGER": 17, "RECONNECT_IVL": 18,
           "MAXMSGSIZE": 22, "SNDHWM": 23, "RCVHWM": 24, "RCVTIMEO": 27, "SNDTIMEO": 28,
           "LAST_ENDPOINT": 32, "MANDATORY": 33, "IMMEDIATE": 39, "VERBOSE": 40, "RAW": 41,
           "PROBE": 51, "CORRELATE": 52, "RELAXED": 53, "CONFLATE": 54, "HANDOVER": 56,
           "CONNECT_ID": 61, "NODROP": 69, "MANUAL": 71, "WELCOME": 72, "NOTIFY": 73,
           "INVERT": 74, "VERBOSER": 78, "THREAD_SAFE": 81, "HANDSHAKE_IVL": 66}


def scenario(function):
    """Registers one."""
    SCENARIOS.append(function)
    return function


def say(*words):
    """A line of the transcript."""
    print(" ", *words, flush=True)


def error():
    """The name of the last error."""
    number = Z.zmq_errno()
    return NUMBERS.get(number) or errno.errorcode.get(number, str(number))


def result(value):
    """A return value, or the error's name."""
    return value if value != -1 else error()


class Message(C.Structure):
    """zmq_msg_t."""

    _fields_ = [("_", C.c_ubyte * 64)]
    _align_ = 8


class Item(C.Structure):
    """zmq_pollitem_t."""

    _fields_ = [("socket", C.c_void_p), ("fd", C.c_int), ("events", C.c_short),
                ("revents", C.c_short)]


class Socket:
    """A socket whose methods return what C would, or the error's name."""

    def __init__(self, context, kind, **options):
        self.busy = False
        self.handle = C.c_void_p(Z.zmq_socket(context.handle, kind))
        self.failed = None if self.handle else error()
        for name, value in options.items():
            answer = self.set(name, value)
            if answer:
                say("set", name, value, answer)

    def set(self, name, value):
        """zmq_setsockopt."""
        number = OPTIONS.get(name, name)
        if isinstance(value, int):
            value = struct.pack("q" if name in ("AFFINITY", "MAXMSGSIZE") else "i", value)
        return result(Z.zmq_setsockopt(self.handle, number, value,
                                       C.c_size_t(len(value) if value is not None else 0)))

    def get(self, name, size=None):
        """zmq_getsockopt, of an int or bytes."""
        text = name in ("LAST_ENDPOINT", "ROUTING_ID")
        size = size if size is not None else 256 if text else 8 if name in (
            "AFFINITY", "MAXMSGSIZE") else 4
        buffer = C.create_string_buffer(max(size, 8))
        length = C.c_size_t(size)
        if Z.zmq_getsockopt(self.handle, OPTIONS.get(name, name), buffer, C.byref(length)):
            return error()
        if text:
            return buffer.raw[:length.value]
        return int.from_bytes(buffer.raw[:length.value], sys.byteorder, signed=True)

    def events(self):
        """ZMQ_EVENTS as letters."""
        events = self.get("EVENTS")
        return events if isinstance(events, str) else "-IOB"[events]

    def bind(self, endpoint="inproc://a"):
        """zmq_bind."""
        return result(Z.zmq_bind(self.handle, endpoint.encode()))

    def connect(self, endpoint="inproc://a"):
        """zmq_connect."""
        return result(Z.zmq_connect(self.handle, endpoint.encode()))

    def unbind(self, endpoint="inproc://a"):
        """zmq_unbind."""
        return result(Z.zmq_unbind(self.handle, endpoint.encode()))

    def disconnect(self, endpoint="inproc://a"):
        """zmq_disconnect."""
        return result(Z.zmq_disconnect(self.handle, endpoint.encode()))

    def last(self):
        """ZMQ_LAST_ENDPOINT as text."""
        last = self.get("LAST_ENDPOINT")
        return last.rstrip(b"\0").decode() if isinstance(last, bytes) else last

    def send(self, *parts, flags=DONTWAIT):
        """A message of some parts: 0, or the first error and where."""
        if not self.busy:
            self.get("EVENTS")
        self.busy = bool(flags & SNDMORE)
        for number, part in enumerate(parts):
            more = SNDMORE if number + 1 < len(parts) else 0
            if Z.zmq_send(self.handle, part, C.c_size_t(len(part)), flags | more) < 0:
                return error() if len(parts) == 1 else f"{error()}@{number}"
        return 0

    def recv(self, wait=True, limit=2000):
        """A message's parts, or the error's name.  Waits a while, without RCVTIMEO."""
        parts = []
        buffer = C.create_string_buffer(70000)
        while True:
            if wait and not parts:
                self.wait(IN, limit)
            size = Z.zmq_recv(self.handle, buffer, C.c_size_t(70000), DONTWAIT)
            if size < 0:
                return error() if not parts else (parts, error())
            parts.append(buffer.raw[:size])
            if self.get("RCVMORE") != 1:
                return parts

    def none(self):
        """What there is to receive now."""
        self.get("EVENTS")
        return self.recv(wait=False)

    def wait(self, events=IN, limit=2000):
        """zmq_poll of it alone."""
        item = Item(self.handle, 0, events, 0)
        count = Z.zmq_poll(C.byref(item), 1, C.c_long(limit))
        return item.revents if count >= 0 else error()

    def fill(self, most=30000, data=b"x"):
        """How many messages fit."""
        for number in range(most):
            answer = self.send(data)
            if answer:
                self.get("EVENTS")
                answer = self.send(data)
            if answer:
                return number, answer
        return most, 0

    def drain(self, most=40000):
        """How many there are."""
        for number in range(most):
            if isinstance(self.none(), str):
                self.get("EVENTS")
                return number
        return most

    def close(self):
        """zmq_close."""
        return result(Z.zmq_close(self.handle))


class Context:
    """A context."""

    def __init__(self):
        self.handle = C.c_void_p(Z.zmq_ctx_new())

    def socket(self, kind, **options):
        """A socket of it."""
        return Socket(self, kind, **options)

    def set(self, option, value):
        """zmq_ctx_set."""
        return result(Z.zmq_ctx_set(self.handle, option, value))

    def get(self, option):
        """zmq_ctx_get."""
        return result(Z.zmq_ctx_get(self.handle, option))

    def term(self):
        """zmq_ctx_term."""
        return result(Z.zmq_ctx_term(self.handle))

    def shutdown(self):
        """zmq_ctx_shutdown."""
        return result(Z.zmq_ctx_shutdown(self.handle))


def ways():
    """Names to meet by: inproc, then ipc."""
    yield "inproc://a"
    ways.count += 1
    yield f"ipc://@scenario{os.getpid()}-{ways.count}"


ways.count = 0


def settle(*sockets):
    """Lets each see what the others did: libzmq's do when touched, and only then."""
    for _ in range(3):
        for socket in sockets:
            socket.get("EVENTS")


def couple(binder, connecter, first="bind", endpoint="inproc://a", **options):
    """Two sockets over inproc; options of the binder begin with b_, others with c_."""
    context = Context()
    bound = context.socket(binder, **{k[2:]: v for k, v in options.items() if k[0] == "b"})
    peer = context.socket(connecter, **{k[2:]: v for k, v in options.items() if k[0] == "c"})
    if first == "bind":
        bound.bind(endpoint)
        peer.connect(endpoint)
    else:
        peer.connect(endpoint)
        bound.bind(endpoint)
    settle(bound, peer)
    return context, bound, peer


def until(check, limit=3):
    """Whether it becomes true in time."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.005)
    return False


def tcp(*binders, **options):
    """Bound sockets on loopback, with their endpoints."""
    context = Context()
    bound = [context.socket(kind, **options) for kind in binders]
    for one in bound:
        one.bind("tcp://127.0.0.1:*")
    return (context, *[(one, one.last()) for one in bound])


# Errors of each function -------------------------------------------------------------


@scenario
def errors_of_contexts():
    context = Context()
    for option in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 42, 70, 99, 0, -1):
        say("get", option, context.get(option))
    for option, value in ((1, 0), (1, 2), (1, -1), (2, 0), (2, -1), (2, 1), (2, 5), (3, -1),
                          (3, 1), (4, -1), (4, 0), (5, -1), (5, 0), (5, 7), (6, 1), (7, -1),
                          (7, 3), (8, 3), (8, 3), (8, -1), (9, 5), (10, 0), (10, 1), (10, 2),
                          (42, 1), (42, 2), (42, 0), (70, 0), (70, 2), (70, 1), (99, 1)):
        say("set", option, value, context.set(option, value), context.get(option))
    say(result(Z.zmq_ctx_term(None)), result(Z.zmq_ctx_shutdown(None)),
        result(Z.zmq_ctx_set(None, 1, 1)), result(Z.zmq_ctx_get(None, 1)),
        result(Z.zmq_ctx_destroy(None)), result(Z.zmq_term(None)))
    say(Z.zmq_init(-1), error(), Z.zmq_socket(None, 0), error())
    say(context.shutdown(), context.shutdown(), context.socket(PAIR).failed, context.term())


@scenario
def errors_of_sockets():
    context = Context()
    for kind in (-1, 12, 13, 14, 19, 20, 21, 99):
        say("socket", kind, context.socket(kind).failed if kind in (-1, 21, 99) else "")
    fake = C.create_string_buffer(4096)
    for call in ("close",):
        say(call, result(getattr(Z, "zmq_" + call)(None)))
        say(call, result(getattr(Z, "zmq_" + call)(fake)))
    size = C.c_size_t(4)
    for handle in (None, fake):
        say(result(Z.zmq_bind(handle, b"inproc://a")), result(Z.zmq_connect(handle, b"inproc://a")),
            result(Z.zmq_unbind(handle, b"inproc://a")),
            result(Z.zmq_disconnect(handle, b"inproc://a")),
            result(Z.zmq_send(handle, b"", C.c_size_t(0), 0)),
            result(Z.zmq_send_const(handle, b"", C.c_size_t(0), 0)),
            result(Z.zmq_recv(handle, None, C.c_size_t(0), 0)),
            result(Z.zmq_setsockopt(handle, 17, C.byref(C.c_int(0)), size)),
            result(Z.zmq_getsockopt(handle, 17, C.byref(C.c_int(0)), C.byref(size))),
            result(Z.zmq_socket_monitor(handle, b"inproc://m", 65535)))
        message = Message()
        Z.zmq_msg_init(C.byref(message))
        say(result(Z.zmq_msg_send(C.byref(message), handle, 0)),
            result(Z.zmq_msg_recv(C.byref(message), handle, 0)),
            result(Z.zmq_sendmsg(handle, C.byref(message), 0)),
            result(Z.zmq_recvmsg(handle, C.byref(message), 0)))
        count = C.c_size_t(0)
        say(result(Z.zmq_sendiov(handle, None, C.c_size_t(0), 0)),
            result(Z.zmq_recviov(handle, None, C.byref(count), 0)))
    pair = context.socket(PAIR)
    say(result(Z.zmq_sendiov(pair.handle, None, C.c_size_t(0), 0)),
        result(Z.zmq_recviov(pair.handle, None, C.byref(C.c_size_t(0)), 0)),
        result(Z.zmq_recviov(pair.handle, None, None, 0)))
    say(result(Z.zmq_unbind(pair.handle, None)), result(Z.zmq_disconnect(pair.handle, None)))
    say(result(Z.zmq_proxy(None, None, None)), result(Z.zmq_proxy(pair.handle, None, None)))
    say(pair.close(), context.term())


@scenario
def errors_of_endpoints():
    for kind in (PAIR, STREAM):
        context = Context()
        socket = context.socket(kind, LINGER=0)
        for endpoint in ("", "a", "://", "inproc://", "inproc:", "inproc:/a", "tcp://", "://a", "foo://a",
                         "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:x",
                         "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://:5555",
                         "tcp://127.0.0.1:0", "tcp://*", "tcp://256.1.1.1:5555",
                         "tcp://1.2.3:77777", "tcp://nic9:*", "tcp://[::1:5", "tcp://127.0.0.1:*x",
                         "tcp://10.255.255.1:5555",
                         "ipc://", "ipc://@", "ipc://" + "x" * 107, "ipc://" + "x" * 108,
                         "ipc:///nonexistent/dir/x", "udp://127.0.0.1:5555", "vmci://1:2", "vsock://1:2",
                         "INPROC://a", "Tcp://127.0.0.1:*", "inproc://" + "n" * 300, "inproc:// a",
                         "tcp:// 127.0.0.1:*", "tcp://127.0.0.1 :*"):
            short = endpoint if len(endpoint) < 40 else f"{endpoint[:10]}..{len(endpoint)}"
            os.chdir("/tmp")
            # A bad handle of neither may stay: one at a time.
            say(NAMES[kind], short, "bind", socket.bind(endpoint), "unbind", socket.unbind(endpoint))
        for endpoint in ("", "a", "://", "inproc://", "tcp://", "foo://a", "tcp://127.0.0.1",
                         "tcp://127.0.0.1:", "tcp://127.0.0.1:x", "tcp://127.0.0.1:65536",
                         "tcp://:5555", "tcp://127.0.0.1:0", "tcp://*:5555", "tcp://127.0.0.1:*",
                         "tcp://127.0.0.1:5x", "tcp://;127.0.0.1:9", "tcp://127.0.0.1;127.0.0.1:9",
                         "tcp://127.0.0.1:0;127.0.0.1:9", "tcp://-a:5", "tcp://[::1]:9",
                         "tcp://127.0.0.1:9 ", "ipc://", "ipc://@", "ipc://*", "ipc://" + "x" * 108,
                         "ipc:///nonexistent/dir/x", "udp://127.0.0.1:5555", "inproc://nobody"):
            short = endpoint if len(endpoint) < 40 else f"{endpoint[:10]}..{len(endpoint)}"
            say(NAMES[kind], short, "connect", socket.connect(endpoint), "disconnect",
                socket.disconnect(endpoint), socket.disconnect(endpoint))
        say(socket.close(), context.term())


SECURITY = (*range(43, 51), 55, *range(62, 66), 90, 91)


@scenario
def errors_of_options():
    context = Context()
    for kind in range(12):
        socket = context.socket(kind)
        bad = []
        for option in list(range(0, 93)):
            if option in (14, 32) or option in SECURITY:
                continue
            row = []
            for value in (None, b"", struct.pack("i", -2), struct.pack("i", -1),
                          struct.pack("i", 0), struct.pack("i", 1), struct.pack("i", 2), b"abc",
                          struct.pack("q", 1), b"a" * 255, b"a" * 256):
                if option in (5, 55, 72, 61) and value == b"a" * 255:
                    value = b"a" * 254
                row.append(socket.set(option, value))
            if set(row) != {"EINVAL"}:
                bad.append(f"{option}:{','.join(str(one) for one in row)}")
        for line in bad:
            say(NAMES[kind], line)
        for option in range(0, 93):
            if option in (14, 32, 8, 11, 12, 85, 86, 87) or option in SECURITY:
                continue
            row = [str(socket.get(option, size)) for size in (0, 3)]
            if set(row) != {"EINVAL"}:
                say(NAMES[kind], "get", option, *row)
        socket.close()


@scenario
def defaults_of_options():
    context = Context()
    for kind in range(12):
        socket = context.socket(kind)
        row = []
        for option in range(0, 93):
            if option in (14, 32) or option in SECURITY:
                continue
            for size in (4, 8, 256):
                value = socket.get(option, size)
                if value != "EINVAL":
                    row.append(f"{option}={value}")
                    break
        say(NAMES[kind], *row)
        say(socket.get("LAST_ENDPOINT"), socket.get("ROUTING_ID"), socket.events())
        socket.close()


@scenario
def wrong_directions():
    context = Context()
    for kind in range(12):
        socket = context.socket(kind, LINGER=0)
        say(NAMES[kind], socket.events(), socket.send(b"x"), socket.send(b"x", b"y"), socket.none(),
            socket.events(), socket.wait(IN, 0), socket.wait(OUT, 0))
        socket.close()


# inproc --------------------------------------------------------------------------------

COUPLES = ((PAIR, PAIR), (PUB, SUB), (SUB, PUB), (REP, REQ), (REQ, REP), (DEALER, DEALER),
           (ROUTER, DEALER), (DEALER, ROUTER), (ROUTER, ROUTER), (ROUTER, REQ), (REP, DEALER),
           (PULL, PUSH), (PUSH, PULL), (XPUB, XSUB), (XSUB, XPUB), (XPUB, SUB), (PUB, XSUB))


@scenario
def inproc_events():
    for binder, connecter in COUPLES:
        for first in ("bind", "connect"):
            _, bound, peer = couple(binder, connecter, first)
            say(NAMES[binder], NAMES[connecter], first, bound.events(), peer.events(), bound.last(),
                peer.last())


@scenario
def inproc_odd_couples():
    for binder in range(11):
        for connecter in range(11):
            if (binder, connecter) in COUPLES:
                continue
            _, bound, peer = couple(binder, connecter)
            say(NAMES[binder], NAMES[connecter], bound.events(), peer.events(),
                peer.send(b"a"), bound.events(), short(bound.none()), peer.send(b"", b"b"),
                short(bound.none()), bound.send(b"c"), short(peer.none()), peer.events())


@scenario
def inproc_hwm():
    for binder, connecter in ((PULL, PUSH), (PUSH, PULL), (DEALER, DEALER), (PAIR, PAIR)):
        for sndhwm, rcvhwm in ((1, 1), (1, 0), (0, 1), (2, 3), (5, 1), (30, 30)):
            for first in ("bind", "connect"):
                _, bound, peer = couple(binder, connecter, first, b_SNDHWM=sndhwm, b_RCVHWM=rcvhwm,
                                        c_SNDHWM=sndhwm, c_RCVHWM=rcvhwm)
                out, back = (bound, peer) if binder == PUSH else (peer, bound)
                say(NAMES[binder], NAMES[connecter], sndhwm, rcvhwm, first, out.fill(300),
                    out.events(), back.events())
                if not sndhwm or not rcvhwm:
                    continue
                say(*((back.none(), out.fill(300)) for _ in range(8)))
                say(back.drain(), out.fill(300))


@scenario
def inproc_hwm_defaults_and_changes():
    _, pull, push = couple(PULL, PUSH)
    say(push.fill(), pull.drain(), push.fill())
    _, pull, push = couple(PULL, PUSH, b_RCVHWM=1, c_SNDHWM=1)
    say(push.fill(), push.set("SNDHWM", 5), push.fill(), pull.set("RCVHWM", 5), push.fill(),
        pull.drain(), push.fill())
    _, pull, push = couple(PULL, PUSH, b_RCVHWM=100, c_SNDHWM=100)
    say(push.fill(), push.set("SNDHWM", 5), push.fill(), pull.drain(), push.fill())
    _, pull, push = couple(PULL, PUSH, "connect", c_SNDHWM=3, b_RCVHWM=4)
    say(push.fill(), pull.drain())
    context = Context()
    push = context.socket(PUSH, SNDHWM=3)
    say(push.connect(), push.fill(100))
    pull = context.socket(PULL, RCVHWM=4)
    say(pull.bind(), push.fill(100), pull.drain(), push.fill(100))
    _, sub, pub = couple(SUB, PUB, b_SUBSCRIBE=b"", b_RCVHWM=3, c_SNDHWM=2)
    pub.events()
    for number in range(20):
        pub.send(b"%d" % number)
    got = []
    while not isinstance(got[-1] if got else [], str):
        got.append(sub.none())
    say(*got)
    for number in range(20, 30):
        pub.send(b"%d" % number)
    say(sub.none(), sub.none(), sub.none(), sub.none(), sub.none(), sub.none())
    _, router, dealer = couple(ROUTER, DEALER, b_SNDHWM=2, c_RCVHWM=2, b_MANDATORY=1,
                               c_ROUTING_ID=b"D")
    for number in range(7):
        say(router.send(b"D", b"%d" % number), router.events())
    say(dealer.none(), router.send(b"D", b"x"), dealer.none(), router.send(b"D", b"x"), dealer.drain())
    _, router, dealer = couple(ROUTER, DEALER, b_SNDHWM=2, c_RCVHWM=2, c_ROUTING_ID=b"D")
    for number in range(7):
        say(router.send(b"D", b"%d" % number), router.events())
    say(dealer.drain())


@scenario
def inproc_conflate():
    for binder, connecter in ((PULL, PUSH), (DEALER, DEALER), (SUB, PUB), (PUSH, PULL), (PAIR, PAIR)):
        for mode in ({"b_CONFLATE": 1}, {"c_CONFLATE": 1}, {"b_CONFLATE": 1, "c_CONFLATE": 1}):
            options = {"b_SUBSCRIBE": b""} if binder == SUB else {}
            _, bound, peer = couple(binder, connecter, **mode, **options)
            out, back = (bound, peer) if binder == PUSH else (peer, bound)
            say(NAMES[binder], *mode, *(out.send(b"%d" % number) for number in range(5)),
                out.events(), back.events(), back.none(), back.events(), back.none(),
                out.send(b"a", b"b"), back.none(), back.none())


@scenario
def inproc_connect_before_bind():
    for binder, connecter in COUPLES:
        context = Context()
        peer = context.socket(connecter, LINGER=0)
        if connecter == SUB:
            peer.set("SUBSCRIBE", b"")
        say(NAMES[binder], NAMES[connecter], peer.connect(), peer.connect(), peer.events(),
            peer.send(b"1"), peer.send(b"2"), peer.events(), peer.last())
        bound = context.socket(binder, LINGER=0)
        if binder == SUB:
            bound.set("SUBSCRIBE", b"")
        got = bound.bind(), bound.events(), bound.none(), bound.none(), bound.none()
        say(*[[len(part) if part[:1] == b"\0" else part for part in one] if isinstance(one, list)
              else one for one in got])
        say(peer.disconnect(), peer.disconnect(), peer.events(), bound.events())
        say(bound.unbind(), bound.unbind(), bound.events(), peer.close(), bound.close(), context.term())


@scenario
def inproc_names():
    context = Context()
    one, two, three = (context.socket(PAIR) for _ in range(3))
    say(one.bind("inproc://x"), two.bind("inproc://x"), one.bind("inproc://x"),
        one.bind("inproc://y"), one.last(), two.bind("inproc://y"))
    say(one.unbind("inproc://z"), one.disconnect("inproc://x"), one.unbind("inproc://x"),
        two.bind("inproc://x"), two.last(), one.close())
    say(three.connect("inproc://x"), three.last(), three.send(b"a"), two.none(),
        two.unbind("inproc://x"), three.send(b"b"), two.none(), two.send(b"c"), three.none())
    say(three.disconnect("inproc://x"), three.send(b"d"), two.send(b"e"), two.events(), three.events())
    say(two.close(), three.close(), context.term())
    context = Context()
    one, two = context.socket(DEALER), context.socket(DEALER)
    say(one.bind(), one.connect(), one.events(), one.send(b"self"), one.none(), one.none())
    say(two.connect(), two.send(b"x"), one.none(), one.unbind(), one.events(), one.unbind(), one.unbind())
    say(one.send(b"1"), one.send(b"2"), one.none(), one.none(), two.none(), two.none())
    say(one.disconnect(), one.events())
    other = Context()
    foreign = other.socket(DEALER, LINGER=0)
    say(foreign.connect(), foreign.send(b"f"), one.none(), foreign.bind("inproc://w"), one.bind("inproc://w"))


@scenario
def inproc_rebind_and_reconnect():
    context = Context()
    pull, push = context.socket(PULL), context.socket(PUSH)
    say(pull.bind(), push.connect(), push.connect(), push.send(b"1"), push.send(b"2"), pull.none(),
        pull.none())
    say(push.disconnect(), push.disconnect(), push.events(), push.send(b"3"))
    say(push.connect(), push.send(b"4"), pull.none(), pull.close())
    say(until(lambda: push.events() == "-"), push.send(b"5"))
    pull = context.socket(PULL)
    say(until(lambda: pull.bind() == 0), push.send(b"6"), push.events(), pull.none())
    say(push.connect(), push.send(b"7"), pull.none(), push.close(), pull.none(), pull.close(), context.term())
    for kind in (DEALER, SUB, PUB, REQ, PUSH, PULL, PAIR, ROUTER):
        context = Context()
        bound = context.socket({DEALER: ROUTER, SUB: XPUB, PUB: SUB, REQ: ROUTER, PUSH: PULL, PULL: PUSH,
                                PAIR: PAIR, ROUTER: DEALER}[kind], LINGER=0)
        peer = context.socket(kind, LINGER=0)
        say(NAMES[kind], bound.bind(), peer.connect(), peer.connect(), peer.disconnect(),
            peer.disconnect(), peer.disconnect())


@scenario
def inproc_close_with_messages():
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"1"), push.send(b"2", b"3"), push.send(b"cut", flags=DONTWAIT | SNDMORE), push.close())
    say(pull.recv(), pull.recv(), pull.none(), pull.events(), pull.close(), context.term())
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"1"), pull.close(), until(lambda: push.events() == "-"), push.send(b"2"), push.close(),
        context.term())
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"1"), push.send(b"2"), push.disconnect(), pull.recv(), pull.recv(), pull.none())
    context, pull, push = couple(PUSH, PULL)
    say(pull.send(b"1"), pull.send(b"2"), push.none(), push.disconnect(), push.none(), push.events())
    context = Context()
    push = context.socket(PUSH)
    say(push.connect(), push.send(b"early"), push.close(), context.term())
    context = Context()
    push = context.socket(PUSH)
    say(push.connect(), push.send(b"early"), push.close())
    pull = context.socket(PULL)
    say(pull.bind(), pull.recv(limit=500), pull.close(), context.term())
    context = Context()
    push = context.socket(PUSH, LINGER=0)
    say(push.connect(), push.send(b"early"), push.close())
    pull = context.socket(PULL)
    say(pull.bind(), pull.recv(limit=500), pull.close(), context.term())


@scenario
def inproc_second_pair():
    context = Context()
    one, two, three = (context.socket(PAIR, LINGER=0) for _ in range(3))
    say(one.bind(), two.connect(), three.connect(), one.events(), two.events())
    say(until(lambda: three.events() == "-"), three.send(b"3"), two.send(b"2"), one.recv(), one.none())
    say(two.close(), until(lambda: one.events() == "-"), one.send(b"x"))
    four = context.socket(PAIR, LINGER=0)
    say(four.connect(), four.send(b"4"), one.recv(), one.send(b"y"), four.recv(), three.none())
    context = Context()
    one, two, three = (context.socket(PAIR, LINGER=0) for _ in range(3))
    say(one.bind("inproc://a"), two.bind("inproc://b"), three.connect("inproc://a"),
        three.connect("inproc://b"), three.send(b"1"), three.send(b"2"), one.none(), one.none(), two.none(),
        two.events())


# Routers ---------------------------------------------------------------------------------


def short(parts):
    """Ids that a socket made up have no value of interest."""
    if isinstance(parts, list):
        return [f"<{len(part)}>" if len(part) == 5 and part[0] == 0 else part for part in parts]
    return parts


@scenario
def router_ids():
    for first in ("bind", "connect"):
        for transport in ways():
            context = Context()
            router = context.socket(ROUTER, LINGER=0)
            one, two, three = (context.socket(DEALER, LINGER=0, **({"ROUTING_ID": name} if name else {}))
                               for name in (b"one", b"one", None))
            if first == "bind":
                router.bind(transport)
            say(first, transport.split(":")[0], one.connect(transport))
            if first == "connect":
                router.bind(transport)
            say(one.send(b"1"), short(router.recv()))
            say(two.connect(transport), three.connect(transport), three.send(b"3"), short(router.recv()),
                two.send(b"2"), short(router.recv(limit=300)))
            say(router.send(b"one", b"r"), one.recv(), two.recv(limit=100))
            say(router.recv(limit=100), one.close())


@scenario
def router_handover():
    for transport in ways():
        context = Context()
        router = context.socket(ROUTER, LINGER=0, HANDOVER=1)
        one, two = (context.socket(DEALER, LINGER=0, ROUTING_ID=b"same", RECONNECT_IVL=-1)
                    for _ in range(2))
        router.bind(transport)
        say(one.connect(transport), one.send(b"1"), router.recv(), two.connect(transport), two.send(b"2"),
            router.recv(), router.send(b"same", b"r"), two.recv(), one.recv(limit=200))
        say(until(lambda: one.events() == "-"), one.send(b"late"), router.recv(limit=200))


@scenario
def router_handover_with_waiting():
    _, router, one = couple(ROUTER, DEALER, b_HANDOVER=1, c_ROUTING_ID=b"same")
    context = _
    say(one.send(b"1"), one.send(b"2"), one.send(b"3"), router.recv())
    two = context.socket(DEALER, LINGER=0, ROUTING_ID=b"same")
    say(two.connect(), two.send(b"4"))
    say(*[short(router.recv(limit=200)) for _ in range(5)])


@scenario
def router_mandatory():
    for mandatory in (0, 1):
        context = Context()
        router = context.socket(ROUTER, LINGER=0, MANDATORY=mandatory)
        say(router.events(), router.bind(), router.events(), router.send(b"no", b"x"),
            router.send(b"no", b"x", b"y"), router.send(b"no"), router.send(b""), router.send(b"", b"x"),
            router.events())
        dealer = context.socket(DEALER, LINGER=0, ROUTING_ID=b"D")
        say(dealer.connect(), router.events(), router.send(b"D", b"x"), dealer.none(), router.send(b"D"),
            dealer.none(), router.send(b"D", b""), dealer.none(), router.send(b"D", b"", b"y"), dealer.none())
        say(dealer.close(), until(lambda: router.send(b"D", b"z") != 0, 0.3), router.set("MANDATORY", 2), router.set("MANDATORY", -1))


@scenario
def router_connect_id():
    for transport in ways():
        context = Context()
        dealer, router = context.socket(DEALER, LINGER=0), context.socket(ROUTER, LINGER=0, MANDATORY=1)
        dealer.bind(transport)
        say(router.set("CONNECT_ID", b"D"), router.connect(transport), router.send(b"D", b"hello"),
            dealer.recv(), dealer.send(b"back"), router.recv(), router.connect(transport),
            router.send(b"D", b"2"), dealer.recv(), router.set("CONNECT_ID", b"\0x"), router.set("CONNECT_ID", b""))
    context, router, rep = couple(REP, ROUTER)
    router, rep = rep, router


@scenario
def router_to_router():
    for first in ("bind", "connect"):
        _, one, two = couple(ROUTER, ROUTER, first, b_ROUTING_ID=b"one", c_ROUTING_ID=b"two", b_MANDATORY=1,
                             c_MANDATORY=1)
        say(first, one.events(), two.events(), one.send(b"two", b"a"), two.recv(), two.send(b"one", b"b"),
            one.recv(), one.send(b"zwei", b"x"))


@scenario
def router_events():
    _, router, dealer = couple(ROUTER, DEALER, c_ROUTING_ID=b"D")
    say(dealer.send(b"1", b"2"), router.events(), Z.zmq_recv(router.handle, None, C.c_size_t(0), DONTWAIT),
        router.get("RCVMORE"), router.events(), Z.zmq_recv(router.handle, None, C.c_size_t(0), DONTWAIT),
        router.get("RCVMORE"), router.events(), Z.zmq_recv(router.handle, None, C.c_size_t(0), DONTWAIT),
        router.get("RCVMORE"), router.events())
    say(Z.zmq_recv(router.handle, None, C.c_size_t(0), DONTWAIT), router.get("RCVMORE"))


@scenario
def probe_router():
    for connecter in (DEALER, REQ, ROUTER):
        for first in ("bind", "connect"):
            _, router, peer = couple(ROUTER, connecter, first, c_PROBE=1, c_ROUTING_ID=b"P")
            say(NAMES[connecter], first, router.recv(), router.none(), router.send(b"P", b"", b"a"),
                short(peer.none()), peer.events())
    _, dealer, router = couple(DEALER, ROUTER, b_PROBE=1, c_PROBE=1, b_ROUTING_ID=b"D")
    say(dealer.recv(), dealer.none(), router.recv(), router.none())
    _, one, two = couple(ROUTER, ROUTER, b_PROBE=1, c_PROBE=1, b_ROUTING_ID=b"1", c_ROUTING_ID=b"2")
    say(one.recv(), one.none(), two.recv(), two.none())
    _, rep, req = couple(REP, REQ, c_PROBE=1)
    say(rep.events(), rep.none(), req.send(b"q"), rep.recv(), rep.send(b"a"), req.recv())


@scenario
def probe_router_ipc():
    context = Context()
    router, dealer = context.socket(ROUTER, LINGER=0), context.socket(DEALER, LINGER=0, PROBE=1, ROUTING_ID=b"P")
    _, way = ways()
    say(router.bind(way), dealer.connect(way), router.recv(),
        router.send(b"P", b"x"), dealer.recv())


# Requests ----------------------------------------------------------------------------------


@scenario
def req_states():
    for transport in ways():
        context = Context()
        rep, req = context.socket(REP, LINGER=0), context.socket(REQ, LINGER=0)
        rep.bind(transport)
        say(req.none(), req.connect(transport), req.none(), rep.send(b"x"), req.events(), rep.events())
        say(req.send(b"1", b"2"), req.events(), req.send(b"3"), rep.wait(), rep.events(),
            Z.zmq_recv(rep.handle, None, C.c_size_t(0), DONTWAIT), rep.events(), rep.send(b"early"),
            rep.none(), rep.events(), rep.none(), rep.send(b"a", flags=DONTWAIT | SNDMORE), rep.none(),
            rep.events(), rep.send(b"b"), rep.events(), req.wait(), req.events(),
            Z.zmq_recv(req.handle, None, C.c_size_t(0), DONTWAIT), req.events(), req.send(b"early"),
            req.none(), req.events(), req.send(b"4", flags=DONTWAIT | SNDMORE), req.none(), req.events(),
            req.send(b"5"), rep.recv(), rep.send(b"c"), req.recv())


@scenario
def req_relaxed():
    for correlate in (0, 1):
        for transport in ways():
            context = Context()
            router = context.socket(ROUTER, LINGER=0)
            req = context.socket(REQ, LINGER=0, RELAXED=1, CORRELATE=correlate, ROUTING_ID=b"R")
            router.bind(transport)
            say(correlate, req.connect(transport), req.events(), req.send(b"1"))
            first = router.recv()
            say([len(part) if correlate and number == 1 else part for number, part in enumerate(first)],
                req.events(), req.send(b"2"))
            second = router.recv()
            say([len(part) if correlate and number == 1 else part for number, part in enumerate(second)])
            if isinstance(second, str):
                continue
            say(router.send(*first[:-1], b"late"), router.send(*second[:-1], b"right"),
                req.recv(), req.none(), req.events())
            if correlate:
                say(struct.unpack("I", second[1])[0] - struct.unpack("I", first[1])[0] in (1, 1 - 2 ** 32))
            say(req.send(b"3"), router.send(b"R", b"bad"), router.send(b"R", b"", b"ok"), req.recv(limit=300))


@scenario
def req_envelopes():
    _, router, req = couple(ROUTER, REQ, c_ROUTING_ID=b"R")
    say(req.send(b"1"), router.recv(), router.send(b"R", b"no delimiter"), req.none(), req.events(),
        router.send(b"R", b"x", b""), req.none(), router.send(b"R", b""), req.none(),
        router.send(b"R", b"", b"yes", b"two"), req.recv(), req.none(), req.events())
    _, rep, dealer = couple(REP, DEALER)
    say(dealer.send(b"1"), rep.none(), rep.events(), dealer.send(b"a", b"b", b"", b"c"), rep.recv(),
        rep.send(b"r", b"s"), dealer.recv(), dealer.send(b""), rep.none(), dealer.send(b"", b""), rep.none(),
        rep.send(b""), dealer.none())
    say(dealer.send(b"x", b""), rep.events(), rep.none(), rep.events(), dealer.none())
    context, rep, req = couple(REP, REQ)
    say(req.send(b"q"), rep.recv(), req.close(), until(lambda: rep.events() == "O"), rep.send(b"gone"), rep.events(),
        rep.none())
    context, rep, req = couple(REP, REQ)
    say(req.send(b"q"), rep.recv(), rep.close(), until(lambda: req.events() != "-", 0.3), req.none(), req.send(b"x"))
    rep = context.socket(REP)
    say(until(lambda: rep.bind() == 0), req.connect(), req.events(), req.send(b"x"), req.none())


@scenario
def req_round_robin():
    context = Context()
    req = context.socket(REQ, LINGER=0)
    reps = [context.socket(REP, LINGER=0) for _ in range(3)]
    for number, rep in enumerate(reps):
        rep.bind(f"inproc://{number}")
        req.connect(f"inproc://{number}")
    for turn in range(6):
        req.send(b"%d" % turn)
        order = [number for number, rep in enumerate(reps) if rep.events() == "I"]
        say(order, reps[order[0]].recv(), reps[order[0]].send(b"a"), req.recv())


# Publishers -----------------------------------------------------------------------------------


@scenario
def sub_topics():
    _, pub, sub = couple(PUB, SUB)
    for topic in (b"a", b"a", b"ab", b""):
        say(sub.set("SUBSCRIBE", topic))
    say(*[pub.send(data) for data in (b"a", b"ab", b"c", b"")], *[sub.none() for _ in range(5)])
    say(sub.set("UNSUBSCRIBE", b""), sub.set("UNSUBSCRIBE", b"a"), sub.set("UNSUBSCRIBE", b"never"),
        *[pub.send(data) for data in (b"a", b"ab", b"c", b"")], *[sub.none() for _ in range(3)])
    say(sub.set("UNSUBSCRIBE", b"a"), *[pub.send(data) for data in (b"a", b"ab", b"c", b"")],
        *[sub.none() for _ in range(3)])
    say(pub.send(b"ab", b"x"), pub.send(b"no", b"ab"), sub.none(), sub.none(), sub.events(), pub.events())
    say(sub.get("LINGER"), sub.set("LINGER", 5), sub.get("LINGER"), pub.get("LINGER"))
    say(pub.set("SUBSCRIBE", b"a"), sub.set("SUBSCRIBE", None), sub.send(b"x"), pub.none())
    for kind in (XSUB, REQ, XPUB):
        socket = _.socket(kind)
        say(NAMES[kind], socket.get("LINGER"), socket.set("SUBSCRIBE", b"x"), socket.set("UNSUBSCRIBE", b"x"))


@scenario
def xpub_messages():
    for options in ({}, {"VERBOSE": 1}, {"VERBOSER": 1}):
        for transport in ways():
            context = Context()
            xpub = context.socket(XPUB, LINGER=0, **options)
            one, two = context.socket(XSUB, LINGER=0), context.socket(SUB, LINGER=0)
            xpub.bind(transport)
            say(transport[:3], *options, one.connect(transport), one.send(b"\1a"), xpub.recv(), one.send(b"\1a"),
                xpub.recv(limit=150), two.connect(transport), two.set("SUBSCRIBE", b"a"), xpub.recv(limit=150),
                one.send(b"\0a"), xpub.recv(limit=150), two.set("UNSUBSCRIBE", b"a"), xpub.recv(limit=300),
                one.send(b"\0never"), xpub.recv(limit=300), xpub.events())
            say(one.send(b"user"), xpub.recv(), one.send(b""), xpub.recv(), one.send(b"\2x"), xpub.recv(),
                one.send(b"u", b"\1later", b"v"), xpub.recv(), xpub.recv(limit=150), one.send(b"\1p", b"q"),
                xpub.recv(), xpub.recv(limit=150))
            say(one.send(b"\1gone1"), one.send(b"\1gone2"), xpub.recv(), xpub.recv(), one.close(),
                sorted(filter(lambda x: not isinstance(x, str), (xpub.recv(limit=300) for _ in range(7)))))


@scenario
def xpub_manual():
    for transport in ways():
        context = Context()
        xpub = context.socket(XPUB, LINGER=0, MANUAL=1, WELCOME=b"W")
        one, two = context.socket(SUB, LINGER=0, SUBSCRIBE=b"W"), context.socket(SUB, LINGER=0)
        xpub.bind(transport)
        say(one.connect(transport), xpub.recv(), one.recv(), xpub.set("SUBSCRIBE", b"XA"), one.set("SUBSCRIBE", b"A"),
            one.set("SUBSCRIBE", b"X"), xpub.recv(), xpub.recv(), xpub.send(b"A"), xpub.send(b"XA"), one.recv(),
            one.none(), two.connect(transport), two.set("SUBSCRIBE", b"X"), xpub.recv(), xpub.send(b"XA"), one.recv(),
            two.recv(limit=150), xpub.set("SUBSCRIBE", b"XB"), xpub.send(b"XB"), two.recv(), one.none())
        say(two.set("UNSUBSCRIBE", b"X"), xpub.recv(), xpub.set("UNSUBSCRIBE", b"XB"), xpub.send(b"XB"),
            two.recv(limit=150), xpub.set("WELCOME", None), xpub.set("MANUAL", -1), xpub.set("SUBSCRIBE", b""))
        say(one.close(), sorted([xpub.recv(limit=300), xpub.recv(limit=100)]))
    pub = context.socket(PUB)
    say(pub.set("WELCOME", b"x"), pub.set("MANUAL", 1), pub.set("SUBSCRIBE", b"x"), pub.set("VERBOSE", 1),
        context.socket(XPUB).set("SUBSCRIBE", b"x"), context.socket(XPUB, MANUAL=1).set("SUBSCRIBE", b"x"))


@scenario
def xpub_nodrop():
    for kind in (XPUB, PUB):
        _, pub, sub = couple(kind, SUB, b_NODROP=1, b_SNDHWM=2, c_RCVHWM=2, c_SUBSCRIBE=b"a")
        say(NAMES[kind], pub.events(), pub.fill(20, b"a"), pub.events(), pub.send(b"b"), pub.send(b"a", b"x"), sub.none(),
            sub.none(), pub.fill(20, b"a"), pub.events(), sub.drain())
        _, pub, sub = couple(kind, SUB, b_SNDHWM=2, c_RCVHWM=2, c_SUBSCRIBE=b"a")
        say(pub.events(), pub.fill(20, b"a"), pub.events(), sub.drain(), pub.fill(20, b"a"), sub.drain())


@scenario
def xsub_inproc():
    _, xpub, xsub = couple(XPUB, XSUB, "connect")
    say(xsub.events(), xsub.send(b"\1a"), xpub.recv(), xpub.send(b"a1"), xpub.send(b"b1"), xsub.recv(), xsub.none(),
        xsub.send(b"\0a"), xpub.recv(), xpub.send(b"a2"), xsub.none(), xpub.events(), xsub.events())
    context = Context()
    xsub = context.socket(XSUB, LINGER=0)
    say(xsub.connect(), xsub.send(b"\1early"), xsub.send(b"\1early"), xsub.send(b"user"))
    xpub = context.socket(XPUB, LINGER=0, VERBOSE=1)
    say(xpub.bind(), xpub.none(), xpub.none(), xpub.none(), xpub.none())
    _, pub, xsub = couple(PUB, XSUB)
    say(xsub.send(b"\1"), xsub.send(b"user"), pub.none(), pub.send(b"x"), xsub.recv())
    _, xpub, xsub = couple(XPUB, XSUB)
    say(xsub.send(b"payload", b"\1in part", b"\0in part", b"end"), *[xpub.none() for _ in range(4)])
    say(xsub.send(b"\1first", b"payload"), *[xpub.none() for _ in range(4)])
    say(xpub.send(b"first"), xsub.none(), xpub.send(b"in part"), xsub.none())


@scenario
def invert_matching():
    _, pub, sub = couple(PUB, SUB, b_INVERT=1, c_INVERT=1, c_SUBSCRIBE=b"a")
    say(pub.send(b"a"), pub.send(b"b"), sub.none(), sub.none())


@scenario
def pub_multipart_full():
    _, pub, sub = couple(PUB, SUB, b_SNDHWM=1, c_RCVHWM=1, c_SUBSCRIBE=b"")
    for number in range(5):
        say(pub.send(b"%d" % number, b"x", b"y"))
    say(sub.none(), sub.none(), sub.none(), pub.send(b"6", b"7"), sub.none())


# Fair queuing and load balancing -----------------------------------------------------------------


@scenario
def fair_queue():
    for transport in ways():
        context = Context()
        pull = context.socket(PULL)
        pull.bind(transport)
        pushes = [context.socket(PUSH, LINGER=0) for _ in range(3)]
        for number, push in enumerate(pushes):
            push.connect(transport)
            for turn in range(4):
                push.send(b"%d%d" % (number, turn), b"x")
        if transport[:3] == "inp":
            say(*[pull.recv()[0].decode() for _ in range(12)], pull.none())
        else:
            say(sorted(pull.recv()[0].decode() for _ in range(12)), pull.none())


@scenario
def load_balance():
    context = Context()
    push = context.socket(PUSH, LINGER=0, SNDHWM=2)
    pulls = [context.socket(PULL, LINGER=0, RCVHWM=1) for _ in range(3)]
    for number, pull in enumerate(pulls):
        pull.bind(f"inproc://{number}")
        push.connect(f"inproc://{number}")
    say(*[push.send(b"%d" % number, b"x") for number in range(7)])
    for pull in pulls:
        say(pull.none(), pull.none(), pull.none(), pull.none())
    say(push.send(b"a", flags=DONTWAIT | SNDMORE), pulls[0].events(), pulls[1].events(), pulls[2].events(),
        push.send(b"b"), *[pull.none() for pull in pulls])
    say(*[push.send(b"%d" % number) for number in range(12)])
    say(*[push.events(), push.send(b"a", b"b"), pulls[1].close(), pulls[0].drain(), pulls[2].drain(), push.fill(100)])


@scenario
def lb_peer_goes_mid_message():
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"a", flags=DONTWAIT | SNDMORE), pull.close(), until(lambda: push.events() == "-", 0.5),
        push.send(b"b"), push.events(), push.send(b"c"))
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"a", flags=DONTWAIT | SNDMORE), push.disconnect(), push.send(b"b"), pull.none(), push.send(b"c"))


# Messages ------------------------------------------------------------------------------------------


@scenario
def msg_lifecycle():
    message, copy = Message(), Message()
    m, c = C.byref(message), C.byref(copy)
    say(result(Z.zmq_msg_init(m)), Z.zmq_msg_size(m), Z.zmq_msg_more(m), result(Z.zmq_msg_close(m)),
        result(Z.zmq_msg_close(m)))
    C.memset(m, 0, 64)
    say(result(Z.zmq_msg_close(m)))
    Z.zmq_msg_init(m)
    C.memset(c, 0, 64)
    say(result(Z.zmq_msg_copy(c, m)), result(Z.zmq_msg_copy(m, c)), result(Z.zmq_msg_move(c, m)),
        result(Z.zmq_msg_move(m, c)))
    for size in (0, 1, 29, 30, 33, 34, 100, 70000):
        say(size, result(Z.zmq_msg_init_size(m, C.c_size_t(size))), Z.zmq_msg_size(m),
            result(Z.zmq_msg_get(m, 3)), result(Z.zmq_msg_init(c)), result(Z.zmq_msg_copy(c, m)),
            result(Z.zmq_msg_get(m, 3)), result(Z.zmq_msg_get(c, 3)), result(Z.zmq_msg_close(m)),
            result(Z.zmq_msg_get(c, 3)), Z.zmq_msg_size(c), Z.zmq_msg_init(m),
            result(Z.zmq_msg_move(m, c)), Z.zmq_msg_size(c),
            Z.zmq_msg_size(m), result(Z.zmq_msg_get(m, 1)), result(Z.zmq_msg_get(m, 2)), result(Z.zmq_msg_get(m, 9)),
            result(Z.zmq_msg_set(m, 1, 1)), Z.zmq_msg_gets(m, b"User-Id"), error(), result(Z.zmq_msg_close(m)),
            result(Z.zmq_msg_close(c)))
    say(result(Z.zmq_msg_init_size(m, C.c_size_t(2 ** 63))), result(Z.zmq_msg_init(m)), result(Z.zmq_msg_move(m, m)),
        result(Z.zmq_msg_copy(m, m)))


@scenario
def msg_free_function():
    calls = []
    kind = C.CFUNCTYPE(None, C.c_void_p, C.c_void_p)
    free = kind(lambda data, hint: calls.append(hint))
    data = C.create_string_buffer(b"d" * 100)
    message, copy = Message(), Message()
    m, c = C.byref(message), C.byref(copy)
    for function, hint in ((free, 5), (kind(), 6)):
        say(result(Z.zmq_msg_init_data(m, data, C.c_size_t(100), function, C.c_void_p(hint))),
            result(Z.zmq_msg_get(m, 3)), Z.zmq_msg_init(c), result(Z.zmq_msg_copy(c, m)), result(Z.zmq_msg_get(m, 3)),
            Z.zmq_msg_data(m) == Z.zmq_msg_data(c) == C.addressof(data), result(Z.zmq_msg_close(m)), list(calls),
            result(Z.zmq_msg_close(c)), calls)
    context, pull, push = couple(PULL, PUSH)
    del calls[:]
    Z.zmq_msg_init_data(m, data, C.c_size_t(100), free, C.c_void_p(7))
    Z.zmq_msg_init(c)
    say(Z.zmq_msg_copy(c, m), result(Z.zmq_msg_send(m, push.handle, 0)), Z.zmq_msg_size(m), pull.recv() == [data.raw[:100]],
        list(calls), result(Z.zmq_msg_send(c, push.handle, 0)), pull.recv() == [data.raw[:100]], calls)
    say(result(Z.zmq_msg_send(m, pull.handle, 0)), Z.zmq_msg_init_size(m, C.c_size_t(3)), result(Z.zmq_msg_send(m, pull.handle, 0)),
        Z.zmq_msg_size(m))
    say(result(Z.zmq_msg_recv(m, push.handle, 0)), Z.zmq_msg_size(m), result(Z.zmq_msg_recv(m, pull.handle, DONTWAIT)),
        Z.zmq_msg_size(m))
    say(push.send(b"abc", b"d"), result(Z.zmq_msg_recv(m, pull.handle, 0)), Z.zmq_msg_more(m), Z.zmq_msg_get(m, 1),
        result(Z.zmq_msg_recv(m, pull.handle, 0)), Z.zmq_msg_more(m))
    say(push.send(b"0123456789"), Z.zmq_recv(pull.handle, data, C.c_size_t(4), 0), data.raw[:6],
        push.send(b""), Z.zmq_recv(pull.handle, None, C.c_size_t(0), 0))


@scenario
def msg_forwarding():
    # A message received with MORE is sent on: the flag of the call counts.
    context, pull, push = couple(PULL, PUSH)
    second, third = context.socket(PAIR), context.socket(PAIR)
    second.bind("inproc://b")
    third.connect("inproc://b")
    push.send(b"1", b"2")
    message = Message()
    m = C.byref(message)
    Z.zmq_msg_init(m)
    say(result(Z.zmq_msg_recv(m, pull.handle, 0)), Z.zmq_msg_more(m), result(Z.zmq_msg_send(m, second.handle, 0)), third.none(),
        Z.zmq_msg_more(m), pull.none())


@scenario
def iov():
    class Vector(C.Structure):
        _fields_ = [("base", C.c_void_p), ("size", C.c_size_t)]
    context, pull, push = couple(PULL, PUSH)
    vectors = (Vector * 3)()
    texts = [C.create_string_buffer(text) for text in (b"one", b"", b"three")]
    for vector, text in zip(vectors, texts):
        vector.base, vector.size = C.addressof(text), len(text) - 1
    say(result(Z.zmq_sendiov(push.handle, vectors, C.c_size_t(3), SNDMORE)), pull.recv())
    say(result(Z.zmq_sendiov(push.handle, vectors, C.c_size_t(3), 0)), pull.recv(), pull.none(), pull.none())
    say(result(Z.zmq_sendiov(push.handle, vectors, C.c_size_t(3), SNDMORE)))
    got, count = (Vector * 5)(), C.c_size_t(5)
    say(result(Z.zmq_recviov(pull.handle, got, C.byref(count), 0)), count.value,
        [C.string_at(got[n].base, got[n].size) if got[n].size else b"" for n in range(count.value)])
    say(result(Z.zmq_recviov(pull.handle, got, C.byref(count), DONTWAIT)), count.value)
    Z.zmq_sendiov(push.handle, vectors, C.c_size_t(3), SNDMORE)
    count = C.c_size_t(2)
    say(result(Z.zmq_recviov(pull.handle, got, C.byref(count), DONTWAIT)), count.value, pull.none())


# Polling ---------------------------------------------------------------------------------------------


def ready(fd, limit=0):
    """Whether ZMQ_FD says something."""
    import select
    return bool(select.select([fd], [], [], limit)[0])


@scenario
def poll_calls():
    context, pull, push = couple(PULL, PUSH)
    say(result(Z.zmq_poll(None, 0, C.c_long(0))), result(Z.zmq_poll(None, 0, C.c_long(5))), result(Z.zmq_poll(None, 1, C.c_long(0))),
        result(Z.zmq_poll(None, -1, C.c_long(0))))
    read, write = os.pipe()
    items = (Item * 4)(Item(pull.handle, 77, IN | OUT, 9), Item(push.handle, 0, IN | OUT, 9), Item(None, read, IN, 9),
                       Item(None, write, OUT, 9))
    say(result(Z.zmq_poll(items, 4, C.c_long(0))), *[item.revents for item in items])
    push.send(b"x")
    os.write(write, b"x")
    say(result(Z.zmq_poll(items, 4, C.c_long(0))), *[item.revents for item in items])
    items[0].events = items[1].events = 0
    say(result(Z.zmq_poll(items, 2, C.c_long(0))), *[item.revents for item in items])
    items = (Item * 2)(Item(None, 9999, IN, 0), Item(None, -1, IN, 0))
    say(result(Z.zmq_poll(items, 1, C.c_long(0))), items[0].revents)
    pair = context.socket(PAIR)
    handle = pair.handle
    pair.close()
    context.shutdown()
    items = (Item * 1)(Item(pull.handle, 0, IN, 0))
    say(result(Z.zmq_poll(items, 1, C.c_long(0))), result(Z.zmq_poll(items, 1, C.c_long(-1))))


@scenario
def fd_inproc():
    for binder, connecter in ((PULL, PUSH), (ROUTER, DEALER), (SUB, PUB), (REP, REQ)):
        context, bound, peer = couple(binder, connecter, **({"b_SUBSCRIBE": b""} if binder == SUB else {}))
        fd = bound.get("FD")
        peer.events()
        bound.events()
        say(NAMES[binder], bound.get("FD") == fd, ready(fd), peer.send(b"1"), ready(fd, 1), bound.events(), ready(fd),
            bound.events())
        if binder != REP:
            peer.send(b"2")
        say(len(bound.none()), bound.events())
        if binder == REP:
            bound.send(b"r")
            say(peer.none(), peer.send(b"2"))
        else:
            say(len(bound.none()))
        say(bound.events(), ready(fd))
        if binder != REP:
            say(peer.send(b"3"))
        say(ready(fd, 1), bound.events())
    context, pull, push = couple(PULL, PUSH, b_RCVHWM=1, c_SNDHWM=1)
    fd = push.get("FD")
    say(push.fill(), push.events(), ready(fd), pull.none(), pull.none(), ready(fd, 1), push.events(), push.send(b"x"))


@scenario
def fd_waits_without_losing():
    context, pull, push = couple(PULL, PUSH)
    fd = pull.get("FD")
    missed = 0
    for number in range(300):
        burst = 1 + number % 7
        for _ in range(burst):
            push.send(b"x")
        got = 0
        while got < burst:
            if pull.events() == "I":
                pull.none()
                got += 1
            elif not ready(fd, 1):
                missed += 1
                break
    say("missed", missed)


# Contexts and threads ------------------------------------------------------------------------------------


@scenario
def after_shutdown():
    context, pull, push = couple(PULL, PUSH)
    push.send(b"waits")
    say(context.shutdown(), pull.none(), push.send(b"x"), pull.events(), pull.get("TYPE"), pull.get("RCVMORE"), pull.get("FD"),
        pull.set("LINGER", 0), pull.get("LINGER"), pull.bind("inproc://n"), pull.connect("inproc://n"), pull.unbind(),
        push.disconnect(), pull.wait(IN, 0), result(Z.zmq_socket_monitor(pull.handle, b"inproc://m", 65535)),
        pull.last(), result(Z.zmq_socket_monitor(pull.handle, None, 0)), context.get(2), context.set(2, 10), context.get(1))
    say(pull.close(), push.close(), context.term())


@scenario
def term_wakes():
    for action in ("recv", "send", "poll", "proxy"):
        context = Context()
        socket = context.socket(DEALER)
        answer = []

        def run():
            if action == "recv":
                answer.append(result(Z.zmq_recv(socket.handle, None, C.c_size_t(0), 0)))
            elif action == "send":
                answer.append(socket.send(b"x", flags=0))
            elif action == "poll":
                answer.append(socket.wait(IN, -1))
            else:
                answer.append(result(Z.zmq_proxy(socket.handle, socket.handle, None)))
            answer.append(socket.close())
        thread = threading.Thread(target=run)
        thread.start()
        time.sleep(0.1)
        say(action, context.term(), *answer)
        thread.join()


@scenario
def term_with_pending_connects():
    context = Context()
    sockets = [context.socket(kind, LINGER=0) for kind in range(11)]
    for socket in sockets:
        say(socket.connect("inproc://nobody"))
    sockets[PUSH].send(b"x")
    for socket in sockets:
        socket.close()
    say(context.term())
    context = Context()
    socket = context.socket(PAIR)
    say(socket.connect("inproc://nobody"), socket.send(b"x"), socket.close(), context.term())


@scenario
def max_sockets():
    context = Context()
    say(context.set(2, 3))
    sockets = [context.socket(PAIR) for _ in range(5)]
    say(*[socket.failed for socket in sockets])
    say(context.set(2, 9), context.socket(PAIR).failed)
    sockets[0].close()
    say(until(lambda: context.socket(PAIR).failed is None), context.socket(PAIR).failed)
    context = Context()
    context.set(2, 2)
    one = context.socket(PAIR)
    say(result(Z.zmq_socket_monitor(one.handle, b"inproc://m", 65535)), context.socket(PAIR).failed)


@scenario
def io_threads_zero():
    context = Context()
    context.set(1, 0)
    one, two = context.socket(PAIR), context.socket(PAIR)
    say(one.bind(), two.connect(), one.send(b"x"), two.recv())


@scenario
def blocky_and_ipv6():
    context = Context()
    say(context.set(70, 0), context.socket(PUSH).get("LINGER"), context.set(42, 1), context.socket(PUSH).get(42),
        context.socket(PUSH).get(31), context.set(70, 1), context.socket(PUSH).get("LINGER"))


@scenario
def timeouts():
    context, pull, push = couple(PULL, PUSH, b_RCVTIMEO=50, c_SNDTIMEO=50, b_RCVHWM=1, c_SNDHWM=1)
    say(result(Z.zmq_recv(pull.handle, None, C.c_size_t(0), 0)), push.fill(), push.send(b"x", flags=0), pull.set("RCVTIMEO", 0),
        pull.drain(), result(Z.zmq_recv(pull.handle, None, C.c_size_t(0), 0)))
    router = context.socket(ROUTER, SNDTIMEO=50, MANDATORY=1)
    say(router.send(b"x", b"y", flags=0))
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    pair = context.socket(PAIR)
    say(result(Z.zmq_recv(pair.handle, None, C.c_size_t(0), 0)))
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    say(pair.send(b"x", flags=0))
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    say(pair.wait(IN, -1))


# Proxies -----------------------------------------------------------------------------------------------------


@scenario
def proxies():
    for front, back, client, server in ((ROUTER, DEALER, REQ, REP), (XSUB, XPUB, PUB, SUB), (PULL, PUSH, PUSH, PULL)):
        context = Context()
        sides = [context.socket(kind, LINGER=0) for kind in (front, back, PAIR)]
        for name, side in zip("fbc", sides):
            side.bind(f"inproc://{name}")
        one, two, capture = (context.socket(kind, LINGER=0) for kind in (client, server, PAIR))
        if server == SUB:
            two.set("SUBSCRIBE", b"")
        one.connect("inproc://f")
        two.connect("inproc://b")
        capture.connect("inproc://c")
        answer = []

        def run():
            answer.append(result(Z.zmq_proxy(*[side.handle for side in sides])))
            answer.extend(side.close() for side in sides)
        thread = threading.Thread(target=run)
        thread.start()
        if server == SUB:
            say(capture.recv())
        say(NAMES[front], one.send(b"m", b"n", flags=0), two.recv(), short(capture.recv()))
        if client == REQ:
            say(two.send(b"reply", flags=0), one.recv(), short(capture.recv()))
        for socket in (one, two, capture):
            socket.close()
        say(context.term())
        thread.join()
        say(*answer)


@scenario
def steerable():
    for kind, driver in ((PAIR, PAIR), (REP, REQ), (PULL, PUSH)):
        context = Context()
        sides = [context.socket(one, LINGER=0) for one in (ROUTER, DEALER, kind)]
        for name, side in zip("fbc", sides):
            side.bind(f"inproc://{name}")
        one, two, control = (context.socket(k, LINGER=0) for k in (DEALER, DEALER, driver))
        one.connect("inproc://f")
        two.connect("inproc://b")
        control.connect("inproc://c")
        answer = []
        thread = threading.Thread(target=lambda: answer.append(result(Z.zmq_proxy_steerable(
            sides[0].handle, sides[1].handle, None, sides[2].handle))))
        thread.start()
        say(NAMES[kind], one.send(b"123"), short(two.recv()))
        for command in () if driver == REQ else ("PAUSE", "RESUME"):
            say(command, control.send(command.encode(), flags=0), control.recv(limit=500) if driver == REQ else "")
        if driver != PUSH:
            say(control.send(b"STATISTICS", flags=0), [struct.unpack("Q", part)[0] if len(part) == 8 else part
                                                      for part in control.recv()])
        say(control.send(b"TERMINATE", flags=0))
        thread.join(5)
        say(*answer, control.recv(limit=300) if driver == REQ else "")


# Monitors -------------------------------------------------------------------------------------------------------

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
    import socket as raw
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
    import socket as raw
    context = Context()
    stream = context.socket(STREAM, LINGER=0)
    watch = Monitor(context, stream)
    stream.bind("tcp://127.0.0.1:*")
    names = {stream.last(): "E"}
    host, port = stream.last()[6:].split(":")
    with raw.create_connection((host, int(port))):
        say(watch.events("ACCEPTED", names), short(stream.recv()))
    say(short(stream.recv()), watch.events("DISCONNECTED", names), watch.events(None, names, 200))


# STREAM -----------------------------------------------------------------------------------------------------------


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
    import socket as raw
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
    import socket as raw
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


# Endpoints -------------------------------------------------------------------------------------------------------


@scenario
def endpoints_tcp():
    context = Context()
    pull, push = context.socket(PULL, LINGER=0), context.socket(PUSH, LINGER=0)
    say(pull.bind("tcp://127.0.0.1:*"))
    endpoint = pull.last()
    port = endpoint.split(":")[-1]
    say(pull.unbind("tcp://127.0.0.1:*"), push.connect(f"tcp://localhost:{port}"), push.last() == f"tcp://localhost:{port}",
        push.send(b"1", flags=0), pull.recv(), push.disconnect(f"tcp://127.0.0.1:{port}"), push.disconnect(f"tcp://localhost:{port}"))
    say(context.socket(PULL).bind(endpoint), pull.bind(endpoint), pull.unbind(endpoint), pull.unbind(endpoint), until(lambda: pull.bind(endpoint) == 0),
        pull.last() == endpoint)
    say(pull.bind("tcp://*:*"), pull.last().rsplit(":", 1)[0], pull.bind("tcp://lo:*"), pull.last().rsplit(":", 1)[0],
        pull.bind("tcp://0.0.0.0:0"), pull.last().rsplit(":", 1)[0], pull.bind("tcp://localhost:*"),
        pull.last().rsplit(":", 1)[0], pull.bind("tcp://0x7f000001:*"), pull.last().rsplit(":", 1)[0])
    say(push.connect(f"tcp://127.0.0.1:{port}"), push.connect(f"tcp://127.0.0.1:{port}"), push.disconnect(f"tcp://127.0.0.1:{port}"),
        push.disconnect(f"tcp://127.0.0.1:{port}"))
    say(push.connect("tcp://127.0.0.1:1"), push.unbind("tcp://127.0.0.1:1"), pull.disconnect(endpoint), pull.last() == endpoint)


@scenario
def endpoints_ipc():
    os.chdir("/tmp")
    context = Context()
    pull, push = context.socket(PULL, LINGER=0), context.socket(PUSH, LINGER=0)
    for path in ("/tmp/scenario-a", "scenario-b", "@scenario-c"):
        say(path, pull.bind(f"ipc://{path}"), pull.last(), push.connect(f"ipc://{path}"), push.last(), push.send(b"x", flags=0), pull.recv(),
            pull.unbind(f"ipc://{path}"), os.path.exists(path), pull.unbind(f"ipc://{path}"), push.disconnect(f"ipc://{path}"))
    say(pull.bind("ipc:///tmp/scenario-a"), context.socket(PULL).bind("ipc://@scenario-c"), pull.bind("ipc://@scenario-c"), pull.bind("ipc://*"), pull.last()[:6], pull.close())


@scenario
def tcp_hwm_and_linger():
    context, (pull, endpoint) = tcp(PULL)
    push = context.socket(PUSH, IMMEDIATE=1, LINGER=0)
    say(push.connect("tcp://127.0.0.1:1"), push.events(), push.send(b"x"), push.wait(OUT, 100))
    say(push.connect(endpoint), push.wait(OUT), push.send(b"x"), pull.recv())
    other = context.socket(PUSH, SNDHWM=3, LINGER=0)
    say(other.connect("tcp://127.0.0.1:1"), other.events(), other.fill(), other.events())
    last = context.socket(PUSH)
    say(last.connect(endpoint), [last.send(b"%d" % n) for n in range(5)], last.close(), [pull.recv() for _ in range(5)])
    say(pull.close(), push.close(), other.close(), context.term())


@scenario
def tcp_ids():
    context, (router, endpoint) = tcp(ROUTER)
    for name in (b"x", b"x" * 255, b"\0zero"):
        dealer = context.socket(DEALER, LINGER=0, ROUTING_ID=name)
        say(dealer.connect(endpoint), dealer.send(b"1"), short(router.recv(limit=500)) == [name, b"1"], dealer.get("ROUTING_ID") == name)
        dealer.close()


@scenario
def threads_close():
    context, pull, push = couple(PULL, PUSH)
    done = []
    thread = threading.Thread(target=lambda: done.append(push.close()))
    thread.start()
    thread.join()
    say(*done, pull.none(), pull.close(), context.term())


@scenario
def helpers():
    say(*[result(Z.zmq_has(name)) for name in (b"ipc", b"draft", b"vmci", b"xx", b"")])
    for number in (1, 4, 11, 22, 156384763, 156384764, 156384765, 156384766, 156384717, 0, 99999):
        say(C.string_at(Z.zmq_strerror(number)))
    out = C.create_string_buffer(100)
    Z.zmq_z85_encode.restype = Z.zmq_z85_decode.restype = C.c_void_p
    say(Z.zmq_z85_encode(out, b"abc", C.c_size_t(3)), error(), C.string_at(Z.zmq_z85_encode(out, b"abcd", C.c_size_t(4))),
        Z.zmq_z85_decode(out, b"abc"), error(), Z.zmq_z85_decode(out, b"~~~~~"), error())
    counter = C.c_void_p(C.cast(Z.zmq_atomic_counter_new, C.CFUNCTYPE(C.c_void_p))())
    say(Z.zmq_atomic_counter_inc(counter), Z.zmq_atomic_counter_value(counter), Z.zmq_atomic_counter_dec(counter))
    timers = C.c_void_p(Z.zmq_timers_new())
    Z.zmq_timers_timeout.restype = C.c_long
    say(result(Z.zmq_timers_timeout(timers)), result(Z.zmq_timers_add(timers, C.c_size_t(5), None, None)),
        result(Z.zmq_timers_cancel(timers, 5)), result(Z.zmq_timers_execute(timers)), result(Z.zmq_timers_execute(None)),
        result(Z.zmq_timers_cancel(None, 1)), result(Z.zmq_timers_reset(timers, 3)), result(Z.zmq_timers_set_interval(timers, 3, C.c_size_t(1))))


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
    import socket as raw
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


def isolate(function):
    """In a process of its own."""
    print(function.__name__, flush=True)
    pid = os.fork()
    if not pid:
        signal.alarm(LIMIT)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        code = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2) if not os.environ.get("DEBUG") else None
        try:
            function()
            code = 0
        except BaseException as exception:      # pylint: disable=broad-except
            say("exception", repr(exception))
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        say("killed by", signal.Signals(os.WTERMSIG(status)).name)


def main():
    """All, or those named."""
    names = sys.argv[1:]
    for function in SCENARIOS:
        if not names or any(name in function.__name__ for name in names):
            isolate(function)


if __name__ == "__main__":
    main()
