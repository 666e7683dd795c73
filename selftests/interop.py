#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every pair of socket types between our library and the real one.

Four processes run Debian's unmodified pyzmq: two with our libzmq.so.5 preloaded,
two with the real one.  Each pair of types, over each transport, in each mix and
with either side binding, exchanges messages of many lengths, of one and of several
parts, and their contents are compared.
"""

import json
import os
import select
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
# pylint: disable=wrong-import-position
import tap
from tap import LIMIT, test

HERE = os.path.dirname(os.path.abspath(__file__))
PAIRS = (
    ("PAIR", "PAIR"), ("PUB", "SUB"), ("REQ", "REP"), ("REQ", "ROUTER"), ("DEALER", "REP"),
    ("DEALER", "DEALER"), ("DEALER", "ROUTER"), ("ROUTER", "ROUTER"), ("PUSH", "PULL"),
    ("XPUB", "SUB"), ("PUB", "XSUB"), ("XPUB", "XSUB"),
)
# Bytes between two STREAM sockets, and how they are cut when sent.
CHUNKS = (1, 255, 256, 8192, 100000, 3000000)
TRANSPORTS = ("tcp", "tcp6", "ipc")
MIXES = (("ours", "ours"), ("ours", "real"), ("real", "ours"))
# Without the module, to see that the expectations are right.
if os.environ.get("AF_ZMQ_BACKEND") == "libzmq":
    MIXES = (("real", "real"),)
MESSAGES = 1000
# With the other side binding; and where each waits for the other.
FEWER = 100


class Peer:
    """A process with sockets of one library."""

    def __init__(self, library):
        environ = dict(os.environ)
        environ.pop("LD_PRELOAD", None)
        if library == "ours":
            environ["LD_PRELOAD"] = os.environ["AF_ZMQ_SHIM"]
        self.library = library
        self.process = subprocess.Popen(       # pylint: disable=consider-using-with
            [sys.executable, os.path.join(HERE, "lib/interop_worker.py")], env=environ,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.buffer = ""
        self.version = self.answer()["version"]

    def ask(self, *words):
        """Has it do something."""
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()

    def answers(self, seconds):
        """Whether it does in this time."""
        return select.select([self.process.stdout], [], [], seconds)[0]

    def answer(self):
        """What came of it."""
        if not self.answers(3 * LIMIT):
            raise AssertionError(f"{self.library}: no answer")
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"{self.library}: ended with {self.process.wait()}")
        return json.loads(line)

    def result(self):
        """Its answer, or an error."""
        answer = self.answer()
        if "error" in answer:
            raise AssertionError(f"{self.library}: {answer['error']}")
        return answer["result"]

    def call(self, *words):
        """Both."""
        self.ask(*words)
        return self.result()

    def stop(self):
        """Ends the process, whatever it does."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Peers:
    """Processes, made when needed and again after a failure."""

    def __init__(self):
        self.running = {}

    def get(self, library, side):
        """One for each side, so that a mix may have the same library twice."""
        if (library, side) not in self.running:
            self.running[library, side] = Peer(library)
        return self.running[library, side]

    def drop(self):
        """All of them."""
        for peer in self.running.values():
            peer.stop()
        self.running.clear()


PEERS = Peers()


def bound_here(endpoint):
    """Is this an endpoint of an AF_ZMQ socket?"""
    try:
        with open("/proc/net/zmq", encoding="ascii") as file:
            return any(f"b:{endpoint}" in line.split() for line in file)
    except FileNotFoundError:
        return False


def connect(binder, connecter, transport):
    """Connects them, and checks that the binding side is what it says."""
    endpoint = {"tcp": "tcp://127.0.0.1:*", "tcp6": "tcp://[::1]:*",
                "ipc": f"ipc://{tempfile.mktemp(dir=DIRECTORY)}"}[transport]
    bound = binder.call("bind", endpoint)
    ours = bound_here(bound)
    assert ours == (binder.library == "ours"), f"{bound} is {'' if ours else 'not '}in the kernel"
    connecter.call("connect", bound)
    return bound


def wait_until_there(sender, receiver, to):
    """Until what one sends arrives at the other."""
    assert tap.until(lambda: sender.call("poke", to) and receiver.call("poked")), "never connected"


def both(left, right, left_words, right_words):
    """Both sides at once."""
    left.ask(*left_words)
    right.ask(*right_words)
    left.result()
    right.result()


def talk(types, first, second, messages):
    """Messages between two connected sockets."""
    to = ["meROUTER" if other == "ROUTER" else "me" + other for other in reversed(types)]
    names = [name if own == "ROUTER" else "" for own, name in zip(types, to)]
    # What REQ and REP add is seen by the others.
    lockstep = {"REQ", "REP"} & set(types)
    envelopes = [bool(lockstep) and own not in ("REQ", "REP") for own in types]
    if types[0] in ("PUB", "XPUB", "ROUTER"):
        wait_until_there(first, second, names[0])
    if lockstep:
        both(first, second, ("request", 0, FEWER, names[0], envelopes[0]),
             ("reply", 0, FEWER, names[1], envelopes[1]))
        return
    both(first, second, ("send", 0, messages, names[0], False),
         ("recv", 0, messages, names[1], False))
    if types[0] == "XPUB":
        first.call("note")
    if types[1] not in ("SUB", "PULL") and types[0] != "PUB":
        # The first ones have parts that an XPUB would take for subscriptions.
        begin = 6 if types[1] == "XSUB" else 0
        both(first, second, ("recv", begin, messages, names[0], False),
             ("send", begin, messages, names[1], False))


def pour(first, second):
    """Bytes between two STREAM sockets, each way and both at once, and an end of it."""
    for peer in (first, second):
        peer.call("greeted")
    both(first, second, ("pour", CHUNKS), ("drain", sum(CHUNKS)))
    both(first, second, ("drain", sum(CHUNKS)), ("pour", CHUNKS))
    for peer in (first, second):
        peer.call("pour", CHUNKS[:3])
    for peer in (first, second):
        peer.call("drain", sum(CHUNKS[:3]))
    first.call("hang_up")
    second.ask("left")
    while not second.answers(0.02):
        first.call("touch")
    second.result()


def exchange(types, transport, mix, first_binds):
    """One case."""
    first, second = (PEERS.get(library, side) for side, library in enumerate(mix))
    try:
        for peer, name in ((first, types[0]), (second, types[1])):
            peer.call("open", name, transport == "tcp6", LIMIT * 1000)
        connect(*((first, second) if first_binds else (second, first)), transport)
        if types[0] == "STREAM":
            pour(first, second)
        else:
            talk(types, first, second, MESSAGES if first_binds else FEWER)
        first.call("close")
        second.call("close")
    except BaseException:
        PEERS.drop()
        raise


def make_test(types, transport, mix):
    """One for each."""
    def either_binds():
        exchange(types, transport, mix, True)
        exchange(types, transport, mix, False)
    test(either_binds, f"{types[0]} {types[1]} {transport} {mix[0]} {mix[1]}")


for _mix in MIXES:
    for _transport in TRANSPORTS:
        for _pair in PAIRS:
            make_test(_pair, _transport, _mix)
        if _transport != "ipc":
            make_test(("STREAM", "STREAM"), _transport, _mix)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as DIRECTORY:
        try:
            tap.run()
        finally:
            PEERS.drop()
