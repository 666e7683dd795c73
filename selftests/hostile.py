#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Peers that mean harm: floods, claims, silence, and random well-formed nonsense.

Each is bounded by a documented limit and counted, and a good peer's messages on the
same socket pass meanwhile.  AF_ZMQ_SECONDS, or AF_ZMQ_CONNECTIONS for so many, and
AF_ZMQ_SEED make the random part longer or another one.
"""

import os
import random
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
# pylint: disable=wrong-import-position
import tap
from peers import Counted, Kernel, Raw, counters, listing
from tap import test, until
from zmtp import COMMAND, LONG, MORE, PEERS, command, frame, greeting, hello, ready

SECONDS = int(os.environ.get("AF_ZMQ_SECONDS", "5"))
CONNECTIONS = int(os.environ.get("AF_ZMQ_CONNECTIONS", "0"))
SEED = int(os.environ.get("AF_ZMQ_SEED", "1"))
SYSCTL = "/proc/sys/net/zmq/"
FLOOD = 200000
ENDPOINTS = ("tcp://127.0.0.1:*", "ipc://*")


class Sysctl:
    """Another limit within a block."""

    def __init__(self, name, value):
        self.path = SYSCTL + name
        self.value = value
        self.before = None

    def put(self, value):
        """Sets it."""
        with open(self.path, "w", encoding="ascii") as file:
            file.write(str(value))

    def __enter__(self):
        with open(self.path, encoding="ascii") as file:
            self.before = file.read()
        self.put(self.value)

    def __exit__(self, *_):
        self.put(self.before)


def attacker(endpoint):
    """A raw connection, by tcp or ipc."""
    if endpoint.startswith("tcp://"):
        return Raw(endpoint)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.connect(endpoint[len("ipc://"):].replace("@", "\0", 1))
    return RawUnix(sock)


class RawUnix(Raw):
    """The same by ipc."""

    def __init__(self, sock):       # pylint: disable=super-init-not-called
        self.sock = sock
        self.sock.settimeout(tap.LIMIT)


def greet(endpoint, kind):
    """A raw peer that has completed the handshake."""
    raw = attacker(endpoint).send(hello(kind))
    raw.recv(64)
    raw.recv_frame()
    return raw


def available():
    """Bytes of memory, roughly."""
    with open("/proc/meminfo", encoding="ascii") as file:
        values = {line.split(":")[0]: int(line.split()[1]) for line in file}
    return values["MemAvailable"] << 10


class Victim:
    """A PULL with a good peer."""

    def __init__(self, place=ENDPOINTS[0], **options):
        self.pull = Kernel("PULL")
        for name, value in options.items():
            self.pull.set(name, value)
        self.endpoint = self.pull.bind(place)
        self.push = Kernel("PUSH")
        self.push.connect(self.endpoint)
        self.serial = 0
        self.good()

    def good(self):
        """A message of the good peer; how many of others came before it."""
        self.serial += 1
        mark = b"good %d" % self.serial
        self.push.send(mark)
        others = 0
        while self.pull.recv() != [mark]:
            others += 1
        return others

    def close(self):
        """Both."""
        self.pull.close()
        self.push.close()


def closed_after(raw, data):
    """The peer is sent away for what it says."""
    raw.send(data).rest()
    raw.close()


@test
def slow_handshakes():
    """Hundreds of peers that never finish a greeting."""
    for place in ENDPOINTS:
        victim = Victim(place, HANDSHAKE_IVL=500 * tap.SLOW)
        # The option counts for endpoints that are made after it.
        with Counted(handshake_timeouts=100):
            raws = [attacker(victim.endpoint).send(greeting()[:n % 64]) for n in range(100)]
            assert victim.good() == 0
            for raw in raws:
                raw.rest()
                raw.close()
        victim.close()


@test
def too_many_connections():
    """More than net.zmq.conns_max: refused and counted, those there stay."""
    victim = Victim()
    before = counters()["conn_limit"]
    with Sysctl("conns_max", 20):
        raws = [attacker(victim.endpoint) for _ in range(60)]
        assert until(lambda: counters()["conn_limit"] >= before + 40), counters()
        assert victim.good() == 0
        for raw in raws:
            raw.close()
    assert until(lambda: counters()["connections"] == 2), counters()
    raw = greet(victim.endpoint, b"PUSH").send(frame(b"later"))
    assert victim.pull.recv() == [b"later"]
    raw.close()
    victim.close()


@test
def endless_message():
    """Parts without end: net.zmq.parts_max, nothing is delivered."""
    for place in ENDPOINTS:
        victim = Victim(place)
        before = available()
        with Counted(protocol_errors=1):
            closed_after(greet(victim.endpoint, b"PUSH"), frame(b"", MORE) * 70000)
        assert victim.good() == 0
        victim.close()
        assert until(lambda: before - available() < 16 << 20), before - available()


@test
def empty_messages():
    """A storm of messages of no bytes stops at the mark, and all are there."""
    for place in ENDPOINTS:
        victim = Victim(place, RCVHWM=100)
        raw = greet(victim.endpoint, b"PUSH")
        raw.sock.setblocking(False)
        before = available()
        sent = 0
        data = frame(b"") * FLOOD
        while sent < len(data):
            try:
                sent += raw.sock.send(data[sent:sent + 65536])
            except BlockingIOError:
                break
        assert before - available() < 32 << 20, before - available()
        raw.sock.setblocking(True)
        got = 0
        while sent < len(data) or got < sent // 2:
            if sent < len(data):
                try:
                    sent += raw.sock.send(data[sent:sent + 65536], socket.MSG_DONTWAIT)
                except BlockingIOError:
                    pass
            while victim.pull.recv(wait=False) is not None:
                got += 1
        raw.close()
        assert got + victim.good() == FLOOD, got
        victim.close()


@test
def claims_of_length():
    """Lengths that are announced cost nothing; too long ones the connection."""
    victim = Victim()
    before = available()
    raws = []
    for length in (1 << 30, (1 << 31) - 1):
        for _ in range(50):
            raws.append(greet(victim.endpoint, b"PUSH").send(
                bytes((LONG,)) + length.to_bytes(8, "big") + b"x"))
    assert victim.good() == 0
    assert before - available() < 32 << 20, before - available()
    with Counted(protocol_errors=4):
        for length in (1 << 31, 1 << 62, (1 << 63) - 1, (1 << 64) - 1):
            closed_after(greet(victim.endpoint, b"PUSH"),
                         bytes((LONG,)) + length.to_bytes(8, "big"))
    for flags in (COMMAND | LONG,):
        with Counted(protocol_errors=1):
            closed_after(greet(victim.endpoint, b"PUSH"),
                         bytes((flags,)) + (1 << 30).to_bytes(8, "big"))
    assert victim.good() == 0
    for raw in raws:
        raw.close()
    victim.close()


@test
def pings_unread():
    """Pings whose answers are not read: answers are given up, no memory goes."""
    victim = Victim()
    raw = greet(victim.endpoint, b"PUSH")
    before = available()
    raw.sock.settimeout(2)
    try:
        raw.sock.sendall(command(b"PING", b"\0\0" + b"x" * 16) * (FLOOD // 2))
    except TimeoutError:
        pass
    assert victim.good() == 0
    assert before - available() < 32 << 20, before - available()
    raw.close()
    victim.close()


def publisher():
    """A PUB with a subscriber that gets its messages."""
    pub, sub = Kernel("PUB"), Kernel("SUB")
    sub.set("SUBSCRIBE", b"good")
    endpoint = pub.bind()
    sub.connect(endpoint)
    return pub, sub, endpoint


def published(pub, sub):
    """A message gets through."""
    def once():
        pub.send(b"good")
        return sub.recv(wait=False)
    assert until(once) == [b"good"]


@test
def subscriptions():
    """More than net.zmq.topics_max, or than topic_mem: the peer is sent away."""
    pub, sub, endpoint = publisher()
    published(pub, sub)
    with Sysctl("topics_max", 5000):
        with Counted(protocol_errors=1):
            topics = b"".join(command(b"SUBSCRIBE", b"%08d" % n) for n in range(6000))
            closed_after(greet(endpoint, b"SUB"), topics)
        published(pub, sub)
    # Made before memory is looked at: it is as large.
    topics = b"".join(command(b"SUBSCRIBE", b"%08d" % n + bytes(200)) for n in range(50000))
    before = available()
    with Sysctl("topic_mem", 4 << 20):
        with Counted(protocol_errors=1):
            closed_after(greet(endpoint, b"SUB"), topics)
        published(pub, sub)
    assert until(lambda: before - available() < 16 << 20), before - available()
    with Counted(protocol_errors=1):
        closed_after(greet(endpoint, b"SUB"), command(b"SUBSCRIBE", bytes(1 << 15)))
    published(pub, sub)
    pub.close()
    sub.close()


def time_to_filter(data):
    """Seconds until a SUB without a mark has taken what a publisher sends."""
    sub = Kernel("SUB")
    sub.set("RCVHWM", 0)
    sub.set("SUBSCRIBE", b"yes")
    raw = greet(sub.bind(ENDPOINTS[0]), b"PUB")
    begin = time.monotonic()
    raw.send(data + frame(b"yes, the last"))
    got = 0
    while sub.recv() != [b"yes, the last"]:
        got += 1
    raw.close()
    sub.close()
    assert got == FLOOD // 2, got
    return time.monotonic() - begin


@test
def unwanted_publications():
    """Between wanted ones they cost what they do elsewhere."""
    apart = time_to_filter(frame(b"yes") * (FLOOD // 2) + frame(b"no") * (FLOOD // 2))
    mixed = time_to_filter((frame(b"yes") + frame(b"no")) * (FLOOD // 2))
    assert mixed < 5 * apart + 1, (mixed, apart)


def in_user_namespace(script):
    """What a shell says whose user and network namespaces are its own."""
    return subprocess.run(["setpriv", "--reuid=65534", "--clear-groups", "unshare", "-Urn", "sh",
                           "-c", script], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=False).stdout.split()


@test
def limits_of_namespaces():
    """Who makes a namespace may lower the machine's limits there, not raise them."""
    path = SYSCTL + "conns_max"
    with Sysctl("conns_max", 1000):
        with open("/proc/sys/kernel/unprivileged_userns_clone", "a+", encoding="ascii") as file:
            file.write("1")
        told = in_user_namespace(f"cat {path}; echo 999999 > {path}; cat {path};"
                                 f" echo 10 > {path}; cat {path}")
        assert told == ["1000", "1000", "10"], told
        with open(path, encoding="ascii") as file:
            assert file.read() == "1000\n"


NAMES = (b"READY", b"ERROR", b"PING", b"PONG", b"SUBSCRIBE", b"CANCEL", b"JOIN", b"LEAVE",
         b"HELLO", b"")


def element(rng):
    """Something a peer may say: a frame, a command, a part of one."""
    kind = rng.randrange(12)
    size = rng.choice((0, 1, 2, 16, 255, 256, 2047, 2049, 5000, 40000))
    if kind < 5:
        return frame(rng.randbytes(size), rng.choice((0, 0, MORE)), long=rng.random() < .2)
    if kind < 9:
        return command(rng.choice(NAMES), rng.randbytes(rng.choice((0, 1, 2, 3, 18, 19, 200))))
    if kind == 9:
        return bytes((rng.randrange(256),)) + rng.randbytes(size % 300)
    if kind == 10:
        return bytes((rng.choice((LONG, LONG | MORE, LONG | COMMAND)),)) + \
            rng.choice((1 << 10, 1 << 20, 1 << 31, 1 << 62)).to_bytes(8, "big")
    return ready(rng.choice(tuple(PEERS)).encode(), rng.randbytes(size % 256))


def nonsense(rng, kind):
    """All that a peer says."""
    if rng.random() < .2:
        data = greeting(minor=rng.randrange(3), major=rng.randrange(5)) + element(rng)
    else:
        data = hello(kind)
    data += b"".join(element(rng) for _ in range(rng.randrange(12)))
    if rng.random() < .3:
        at = rng.randrange(len(data))
        data = data[:at] + rng.randbytes(rng.randrange(9)) + data[at + rng.randrange(9):]
    return data


class Target:
    """A socket of some type, and a good peer of it."""

    def __init__(self, kind, place):
        self.kind = kind
        self.sock = Kernel(kind)
        if kind == "SUB":
            self.sock.set("SUBSCRIBE", b"")
        self.sock.set("RCVHWM", 1000)
        self.endpoint = self.sock.bind(place)

    def drain(self, rng):
        """Whatever came is read, and answered now and then."""
        for _ in range(200):
            try:
                got = self.sock.recv(wait=False)
            except OSError:         # not its turn, or it does not receive
                got = None
            if got is None:
                break
        try:
            self.sock.sock.send(b"x" * rng.randrange(3000),
                                socket.MSG_DONTWAIT | rng.choice((0, 0x8000)))
        except OSError:
            pass

    def close(self):
        """Closes."""
        self.sock.close()


@test
def random_peers():
    """Random frames and commands to sockets of every type."""
    rng = random.Random(SEED)
    victim = Victim()
    targets = [Target(kind, place) for kind in PEERS for place in ENDPOINTS]
    end = time.monotonic() + SECONDS * tap.SLOW
    inputs = size = 0
    live = []
    while time.monotonic() < end or inputs < CONNECTIONS:
        target = rng.choice(targets)
        raw = attacker(target.endpoint)
        data = nonsense(rng, rng.choice(PEERS[target.kind]).encode())
        raw.sock.setblocking(False)
        try:
            at = rng.randrange(len(data) + 1)
            raw.sock.send(data[:at])
            target.drain(rng)
            raw.sock.send(data[at:])
        except OSError:
            pass
        inputs += 1
        size += len(data)
        live.append(raw)
        if len(live) > 40:
            live.pop(rng.randrange(len(live))).close()
        target.drain(rng)
        if inputs % 50 == 0:
            assert victim.good() == 0
    print(f"# {inputs} peers, {size} bytes", flush=True)
    for raw in live:
        raw.close()
    for target in targets:
        target.close()
    assert victim.good() == 0
    victim.close()
    assert until(lambda: not listing() and not counters()["connections"]), \
        f"{listing()} {counters()}"


if __name__ == "__main__":
    tap.run()
