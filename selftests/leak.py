#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What stays behind: sockets, connections, memory, references to the module.

Thousands of sockets come and go; /proc/net/zmq, the slabs, the counters of
memory and of sockets in use are as before, and the module cannot be unloaded while
it is needed.
"""

import ctypes
import glob
import os
import resource
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
# pylint: disable=wrong-import-position
import module
import tap
from peers import Kernel, Raw, RawListener, counters, family, listing
from tap import LIMIT, Skip, test, until
from zmtp import MORE, frame, greeting, hello

CYCLES = 1000
# So many sockets with a connection each; kernels with checkers take an hour for 10,000.
CHECKERS = os.environ.get("AF_ZMQ_VM") in ("debug", "kcsan", "uml")
CROWD = int(os.environ.get("AF_ZMQ_CONNECTIONS") or (1000 if CHECKERS else 10000))
CLONE_NEWNET = 0x40000000
CONTEXT = 0x100


def remove():
    """rmmod: its exit code and what it says."""
    done = subprocess.run(["rmmod", "af_zmq"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)
    return done.returncode, done.stdout


def load():
    """insmod again."""
    error = module.load(os.environ["AF_ZMQ_MODULE"])
    assert not error, error


def references():
    """The module's use count."""
    with open("/sys/module/af_zmq/refcnt", encoding="ascii") as file:
        return int(file.read())


# Pages that each processor may keep for itself without telling: SK_MEMORY_PCPU_RESERVE.
UNTOLD = 256 * os.cpu_count()


def protocol_memory():
    """Sockets and pages of the protocol, of /proc/net/protocols."""
    with open("/proc/net/protocols", encoding="ascii") as file:
        for line in file:
            words = line.split()
            if words[0] == "ZMQ":
                return int(words[2]), int(words[3])
    raise AssertionError("no line ZMQ in /proc/net/protocols")


def slabs():
    """Objects in use of the caches that count."""
    result = {}
    # Without the empty slabs that each processor keeps.
    for path in glob.glob("/sys/kernel/slab/zmq_*/shrink") + ["/sys/kernel/slab/ZMQ/shrink"]:
        try:
            with open(path, "w", encoding="ascii") as file:
                file.write("1")
        except OSError:
            pass
    try:
        with open("/proc/slabinfo", encoding="ascii") as file:
            for line in file:
                words = line.split()
                if words[0].startswith("zmq_") or words[0] in ("ZMQ", "ZMQCTX"):
                    result[words[0]] = int(words[1])
    except OSError:
        pass
    return result


def available():
    """Bytes of memory, roughly."""
    with open("/proc/meminfo", encoding="ascii") as file:
        values = {line.split(":")[0]: int(line.split()[1]) for line in file}
    return values["MemAvailable"] << 10


def nothing_left():
    """No socket, connection, reference."""
    return (not listing() and counters()["connections"] == 0 and references() == 0
            and protocol_memory()[0] == 0)


def settle():
    """Waits for that; says what is there if it does not come."""
    if not until(nothing_left):
        raise AssertionError(f"left: {listing()}, connections {counters()['connections']}, "
                             f"references {references()}, memory {protocol_memory()}")
    assert abs(protocol_memory()[1]) <= UNTOLD, f"memory {protocol_memory()}"


def exchange(kind, endpoint="tcp://127.0.0.1:*"):
    """A pair of sockets, messages there and sometimes back."""
    first, second = kind
    server, client = Kernel(second), Kernel(first)
    if second == "SUB":
        server.set("SUBSCRIBE", b"")
    client.connect(server.bind(endpoint))
    if first == "PUB":
        while True:
            client.send(b"Hello")
            if (got := server.recv(wait=False)) is not None:
                assert got == [b"Hello"]
                break
    else:
        client.send(b"Hello", b"y" * 3000)
        assert server.recv()[-2:] == [b"Hello", b"y" * 3000]
    if (first, second) == ("REQ", "REP"):
        server.send(b"World")
        assert client.recv() == [b"World"]
    return server, client


KINDS = (("PUSH", "PULL"), ("REQ", "REP"), ("DEALER", "ROUTER"), ("PUB", "SUB"), ("PAIR", "PAIR"))


@test
def refused_while_open():
    """A socket, a lingering one and a context each keep the module."""
    settle()
    sock = Kernel("PULL")
    code, told = remove()
    assert code and "in use" in told, (code, told)
    sock.close()
    settle()
    context = socket.socket(family(), socket.SOCK_SEQPACKET, CONTEXT)
    code, told = remove()
    assert code and "in use" in told, (code, told)
    context.close()
    settle()


@test
def refused_while_lingering():
    """Messages that wait for their receiver keep it, too, until they are gone."""
    with RawListener() as listener:
        push = Kernel("PUSH")
        push.set("LINGER", 60000)
        push.connect(listener.endpoint)
        push.send(b"late")
        push.close()
        code, told = remove()
        assert code and "in use" in told, (code, told)
        with listener.accept() as raw:
            raw.send(hello(b"PULL")).recv(64)
            raw.recv_frame()
            assert raw.recv_frame() == (0, b"late")
        settle()


@test
def unload_and_load():
    """Between bursts of traffic."""
    for _ in range(5):
        pairs = [exchange(kind) for kind in KINDS]
        for sock in sum(pairs, ()):
            sock.close()
        assert until(lambda: remove()[0] == 0), listing()
        for path in ("/proc/net/zmq", "/proc/net/zmq_stat", "/proc/sys/net/zmq",
                     "/sys/module/af_zmq"):
            assert not os.path.exists(path), path
        try:
            socket.socket(family(), socket.SOCK_SEQPACKET, 0).close()
            raise AssertionError("the family is still there")
        except OSError:
            pass
        load()


@test
def unload_with_peers_calling():
    """Connections come in while it is being unloaded."""
    pull = Kernel("PULL")
    endpoint = pull.bind()
    raws = []
    for data in (b"", b"\xff", greeting(), hello(b"PUSH"), hello(b"PUSH") + frame(b"x", MORE)):
        raws.append(Raw(endpoint).send(data))
    pull.close()
    assert until(lambda: remove()[0] == 0), listing()
    for raw in raws:
        raw.rest()
        raw.close()
    load()


@test
def unload_after_work():
    """Right after the last socket was closed, with its timers and work pending."""
    for _ in range(10):
        server, client = exchange(KINDS[0])
        client.send(b"unread" * 1000)
        server.close()
        client.close()
        assert until(lambda: remove()[0] == 0), listing()
        load()


def sockets_of(number):
    """Sockets in many states; all are closed when this returns."""
    kind = KINDS[number % len(KINDS)]
    place = ("tcp://127.0.0.1:*", "ipc://*", "tcp://127.0.0.1:*")[number % 3]
    server, client = exchange(kind, place)
    if number % 4 == 0:
        idle = Kernel("DEALER")
        idle.connect("tcp://127.0.0.1:9")
        for _ in range(10):
            idle.send(b"for nobody" * 100)
        idle.close()
    if number % 4 == 1:
        with Raw(server.bind()) as raw:
            raw.send(greeting()[:number % 64])
            if kind[1] != "SUB" and number % 8 == 1:
                server.close()
                raw.rest()
    if number % 4 == 2 and kind[0] == "PUSH":
        for _ in range(50):
            client.send(b"not read" * 400)
    if number % 2:
        server.close()
        client.close()
    else:
        client.close()
        server.close()


@test
def cycles():
    """A thousand times sockets, traffic, closing: nothing grows."""
    for number in range(60):        # whatever is made once
        sockets_of(number)
    settle()
    before, memory = slabs(), available()
    for number in range(CYCLES):
        sockets_of(number)
    settle()
    # Slabs are given back in batches and after grace periods.
    assert until(lambda: all(count <= before.get(name, 0) + 64
                             for name, count in slabs().items())), f"{before} {slabs()}"
    lost = memory - available()
    assert lost < 24 << 20, f"{lost >> 10} KiB less than before"


def crowd(endpoint, number):
    """So many sockets connected to one, a message from each; closed when this returns."""
    server = Kernel("PULL")
    server.set("BACKLOG", 4096)
    bound = server.bind(endpoint)
    clients = []
    for i in range(number):
        clients.append(Kernel("PUSH"))
        clients[-1].connect(bound)
        clients[-1].send(b"%d" % i)
    got = {int(server.recv()[0]) for _ in range(number)}
    assert got == set(range(number)), f"{number - len(got)} are missing"
    assert server.peers() == number, server.peers()
    for client in clients:
        client.close()
    server.close()


@test
def crowds():
    """Sockets with a connection each, thousands at once, and nothing of them stays."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (CROWD + 100, max(hard, CROWD + 100)))
    try:
        for endpoint in ("tcp://127.0.0.1:*", "ipc://*"):
            crowd(endpoint, 500)        # whatever is made once
            settle()
            before, memory = slabs(), available()
            crowd(endpoint, CROWD)
            settle()
            assert until(lambda: all(count <= before.get(name, 0) + CROWD // 50
                                     for name, count in slabs().items())), \
                f"{before} {slabs()}"
            # Connections that have ended linger in TCP for a minute.
            assert until(lambda: memory - available() < 64 << 20), \
                f"{endpoint}: {(memory - available()) >> 10} KiB less than before"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@test
def killed_processes():
    """Processes that are killed in the middle of something."""
    settle()
    for number in range(20):
        reader, writer = os.pipe()
        child = os.fork()
        if not child:
            server, client = exchange(KINDS[number % len(KINDS)])
            half = Kernel("PUSH")
            half.connect("tcp://127.0.0.1:9")
            half.sock.send(b"half", 0x8000)
            os.write(writer, b"x")
            time.sleep(LIMIT)
            os._exit(server.peers() + client.peers())   # keeps them until here
        os.read(reader, 1)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reader)
        os.close(writer)
    settle()


@test
def large_messages_freed():
    """Messages nobody received give their memory back."""
    settle()
    for _ in range(10):
        server, client = exchange(KINDS[0])
        for _ in range(8):
            client.send(b"z" * (1 << 20))
        assert until(lambda: protocol_memory()[1] > 1000), protocol_memory()
        server.close()
        client.close()
    settle()


@test
def namespaces():
    """A network namespace with sockets goes when its last process has gone."""
    if os.getuid() or not os.path.exists("/sbin/ip") and not os.path.exists("/bin/ip"):
        raise Skip("needs root and ip")
    libc = ctypes.CDLL(None, use_errno=True)
    for number in range(3):
        ready_in, ready_out = os.pipe()
        go_in, go_out = os.pipe()
        child = os.fork()
        if not child:
            try:
                if libc.unshare(CLONE_NEWNET):
                    os._exit(2)
                subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
                for kind in KINDS:
                    for sock in exchange(kind):
                        sock.close()
                keep = [exchange(kind) for kind in KINDS]
                os.write(ready_out, b"x")
                os.read(go_in, 1)
                os._exit(0 if len(listing()) >= 2 * len(keep) else 3)
            finally:
                os._exit(4)
        assert os.read(ready_in, 1) == b"x"
        # Nothing of it is seen here.
        assert not listing(), listing()
        # One end of this pair vanishes with the namespace, and so the other.
        name = f"zmqtest{number}"
        made = subprocess.run(["ip", "link", "add", name, "type", "veth", "peer", "name",
                               "zmqpeer", "netns", str(child)], check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        os.write(go_out, b"x")
        _, status = os.waitpid(child, 0)
        for end in (ready_in, ready_out, go_in, go_out):
            os.close(end)
        assert status == 0, status
        if made.returncode:
            raise Skip(f"no veth here: {made.stdout.strip()}")
        assert until(lambda name=name: not os.path.exists(f"/sys/class/net/{name}")), \
            "the namespace is still there"
    settle()


if __name__ == "__main__":
    tap.run()
