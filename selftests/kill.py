#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Parties that are killed, endpoints that come and go, namespaces that end, under traffic.

AF_ZMQ_ROUNDS makes it longer, AF_ZMQ_SEED another run.
"""

import ctypes
import os
import random
import resource
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
# pylint: disable=wrong-import-position
import tap
from peers import Kernel, counters, listing
from tap import test, until

ROUNDS = int(os.environ.get("AF_ZMQ_ROUNDS", "60"))
SEED = int(os.environ.get("AF_ZMQ_SEED", "1"))
CLONE_NEWNET = 0x40000000
DELETE_MODULE = 176 if os.uname().machine == "x86_64" else 106
LIBC = ctypes.CDLL(None, use_errno=True)
OBJECTS = "/sys/kernel/debug/zmq/objects"
KINDS = (("PUSH", "PULL"), ("REQ", "REP"), ("DEALER", "ROUTER"), ("PUB", "SUB"), ("PAIR", "PAIR"))
BODIES = (b"", b"x" * 10, b"y" * 3000, b"z" * 200000)


def objects():
    """How many objects there are in the whole kernel."""
    if not os.path.exists(OBJECTS):
        os.system("mount -t debugfs none /sys/kernel/debug")
    with open(OBJECTS, encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file)


def nothing_left():
    """No object of ours."""
    return not listing() and not counters()["connections"] and not objects()


def settle():
    """Waits for that."""
    if not until(nothing_left):
        raise AssertionError(f"left: {listing()}, {counters()}, {objects()} objects")


def busy(kind, endpoint, bind, seed):
    """Sends and receives until it is killed."""
    rng = random.Random(seed)
    sock = Kernel(kind)
    if kind == "SUB":
        sock.set("SUBSCRIBE", b"")
    for name in ("RCVTIMEO", "SNDTIMEO", "RECONNECT_IVL"):
        sock.set(name, 5)
    # The one before may not be gone yet.
    until(lambda: not fails(sock.bind if bind else sock.connect, endpoint))
    while True:
        try:
            if rng.random() < .5:
                sock.sock.send(rng.choice(BODIES), rng.choice((0, 0, 0x8000)))
            else:
                sock.sock.recv(1 << 20)
        except OSError:
            # Not all the processor: this is one of many.
            time.sleep(.001)


def spawn(work, *args):
    """A child that runs this."""
    pid = os.fork()
    if pid:
        return pid
    try:
        LIBC.prctl(1, signal.SIGKILL)      # ends with its parent
        os.nice(5)                         # who kills comes first
        work(*args)
    finally:
        os._exit(1)


def kill(pid):
    """SIGKILL, and waits for the end."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


@test
def parties():
    """Each is killed again and again; the module cannot go meanwhile."""
    settle()
    rng = random.Random(SEED)
    places = ("tcp://127.0.0.1:21999", "ipc://@af_zmq.kill", "ipc:///tmp/af_zmq.kill")
    parts = []
    for number, kind in enumerate(KINDS):
        endpoint = places[number % 3] + (str(number) if number % 3 else "")
        endpoint = endpoint.replace("21999", str(21990 + number))
        parts += [(kind[1], endpoint, True), (kind[0], endpoint, False),
                  (kind[0], endpoint, False)]
    pids = [spawn(busy, *part, SEED) for part in parts]
    handshakes = counters()["handshakes"]
    for number in range(ROUNDS):
        i = rng.randrange(len(parts))
        kill(pids[i])
        pids[i] = spawn(busy, *parts[i], SEED + number)
        if number % 10 == 0:
            print(f"# round {number}", flush=True)
            before = counters()["handshakes"]
            assert until(lambda: counters()["handshakes"] > before), counters()
        assert LIBC.syscall(DELETE_MODULE, b"af_zmq", os.O_NONBLOCK) < 0, "it went"
    print(f"# {ROUNDS} killed, rmmod refused each time, {counters()['handshakes'] - handshakes} handshakes", flush=True)
    for pid in pids:
        kill(pid)
    settle()


@test
def endpoints():
    """bind, connect, disconnect, unbind, close while others send."""
    pids = []
    for number in range(2):
        pids.append(spawn(busy, "PUSH", f"tcp://127.0.0.1:{21900 + number}", False, number))
        pids.append(spawn(busy, "PULL", f"ipc://@af_zmq.ends{number}", True, number))
    for number in range(ROUNDS):
        pull, push = Kernel("PULL"), Kernel("PUSH")
        assert until(lambda: not fails(pull.bind, f"tcp://127.0.0.1:{21900 + number % 2}"))
        place = f"ipc://@af_zmq.ends{number % 2}"
        push.connect(place)
        push.sock.send(BODIES[number % 4])
        assert pull.recv()
        if number % 3 == 0:
            push.sock.setsockopt(23117, 0x5a04, place.encode())
            pull.sock.setsockopt(23117, 0x5a03, f"tcp://127.0.0.1:{21900 + number % 2}".encode())
        pull.close()
        push.close()
    for pid in pids:
        kill(pid)
    settle()


def fails(call, *args):
    """Does it raise?"""
    try:
        call(*args)
        return False
    except OSError:
        return True


def in_namespace(seed):
    """Traffic in a network namespace of its own."""
    if LIBC.unshare(CLONE_NEWNET):
        os._exit(1)
    os.system("ip link set lo up")
    for number, kind in enumerate(KINDS):
        for place in (f"tcp://127.0.0.1:{21800 + number}", f"ipc://@af_zmq.netns{number}"):
            spawn(busy, kind[0], place, False, seed)
            spawn(busy, kind[1], place, True, seed)
    signal.pause()


def namespaces():
    """Network namespaces there are, as their slab cache counts; None: unknown."""
    try:
        # Processors keep pages of it, whose free objects would count.
        with open("/sys/kernel/slab/net_namespace/shrink", "w", encoding="ascii") as file:
            file.write("1")
        with open("/sys/kernel/slab/net_namespace/objects", encoding="ascii") as file:
            return int(file.read().split()[0])
    except OSError:
        return None


@test
def namespace_under_load():
    """A namespace whose processes are killed is gone with all that was in it."""
    settle()
    # The kernel keeps the last one that was.
    subprocess.run(["unshare", "-n", "true"], check=True)
    before = namespaces()
    for number in range(max(ROUNDS // 20, 1)):
        made = int(open(OBJECTS, encoding="ascii").read().split()[2])
        pid = os.fork()
        if not pid:
            os.setpgid(0, 0)
            in_namespace(SEED + number)
            os._exit(1)
        assert until(lambda: int(open(OBJECTS, encoding="ascii").read().split()[2])
                     >= made + 4 * len(KINDS))
        os.killpg(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        settle()
    assert before is None or until(lambda: namespaces() <= before), namespaces()


@test
def descriptors():
    """RLIMIT_NOFILE: EMFILE, and what there is works on; connections count nowhere."""
    pull, push = Kernel("PULL"), Kernel("PUSH")
    endpoint = pull.bind()
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (push.sock.fileno() + 1, before[1]))
    try:
        socket.socket(pull.sock.family, socket.SOCK_SEQPACKET, 0)
        raise AssertionError("one more")
    except OSError as error:
        assert error.errno == 24, error
    push.connect(endpoint)
    push.send(b"still")
    assert pull.recv() == [b"still"]
    resource.setrlimit(resource.RLIMIT_NOFILE, before)
    pull.close()
    push.close()
    settle()


if __name__ == "__main__":
    if tap.SLOW > 1:
        ROUNDS //= 3
    tap.run()
