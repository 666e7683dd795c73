# SPDX-License-Identifier: GPL-2.0-only
"""Sockets under test, by system calls or of the real libzmq; raw TCP peers."""

import errno
import os
import select
import socket
import struct
import time

from tap import LIMIT, until

SOL_ZMQ = 23117
BIND, CONNECT, UNBIND, STATS, CONNECT_AT = 0x5a01, 0x5a02, 0x5a03, 0x5a07, 0x5a50
MSG_MORE = 0x8000
TYPES = ("PAIR", "PUB", "SUB", "REQ", "REP", "DEALER", "ROUTER", "PULL", "PUSH", "XPUB", "XSUB",
         "STREAM", "SERVER", "CLIENT", "RADIO", "DISH", "GATHER", "SCATTER", "DGRAM", "PEER",
         "CHANNEL")
OPTIONS = {
    "ROUTING_ID": 5, "SUBSCRIBE": 6, "UNSUBSCRIBE": 7, "RCVMORE": 13, "LINGER": 17, "RECONNECT_IVL": 18, "BACKLOG": 19,
    "MAXMSGSIZE": 22, "SNDHWM": 23, "RCVHWM": 24, "RCVTIMEO": 27, "SNDTIMEO": 28, "LAST_ENDPOINT": 32,
    "IPV6": 42, "HANDSHAKE_IVL": 66, "SOCKS_PROXY": 68, "CONNECT_TIMEOUT": 79,
    "SOCKS_USERNAME": 99, "SOCKS_PASSWORD": 100, "RECONNECT_STOP": 109,
    "HEARTBEAT_IVL": 75, "HEARTBEAT_TTL": 76, "HEARTBEAT_TIMEOUT": 77, "METADATA": 95,
}
REAL = os.environ.get("AF_ZMQ_BACKEND") == "libzmq"


def family():
    """The family's number on this machine."""
    try:
        with open("/sys/module/af_zmq/parameters/family", encoding="ascii") as file:
            return int(file.read())
    except OSError:
        return 22


class Kernel:
    """An AF_ZMQ socket by system calls."""

    def __init__(self, name):
        self.sock = socket.socket(family(), socket.SOCK_SEQPACKET, TYPES.index(name))
        self.set("RCVTIMEO", LIMIT * 1000)
        self.set("SNDTIMEO", LIMIT * 1000)
        self.set("LINGER", 0)

    def set(self, name, value):
        """An option by its name."""
        if name == "MAXMSGSIZE":
            value = struct.pack("q", value)
        self.sock.setsockopt(SOL_ZMQ, OPTIONS[name], value)

    def bind(self, endpoint="tcp://127.0.0.1:*"):
        """Where it is bound to."""
        self.sock.setsockopt(SOL_ZMQ, BIND, endpoint.encode())
        return self.sock.getsockopt(SOL_ZMQ, OPTIONS["LAST_ENDPOINT"], 1024)[:-1].decode()

    def connect(self, endpoint):
        """Connects."""
        self.sock.setsockopt(SOL_ZMQ, CONNECT, endpoint.encode())

    def send(self, *parts):
        """A message."""
        for part in parts[:-1]:
            self.sock.send(part, MSG_MORE)
        self.sock.send(parts[-1])

    def recv(self, wait=True):
        """A message, or None if there is none and none is waited for."""
        parts = []
        while True:
            try:
                # recvmsg() is not for families Python does not know.
                part = self.sock.recv(1 << 20, 0 if wait or parts else socket.MSG_DONTWAIT)
            except BlockingIOError:
                if wait:
                    raise TimeoutError("nothing received") from None
                return None
            parts.append(part)
            if not self.sock.getsockopt(SOL_ZMQ, OPTIONS["RCVMORE"]):
                return parts

    def peers(self):
        """Peers attached."""
        return struct.unpack_from("7Q", self.sock.getsockopt(SOL_ZMQ, STATS, 56))[6]

    def close(self):
        """Closes."""
        self.sock.close()


class Libzmq:
    """A socket of the real libzmq."""
    context = None

    def __init__(self, name):
        import zmq      # pylint: disable=import-outside-toplevel
        if Libzmq.context is None:
            Libzmq.context = zmq.Context()
        self.zmq = zmq
        self.sock = Libzmq.context.socket(getattr(zmq, name))
        self.set("RCVTIMEO", LIMIT * 1000)
        self.set("SNDTIMEO", LIMIT * 1000)
        self.set("LINGER", 0)

    def set(self, name, value):
        """An option by its name."""
        self.sock.setsockopt(OPTIONS[name], value)

    def bind(self, endpoint="tcp://127.0.0.1:*"):
        """Where it is bound to."""
        self.sock.bind(endpoint)
        return self.sock.getsockopt(self.zmq.LAST_ENDPOINT).rstrip(b"\0").decode()

    def connect(self, endpoint):
        """Connects."""
        self.sock.connect(endpoint)

    def send(self, *parts):
        """A message."""
        self.sock.send_multipart(parts)

    def recv(self, wait=True):
        """A message, or None if there is none and none is waited for."""
        try:
            return self.sock.recv_multipart(0 if wait else self.zmq.DONTWAIT)
        except self.zmq.Again:
            if wait:
                raise TimeoutError("nothing received") from None
            return None

    def peers(self):
        """It does not tell."""
        return None

    def close(self):
        """Closes."""
        self.sock.close()


def zmq_socket(name, **options):
    """A socket under test."""
    sock = (Libzmq if REAL else Kernel)(name)
    for option, value in options.items():
        sock.set(option, value)
    return sock


def address(endpoint):
    """Of tcp://HOST:PORT."""
    host, _, port = endpoint[len("tcp://"):].rpartition(":")
    return host, int(port)


class Raw:
    """A TCP connection to or from a socket under test."""

    def __init__(self, endpoint=None, sock=None):
        if sock is None:
            sock = socket.create_connection(address(endpoint), LIMIT)
        self.sock = sock
        self.sock.settimeout(LIMIT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def send(self, data):
        """All of it, unless the other side has gone."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def finish(self):
        """Nothing more comes from us."""
        try:
            self.sock.shutdown(socket.SHUT_WR)
        except OSError as error:
            if error.errno != errno.ENOTCONN:
                raise
        return self

    def recv(self, count):
        """Exactly so many bytes."""
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise EOFError(f"{len(data)} bytes of {count}: {data.hex()}")
            data += more
        return data

    def recv_frame(self):
        """Flags and body of a frame."""
        flags = self.recv(1)[0]
        size = int.from_bytes(self.recv(8 if flags & 2 else 1), "big")
        return flags & ~2, self.recv(size)

    def rest(self):
        """Waits for the other side to close; what it has sent until then."""
        data = b""
        while True:
            try:
                more = self.sock.recv(65536)
            except ConnectionResetError:
                return data
            if not more:
                return data
            data += more

    def silent(self, seconds):
        """Is nothing received, and the connection kept, for so long?"""
        return not select.select([self.sock], [], [], seconds)[0]

    def close(self):
        """Closes; unread data makes that a reset."""
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RawListener:
    """Waits for sockets under test to connect."""

    def __init__(self):
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.sock.settimeout(LIMIT)
        self.endpoint = "tcp://127.0.0.1:%d" % self.sock.getsockname()[1]

    def accept(self):
        """The next connection."""
        return Raw(sock=self.sock.accept()[0])

    def close(self):
        """Closes."""
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def counters():
    """/proc/net/zmq_stat."""
    if REAL:
        return {}
    with open("/proc/net/zmq_stat", encoding="ascii") as file:
        return {name: int(value) for name, value in map(str.split, file)}


class Counted:
    """Checks by how much counters go up within a block."""

    def __init__(self, **expected):
        self.expected = expected
        self.before = {}

    def changes(self):
        """Those that are asked for."""
        now = counters()
        return {name: now[name] - self.before[name] for name in self.expected}

    def __enter__(self):
        self.before = counters()
        return self

    def __exit__(self, kind, *_):
        if kind or REAL:
            return
        until(lambda: all(value >= self.expected[name]
                          for name, value in self.changes().items()))
        assert self.changes() == self.expected, f"{self.changes()} instead of {self.expected}"


def listing():
    """Lines of /proc/net/zmq, the heading left out, as lists of words."""
    with open("/proc/net/zmq", encoding="ascii") as file:
        return [line.split() for line in file][1:]


def elapsed(begin):
    """Seconds since then."""
    return time.monotonic() - begin
