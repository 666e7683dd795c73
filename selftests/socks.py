#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Connecting through a SOCKS proxy.  AF_ZMQ_BACKEND=libzmq: as the real library does."""

import errno
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
# pylint: disable=wrong-import-position
import tap
from peers import REAL, zmq_socket
from socks import SocksServer
from tap import Skip, test, until


def through(proxy, endpoint, **options):
    """A PUSH that connects to endpoint by proxy."""
    push = zmq_socket("PUSH", SOCKS_PROXY=proxy.address.encode(), RECONNECT_IVL=10, **options)
    push.connect(endpoint)
    return push


def passes(proxy, host, user=None, password=None):
    """Messages get to a PULL at host, as the proxy understands it, both bound and asked for."""
    pull = zmq_socket("PULL")
    port = int(pull.bind().rpartition(":")[2])
    options = {} if user is None else {"SOCKS_USERNAME": user, "SOCKS_PASSWORD": password}
    push = through(proxy, f"tcp://{host}:{port}", **options)
    for number in range(100):
        push.send(b"%d" % number)
    for number in range(100):
        assert pull.recv() == [b"%d" % number]
    assert proxy.requests[0] == (user, password, host, port), proxy.requests
    push.close()
    pull.close()


@test
def address():
    """To an IPv4 address."""
    passes(SocksServer(), "127.0.0.1")


@test
def name():
    """A host name is passed on as it is, not looked up here."""
    passes(SocksServer(hosts={"peer.invalid": "127.0.0.1"}), "peer.invalid")


@test
def long_name():
    """The longest there is."""
    host = ".".join(["a" * 62] * 4)
    passes(SocksServer(hosts={host: "127.0.0.1"}), host)


@test
def password():
    """User and password."""
    passes(SocksServer(b"me", b"secret"), "127.0.0.1", b"me", b"secret")


@test
def longest_password():
    """255 bytes each."""
    user, word = b"u" * 255, b"p" * 255
    passes(SocksServer(user, word), "127.0.0.1", user, word)


@test
def in_pieces():
    """An answer that comes byte by byte."""
    passes(SocksServer(b"me", b"secret", piece=1), "127.0.0.1", b"me", b"secret")


@test
def wrong_password():
    """It is tried again and again."""
    if REAL:
        raise Skip("libzmq 4.3.4 aborts")
    proxy = SocksServer(b"me", b"secret")
    push = through(proxy, "tcp://127.0.0.1:9", SOCKS_USERNAME=b"me", SOCKS_PASSWORD=b"wrong")
    assert until(lambda: proxy.refused >= 2)
    assert not proxy.requests
    push.close()


@test
def wants_password():
    """A proxy that wants what we do not have."""
    if REAL:
        raise Skip("libzmq 4.3.4 aborts")
    proxy = SocksServer(b"me", b"secret")
    push = through(proxy, "tcp://127.0.0.1:9")
    assert until(lambda: proxy.refused >= 2)
    push.close()


@test
def bad_answers():
    """Whatever the proxy says, the next attempt comes, and the last one gets through."""
    if REAL:
        raise Skip("libzmq 4.3.4 aborts")
    answers = (b"", b"\x05", b"\x04\x00\x00\x01" + bytes(6), b"\x05\x01\x00\x01" + bytes(6),
               b"\x05\x00\x00\x09" + bytes(6), b"\x05\x00\x00\x01\x7f", b"HTTP/1.0 400 no\r\n\r\n")
    for answer in answers:
        pull = zmq_socket("PULL")
        endpoint = pull.bind()
        proxy = SocksServer(reply=answer)
        push = through(proxy, endpoint)
        push.send(b"x")
        assert until(lambda p=proxy: len(p.requests) >= 2), answer
        proxy.reply = None
        assert pull.recv() == [b"x"], answer
        push.close()
        pull.close()
        proxy.close()


@test
def peer_later():
    """The proxy is there, the peer is not yet."""
    probe = zmq_socket("PULL")
    endpoint = probe.bind()
    probe.close()
    proxy = SocksServer()
    push = through(proxy, endpoint)
    push.send(b"x")
    assert until(lambda: len(proxy.requests) >= 2)
    pull = zmq_socket("PULL")
    pull.bind(endpoint)
    assert pull.recv() == [b"x"]
    push.close()
    pull.close()


@test
def silent_proxy():
    """One that says nothing is given up after HANDSHAKE_IVL."""
    if REAL:
        raise Skip("libzmq waits for ever")
    proxy = SocksServer(reply=b"")
    proxy.serve = lambda client: proxy.requests.append(client)      # holds it open
    push = through(proxy, "tcp://127.0.0.1:9", HANDSHAKE_IVL=50)
    assert until(lambda: len(proxy.requests) >= 3)
    push.close()


@test
def bad_proxy():
    """What is no address of a proxy is refused by connect."""
    if REAL:
        raise Skip("libzmq aborts or waits for ever")
    push = zmq_socket("PUSH", SOCKS_PROXY=b"nonsense")
    try:
        push.connect("tcp://127.0.0.1:9")
    except OSError as error:
        assert error.errno == errno.EINVAL
    else:
        raise AssertionError("accepted")
    push.close()


if __name__ == "__main__":
    tap.run()
