#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The examples do what their manual pages say."""

import os
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
# pylint: disable=wrong-import-position
import tap
from peers import listing, zmq_socket
from tap import LIMIT, test, until

BUILD = os.path.join(os.environ["AF_ZMQ_BUILD"], "examples")


class Running:
    """An example that runs until the end of the block."""

    def __init__(self, name, *args):
        self.process = subprocess.Popen([os.path.join(BUILD, name), *args],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.killer = threading.Timer(LIMIT, self.process.kill)
        self.killer.start()

    def say(self, text):
        """To its standard input."""
        self.process.stdin.write(text)
        self.process.stdin.flush()

    def line(self):
        """The next line of its output."""
        return self.process.stdout.readline().rstrip("\n")

    def end(self):
        """The rest of its output, when it has ended well."""
        text = self.process.communicate()[0]
        assert self.process.returncode == 0, f"exit code {self.process.returncode}"
        return text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.killer.cancel()
        self.process.kill()
        self.process.communicate()


def bound(endpoint):
    """Waits until somebody is bound there."""
    assert until(lambda: any(f"b:{endpoint}" in words for words in listing())), endpoint


def endpoint_of(directory, name):
    """An ipc endpoint."""
    return f"ipc://{directory}/{name}"


@test
def cat_pipeline():
    """zmqcat: push to pull, lines in order, parts as tabs."""
    with tempfile.TemporaryDirectory() as directory:
        endpoint = endpoint_of(directory, "a")
        with Running("zmqcat", "-b", "-n", "101", "pull", endpoint) as pull, \
             Running("zmqcat", "push", endpoint) as push:
            push.say("".join(f"line {i}\n" for i in range(100)) + "a\tb\t\tc\n")
            assert push.end() == ""
            assert pull.end() == "".join(f"line {i}\n" for i in range(100)) + "a\tb\t\tc\n"


@test
def cat_requests():
    """zmqcat: a request and a reply typed by hand."""
    with tempfile.TemporaryDirectory() as directory:
        endpoint = endpoint_of(directory, "a")
        with Running("zmqcat", "-b", "-n", "2", "rep", endpoint) as rep, \
             Running("zmqcat", "-n", "2", "req", endpoint) as req:
            for i in range(2):
                req.say(f"question {i}\n")
                assert rep.line() == f"question {i}"
                rep.say(f"answer {i}\n")
                assert req.line() == f"answer {i}"


@test
def cat_subscribes():
    """zmqcat: a topic."""
    pub = zmq_socket("XPUB")
    with Running("zmqcat", "-n", "1", "-s", "b", "sub", pub.bind()) as sub:
        assert pub.recv() == [b"\x01b"]
        pub.send(b"a no")
        pub.send(b"b yes")
        assert sub.end() == "b yes\n"
    pub.close()


@test
def activation():
    """zmq-activate: the first message starts the program, which has the socket; again."""
    with tempfile.TemporaryDirectory() as directory:
        endpoint = endpoint_of(directory, "a")
        with Running("zmq-activate", f"pull={endpoint}", "--",
                     os.path.join(BUILD, "zmqcat"), "-n", "1", "-i", "pull") as server:
            bound(endpoint)
            push = zmq_socket("PUSH", LINGER=1000)
            push.connect(endpoint)
            for i in range(3):
                push.send(b"message %d" % i)
                assert server.line() == f"message {i}"
            push.close()


@test
def handover():
    """zmq-handover: servers are replaced, the client sees replies only."""
    with tempfile.TemporaryDirectory() as directory:
        endpoint = endpoint_of(directory, "a")
        name = f"af_zmq.handover.{os.getpid()}"
        req = zmq_socket("REQ")
        req.connect(endpoint)
        servers = []
        try:
            for i in range(4):
                servers.append(Running("zmq-handover", name, endpoint))
                number = servers[-1].line()
                if i:
                    assert servers[-2].end() == ""
                for _ in range(10):
                    req.send(b"who?")
                    assert req.recv() == [number.encode()]
        finally:
            for server in servers:
                server.__exit__()
            req.close()


@test
def uring_relay():
    """zmq-uring-relay: 5,000 messages in order, more than its buffers hold."""
    with tempfile.TemporaryDirectory() as directory:
        entry, end = endpoint_of(directory, "in"), endpoint_of(directory, "out")
        pull, push = zmq_socket("PULL"), zmq_socket("PUSH")
        pull.bind(end)
        with Running("zmq-uring-relay", entry, end):
            bound(entry)
            push.connect(entry)
            sender = threading.Thread(target=lambda: [push.send(b"%d" % i * (1 + i % 100))
                                                      for i in range(5000)])
            sender.start()
            for i in range(5000):
                assert pull.recv() == [b"%d" % i * (1 + i % 100)], i
            sender.join()
        pull.close()
        push.close()


if __name__ == "__main__":
    tap.run()
