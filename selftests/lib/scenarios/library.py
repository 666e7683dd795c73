# SPDX-License-Identifier: GPL-2.0-only
"""libzmq by ctypes, so that results and errnos are what C sees, and what scenarios share."""

import ctypes as C
import errno
import os
import struct
import sys
import time

Z = C.CDLL("libzmq.so.5")
for function in "ctx_new socket init msg_data msg_gets strerror timers_new".split():
    getattr(Z, "zmq_" + function).restype = C.c_void_p
Z.zmq_msg_size.restype = C.c_size_t
SCENARIOS = []

PAIR, PUB, SUB, REQ, REP, DEALER, ROUTER, PULL, PUSH, XPUB, XSUB, STREAM = range(12)
NAMES = "PAIR PUB SUB REQ REP DEALER ROUTER PULL PUSH XPUB XSUB STREAM".split()
DONTWAIT, SNDMORE = 1, 2
IN, OUT = 1, 2
FUTEX = 202     # of x86_64
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
    """Whether it becomes true in time, for what cannot be polled."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.005)
    return False


def asleep(thread):
    """Whether a thread sleeps in a system call; a futex is Python's own."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/syscall", encoding="ascii") as file:
            call = file.read().split()[0]
    except (OSError, IndexError):
        return False
    return call.isdigit() and int(call) != FUTEX


def tcp(*binders, **options):
    """Bound sockets on loopback, with their endpoints."""
    context = Context()
    bound = [context.socket(kind, **options) for kind in binders]
    for one in bound:
        one.bind("tcp://127.0.0.1:*")
    return (context, *[(one, one.last()) for one in bound])


def short(parts):
    """Ids that a socket made up have no value of interest."""
    if isinstance(parts, list):
        return [f"<{len(part)}>" if len(part) == 5 and part[0] == 0 else part for part in parts]
    return parts
