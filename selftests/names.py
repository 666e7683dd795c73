#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Host names of endpoints: addresses given, looked up, changing.

Names are looked up by the kernel's DNS resolver, which runs key.dns_resolver, which reads
/etc/hosts.  So this changes that file, and is for virtual machines.
"""

import contextlib
import ctypes
import errno
import os
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "lib"))
# pylint: disable=wrong-import-position
import tap
from peers import CONNECT_AT, SOL_ZMQ, zmq_socket
from tap import Skip, test, until

HOSTS = "/etc/hosts"
NAME = "peer.af-zmq.test"
MODULE = os.path.join(os.path.dirname(os.environ.get("AF_ZMQ_MODULE", "")), "af_zmq_dns.ko")


def connect_at(sock, endpoint, addresses):
    """Connects to a name whose addresses the caller knows."""
    sock.sock.setsockopt(SOL_ZMQ, CONNECT_AT, f"{endpoint}\0{addresses}".encode())


def connect_error(sock, endpoint, addresses=None):
    """errno of connecting, 0 if it succeeds."""
    try:
        if addresses is None:
            sock.connect(endpoint)
        else:
            connect_at(sock, endpoint, addresses)
    except OSError as error:
        return error.errno
    return 0


def push_socket(**options):
    """A PUSH that does not wait long between attempts."""
    return zmq_socket("PUSH", RECONNECT_IVL=10, **options)


def pull_at(address="127.0.0.1", port="*", **options):
    """A PULL and its port."""
    pull = zmq_socket("PULL", **options)
    host = f"[{address}]" if ":" in address else address
    return pull, int(pull.bind(f"tcp://{host}:{port}").rpartition(":")[2])


def passes(push, pull, text):
    """A message arrives."""
    push.send(text)
    assert pull.recv() == [text]


def reaches(push, pull):
    """Messages arrive; what was sent before the old connection was seen to end is lost."""
    def attempt():
        push.send(b"again")
        return pull.recv(wait=False)
    assert until(attempt) == [b"again"]


@contextlib.contextmanager
def deaf(address):
    """A port that answers no SYN: its queue is full."""
    listener = socket.socket()
    listener.bind((address, 0))
    listener.listen(0)
    clients = []
    for _ in range(8):
        client = socket.socket()
        client.setblocking(False)
        client.connect_ex(listener.getsockname())
        clients.append(client)
    yield listener.getsockname()[1]
    for client in clients:
        client.close()
    listener.close()


@test
def given():
    """The address that the caller found."""
    pull, port = pull_at()
    push = push_socket()
    connect_at(push, f"tcp://{NAME}:{port}", "127.0.0.1")
    passes(push, pull, b"1")


@test
def given_refused_first():
    """Nobody listens at the first two addresses."""
    pull, port = pull_at("127.0.0.4")
    push = push_socket()
    connect_at(push, f"tcp://{NAME}:{port}", "127.0.0.2,127.0.0.3,127.0.0.4")
    passes(push, pull, b"1")


@test
def given_deaf_first():
    """The first address says nothing at all; there is a limit, as there are others."""
    with deaf("127.0.0.2") as port:
        pull, _ = pull_at("127.0.0.3", port)
        push = push_socket()
        connect_at(push, f"tcp://{NAME}:{port}", "127.0.0.2,127.0.0.3")
        passes(push, pull, b"1")


@test
def given_comes_back():
    """A peer that moves from one address to the other, and back."""
    pull, port = pull_at("127.0.0.2")
    push = push_socket()
    connect_at(push, f"tcp://{NAME}:{port}", "127.0.0.2,127.0.0.3")
    passes(push, pull, b"1")
    for address in ("127.0.0.3", "127.0.0.2", "127.0.0.3"):
        pull.close()
        pull, _ = pull_at(address, port)
        reaches(push, pull)


@test
def given_both_families():
    """One name with an IPv6 and an IPv4 address, which are there in turn."""
    pull, port = pull_at("::1", IPV6=1)
    push = push_socket(IPV6=1)
    connect_at(push, f"tcp://{NAME}:{port}", "::1,127.0.0.1")
    passes(push, pull, b"1")
    for address in ("127.0.0.1", "::1", "127.0.0.1", "::1"):
        pull.close()
        pull, _ = pull_at(address, port, IPV6=1)
        reaches(push, pull)


@test
def given_ipv4_only():
    """Without ZMQ_IPV6 the IPv6 address is none."""
    pull, port = pull_at()
    push = push_socket()
    connect_at(push, f"tcp://{NAME}:{port}", "::1,127.0.0.1")
    passes(push, pull, b"1")


@test
def nobody_to_ask():
    """Without addresses and without a resolver a name is no target."""
    push = push_socket()
    assert connect_error(push, f"tcp://{NAME}:1") == errno.EHOSTUNREACH
    assert connect_error(push, f"tcp://{NAME}:1", "") == errno.EHOSTUNREACH
    assert connect_error(push, f"tcp://{NAME}:1", "nonsense,::1") == errno.EHOSTUNREACH
    assert connect_error(push, "tcp://[name]:1", "127.0.0.1") == errno.EINVAL
    assert connect_error(push, "tcp://na me:1", "127.0.0.1") == errno.EINVAL
    assert connect_error(push, f"tcp://{NAME}:0", "127.0.0.1") == errno.EINVAL


@test
def undone():
    """The name is what the endpoint is called."""
    _, port = pull_at()
    push = push_socket()
    endpoint = f"tcp://{NAME}:{port}"
    connect_at(push, endpoint, "127.0.0.1")
    assert push.sock.getsockopt(SOL_ZMQ, 32, 256) == endpoint.encode() + b"\0"
    push.sock.setsockopt(SOL_ZMQ, 0x5a04, endpoint.encode())
    try:
        push.sock.setsockopt(SOL_ZMQ, 0x5a04, endpoint.encode())
    except OSError as error:
        assert error.errno == errno.ENOENT
    else:
        raise AssertionError("was there twice")


class Resolver:
    """The kernel's resolver at work, with names of our choice."""
    ready = None

    def __init__(self):
        if Resolver.ready is None:
            Resolver.ready = self.load()
        if Resolver.ready:
            raise Skip(Resolver.ready)

    @staticmethod
    def load():
        """Loads the modules; why not, or an empty string."""
        if not os.environ.get("AF_ZMQ_VM"):
            return "changes /etc/hosts: for virtual machines"
        if not os.path.exists("/sbin/key.dns_resolver"):
            return "keyutils is not installed"
        if not os.path.exists(MODULE):
            return f"no {MODULE}"
        subprocess.run(["modprobe", "dns_resolver"], check=False)
        done = subprocess.run(["insmod", MODULE], stderr=subprocess.PIPE, text=True, check=False)
        return done.stderr.strip()

    @staticmethod
    def hosts(*addresses):
        """Addresses of NAME from now on."""
        with open(HOSTS + ".new", "w", encoding="ascii") as file:
            file.write("127.0.0.1 localhost\n")
            file.writelines(f"{address} {NAME}\n" for address in addresses)
        os.rename(HOSTS + ".new", HOSTS)


@test
def looked_up():
    """connect() of a name."""
    resolver = Resolver()
    resolver.hosts("127.0.0.1")
    pull, port = pull_at()
    push = push_socket()
    push.connect(f"tcp://{NAME}:{port}")
    passes(push, pull, b"1")


@test
def looked_up_list():
    """All addresses are tried."""
    resolver = Resolver()
    resolver.hosts("127.0.0.2", "127.0.0.3")
    pull, port = pull_at("127.0.0.3")
    push = push_socket()
    push.connect(f"tcp://{NAME}:{port}")
    passes(push, pull, b"1")


@test
def unknown_yet():
    """A name that is known later."""
    resolver = Resolver()
    resolver.hosts()
    pull, port = pull_at()
    push = push_socket()
    push.connect(f"tcp://{NAME}:{port}")
    push.send(b"1")
    resolver.hosts("127.0.0.1")
    assert pull.recv() == [b"1"]


@test
def changes():
    """The peer moves, and its name with it."""
    resolver = Resolver()
    resolver.hosts("127.0.0.2")
    pull, port = pull_at("127.0.0.2")
    push = push_socket()
    push.connect(f"tcp://{NAME}:{port}")
    passes(push, pull, b"1")
    pull.close()
    resolver.hosts("127.0.0.3")
    pull, _ = pull_at("127.0.0.3", port)
    reaches(push, pull)


@test
def looked_up_after_given():
    """What was given at first is not the last word."""
    resolver = Resolver()
    resolver.hosts("127.0.0.3")
    pull, port = pull_at("127.0.0.3")
    push = push_socket()
    connect_at(push, f"tcp://{NAME}:{port}", "127.0.0.2")
    passes(push, pull, b"1")


@test
def closed_while_asking():
    """A socket can be closed at any time."""
    resolver = Resolver()
    resolver.hosts()
    for _ in range(20):
        push = push_socket()
        push.connect(f"tcp://{NAME}:1")
        push.close()


@test
def other_namespace():
    """What user space of the first network namespace finds is not for others."""
    resolver = Resolver()
    resolver.hosts("127.0.0.1")
    libc = ctypes.CDLL(None, use_errno=True)
    pid = os.fork()
    if not pid:
        code = libc.unshare(0x40000000)     # CLONE_NEWNET
        code = code or connect_error(push_socket(), f"tcp://{NAME}:1")
        os._exit(0 if code == errno.EHOSTUNREACH else 1)    # pylint: disable=protected-access
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


@test
def library():
    """zmq_connect() of a name that is known later, or moves."""
    resolver = Resolver()
    resolver.hosts()
    pull, port = pull_at()
    code = f"""
import zmq
push = zmq.Context().socket(zmq.PUSH)
push.setsockopt(zmq.RECONNECT_IVL, 10)
push.connect("tcp://{NAME}:{port}")
print("connected", flush=True)
push.send(b"1")
input()
push.close(0)
"""
    env = dict(os.environ, LD_PRELOAD=os.environ["AF_ZMQ_SHIM"])
    with subprocess.Popen([sys.executable, "-c", code], env=env, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"connected\n"
        resolver.hosts("127.0.0.1")
        assert pull.recv() == [b"1"]
        process.communicate(b"\n")
        assert process.returncode == 0


@test
def unloaded():
    """The module that looks names up can go."""
    Resolver()
    assert until(lambda: not subprocess.run(["rmmod", "af_zmq_dns"], check=False,
                                            stderr=subprocess.DEVNULL).returncode)
    nobody_to_ask()


if __name__ == "__main__":
    tap.run()
