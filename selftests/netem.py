#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Bad networks: two namespaces, and between them loss, duplicates, reordering, damage, partition.

Messages are numbered and hashed.  AF_ZMQ_MESSAGES is how many a pattern sends.
"""

import ctypes
import glob
import hashlib
import os
import random
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
# pylint: disable=wrong-import-position
import tap
from peers import Kernel, counters
from tap import LIMIT, SLOW, Skip, test, until

MESSAGES = int(os.environ.get("AF_ZMQ_MESSAGES", "1000"))
SIZES = (0, 0, 0, 50, 500, 3000, 20000)
WEATHER = ("loss 2%", "duplicate 20%", "delay 2ms reorder 25% 50%", "corrupt 1%",
           "delay 3ms 2ms loss 1% duplicate 5% corrupt 1%")
SERVER, CLIENT, MOVED = "10.99.0.1", "10.99.0.2", "10.99.0.3"
NAMES = {SERVER: "zmqa", CLIENT: "zmqb"}
LIBC = ctypes.CDLL(None, use_errno=True)


def load(module):
    """A module of the running kernel, from where vm/ keeps it; it may be built in."""
    roots = ["/"] + glob.glob(os.path.expanduser(f"~/.cache/af_zmq/kernels/{os.uname().release}/root"))
    for root in roots:
        subprocess.run(["modprobe", "-d", root, module], check=False, stderr=subprocess.DEVNULL)


def quiet(command):
    """Whether a command works."""
    return not subprocess.run(command.split(), check=False, stderr=subprocess.DEVNULL).returncode


def ip(command, where=None):
    """ip(8)."""
    subprocess.run(["ip"] + (["-n", NAMES[where]] if where else []) + command.split(), check=True)


def enter(where):
    """This thread is in that namespace."""
    with open(f"/run/netns/{NAMES[where]}", encoding="ascii") as file:
        assert not LIBC.setns(file.fileno(), 0x40000000), os.strerror(ctypes.get_errno())


def weather(kind):
    """What the network does from now on, in both directions."""
    for name in NAMES.values():
        subprocess.run(["tc", "-n", name, "qdisc", "replace", "dev", "veth", "root", "netem",
                        "limit", "100000"] + kind.split(), check=True)


def setup():
    """The namespaces; whether the kernel can do this."""
    for module in ("veth", "sch_netem"):
        load(module)
    for name in NAMES.values():
        ip(f"netns add {name}")
    if not quiet("ip link add veth netns zmqa type veth peer name veth netns zmqb") or \
       not quiet("tc -n zmqa qdisc replace dev veth root netem delay 0ms"):
        return False
    for address in NAMES:
        ip("link set lo up", address)
        ip(f"addr add {address}/24 dev veth", address)
        ip("link set veth up", address)
    return True


READY = setup()


class Pair:
    """A socket that binds in one namespace, one that connects in the other."""

    def __init__(self, server, client, **options):
        if not READY:
            raise Skip("needs veth and sch_netem")
        weather("delay 0ms")
        enter(SERVER)
        self.server = Kernel(server)
        enter(CLIENT)
        self.client = Kernel(client)
        for sock in (self.server, self.client):
            for name in ("SNDTIMEO", "RCVTIMEO"):
                sock.set(name, 3 * LIMIT * 1000)
            for name, value in options.items():
                sock.set(name, value)
        if client == "SUB":
            self.client.set("SUBSCRIBE", b"")
        self.client.connect(self.server.bind(f"tcp://{SERVER}:*"))
        assert until(lambda: self.server.peers() == 1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.close()
        self.server.close()
        weather("delay 0ms")


def make(number):
    """A message: number, hash, body."""
    rng = random.Random(number)
    body = number.to_bytes(8, "big") + rng.randbytes(rng.choice(SIZES))
    return hashlib.sha1(body).digest() + body


def number_of(message):
    """Its number; it must be undamaged."""
    assert hashlib.sha1(message[20:]).digest() == message[:20], "damaged"
    return int.from_bytes(message[20:28], "big")


def background(work):
    """Runs in a thread; join() raises what it raised."""
    errors = []

    def run():
        try:
            work()
        except Exception as error:      # pylint: disable=broad-except
            errors.append(error)

    def join():
        thread.join(LIMIT * 6)
        assert not thread.is_alive(), "still running"
        if errors:
            raise errors[0]
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return join


def stream(sender, receiver, first, count):
    """One way: all arrive, in order, undamaged."""
    join = background(lambda: [sender.send(make(n)) for n in range(first, first + count)])
    for n in range(first, first + count):
        got = number_of(receiver.recv()[-1])
        assert got == n, f"{got} instead of {n}"
    join()


def echo(client, server, first, count):
    """Requests and replies: each of them once, in order."""
    def serve():
        for n in range(first, first + count):
            parts = server.recv()
            assert number_of(parts[-1]) == n, n
            server.send(*parts[:-1], make(n + 1))
    join = background(serve)
    for n in range(first, first + count):
        client.send(make(n))
        assert number_of(client.recv()[-1]) == n + 1, n
    join()


def window(client, server, first, count):
    """Many requests at a time: replies in order."""
    def serve():
        for n in range(first, first + count):
            parts = server.recv()
            assert number_of(parts[-1]) == n, n
            server.send(*parts)
    join = background(serve)
    send = background(lambda: [client.send(make(n)) for n in range(first, first + count)])
    for n in range(first, first + count):
        assert number_of(client.recv()[-1]) == n, n
    send()
    join()


def through(run, server, client, swap=False, **options):
    """All kinds of weather on one connection."""
    each = max(MESSAGES // len(WEATHER), 1)
    with Pair(server, client, **options) as pair:
        before = counters()
        for number, kind in enumerate(WEATHER):
            weather(kind)
            begin = time.monotonic()
            run(*((pair.server, pair.client) if swap else (pair.client, pair.server)),
                number * each, each)
            print(f"# {server}/{client} {kind}: {each} in {time.monotonic() - begin:.1f} s", flush=True)
        assert counters()["handshakes"] == before["handshakes"], "reconnected"


@test
def push_pull():
    """Nothing is lost, doubled, damaged or out of order."""
    through(stream, "PULL", "PUSH")


@test
def req_rep():
    """The same."""
    through(echo, "REP", "REQ")


@test
def dealer_router():
    """The same."""
    through(window, "ROUTER", "DEALER")


@test
def pub_sub():
    """Without marks nothing is lost."""
    through(stream, "PUB", "SUB", swap=True, SNDHWM=0, RCVHWM=0)


@test
def partition_without_reconnect():
    """No heartbeats: after a while without network everything arrives."""
    with Pair("PULL", "PUSH") as pair:
        before = counters()
        for turn in range(2):
            first = turn * 300
            stream(pair.client, pair.server, first, 100)
            join = background(lambda: [pair.client.send(make(n))        # pylint: disable=cell-var-from-loop
                                       for n in range(first + 100, first + 300)])
            weather("loss 100%")
            # What is under way already may still come.
            got = []
            pair.server.set("RCVTIMEO", 300 * SLOW)
            try:
                while True:
                    got.append(number_of(pair.server.recv()[-1]))
            except TimeoutError:
                pass
            pair.server.set("RCVTIMEO", 3 * LIMIT * 1000)
            weather("delay 0ms")
            while len(got) < 200:
                got.append(number_of(pair.server.recv()[-1]))
            assert got == list(range(first + 100, first + 300)), got
            join()
        assert counters()["handshakes"] == before["handshakes"], "reconnected"


def reconnects(change, restore):
    """
    A connection ends by its heartbeats, a new one begins: what was under way may be lost, what
    arrives is in order and there once; what is sent afterwards arrives.
    """
    with Pair("PULL", "PUSH", HEARTBEAT_IVL=100 * SLOW, HEARTBEAT_TIMEOUT=400 * SLOW,
              RECONNECT_IVL=20) as pair:
        stream(pair.client, pair.server, 0, 50)
        before = counters()["handshakes"]
        begin = time.monotonic()
        change()
        changed = time.monotonic()
        for n in range(50, 60):
            pair.client.send(make(n))
        # A new connection may be there before the server finds the old one dead.
        assert until(lambda: not pair.server.peers() or counters()["handshakes"] > before)
        end = time.monotonic()
        # The change itself takes some time, and is there at any moment of it.
        assert end - begin > .3 * SLOW and end - changed < 1.5 * SLOW, (end - begin, end - changed)
        print(f"# dead after {end - changed:.2f} to {end - begin:.2f} s", flush=True)
        if restore:
            restore()
        assert until(lambda: counters()["handshakes"] > before and pair.server.peers() == 1)
        join = background(lambda: [pair.client.send(make(n)) for n in range(60, 160)])
        got = []
        while not got or got[-1] < 159:
            got.append(number_of(pair.server.recv()[-1]))
        join()
        assert got == sorted(set(got)), got
        assert got[-100:] == list(range(60, 160)), got


@test
def partition_and_heartbeats():
    """The dead peer is detected in time."""
    reconnects(lambda: weather("loss 100%"), lambda: weather("delay 0ms"))


@test
def address_change():
    """The connecting side has another address."""
    def move():
        ip(f"addr add {MOVED}/24 dev veth", CLIENT)
        ip(f"addr del {CLIENT}/24 dev veth", CLIENT)
        # Deleting the first deletes those of its network as well.
        subprocess.run(["ip", "-n", NAMES[CLIENT], "addr", "replace", f"{MOVED}/24", "dev", "veth"],
                       check=True)
    reconnects(move, None)


@test
def publisher_drops_at_its_mark():
    """Across a partition only what is beyond the marks is lost; the order is kept."""
    with Pair("PUB", "SUB", SNDHWM=20, RCVHWM=20) as pair:
        count = max(MESSAGES, 300)
        weather("loss 100%")
        for n in range(count):
            pair.server.send(make(n))
        weather("delay 0ms")
        got = []
        end = count
        # One more at a time, until one of them is there.
        while not got or got[-1] < count:
            pair.server.send(make(end))
            end += 1
            until(lambda: (got.append(number_of(message[-1])) if (message := pair.client.recv(False))
                           else True), .05)
        print(f"# {len(got)} of {end} received", flush=True)
        assert got == sorted(set(got)), got
        assert got[:20] == list(range(20)), got
        assert len(got) < count, "no mark"


if __name__ == "__main__":
    tap.run()
