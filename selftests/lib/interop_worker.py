#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""One side of interop.py: does with pyzmq what JSON lines on stdin say."""

import json
import sys

import zmq

SIZES = (0, 1, 255, 256, 8192, 1000000)


def message(number):
    """The message of this number, the same at both ends: a list of parts."""
    if number < len(SIZES):
        size = SIZES[number]
        body = bytes((i * 7 + number) & 255 for i in range(256)) * (size // 256 + 1)
        return [b"%d" % number, body[:size]]
    parts = [b"%d" % number]
    if number % 3 == 0:
        parts += [b"", b"part " * (number % 50)]
    if number % 7 == 0:
        parts.append(b"")
    return parts


def stream(begin, count):
    """Bytes of the stream that all senders send."""
    whole = bytes(i * 7 & 255 for i in range(256)) * (count // 256 + 2)
    return whole[begin % 256:begin % 256 + count]


class Worker:
    """Its sockets live in one context."""

    def __init__(self):
        self.context = zmq.Context()
        self.sock = None
        self.peer = None        # a STREAM's

    def open(self, socket_type, ipv6, limit):
        """A socket; it must be the only one."""
        self.sock = self.context.socket(getattr(zmq, socket_type))
        self.sock.set_hwm(0)
        self.sock.ipv6 = ipv6
        self.sock.linger = limit
        self.sock.rcvtimeo = self.sock.sndtimeo = limit
        if socket_type in ("DEALER", "REQ", "ROUTER"):
            self.sock.routing_id = b"me" + socket_type.encode()
        if socket_type == "ROUTER":
            self.sock.router_mandatory = 1
        if socket_type == "SUB":
            self.sock.subscribe(b"")
        if socket_type == "XSUB":
            self.sock.send(b"\1")

    def bind(self, endpoint):
        """Where it is bound to."""
        self.sock.bind(endpoint)
        return self.sock.last_endpoint.rstrip(b"\0").decode()

    def connect(self, endpoint):
        """Connects."""
        self.sock.connect(endpoint)

    def poke(self, to):
        """Sends something that tells when the other side is there; may fail."""
        try:
            self.sock.send_multipart(([to.encode()] if to else []) + [b"poke"])
            return True
        except zmq.ZMQError as error:
            if error.errno != zmq.EHOSTUNREACH:
                raise
            return False

    def poked(self):
        """Has the other side poked?  All pokes there are are taken."""
        seen = False
        while self.sock.poll(0 if seen else 20):
            assert self.sock.recv_multipart()[-1] == b"poke"
            seen = True
        return seen

    def send(self, first, last, to, envelope):
        """Messages of these numbers."""
        front = ([to.encode()] if to else []) + ([b""] if envelope else [])
        for number in range(first, last):
            self.sock.send_multipart(front + message(number))

    def recv(self, first, last, sender, envelope):
        """Messages of these numbers, and nothing else, but pokes before."""
        front = ([sender.encode()] if sender else []) + ([b""] if envelope else [])
        for number in range(first, last):
            got = self.sock.recv_multipart()
            while number == first and got[-1] == b"poke":
                got = self.sock.recv_multipart()
            if got != front + message(number):
                brief = [part[:40] for part in got[:8]]
                raise AssertionError(f"message {number}: {brief}")

    def request(self, first, last, sender, envelope):
        """Sends, and receives the same."""
        for number in range(first, last):
            self.send(number, number + 1, sender, envelope)
            self.recv(number, number + 1, sender, envelope)

    def reply(self, first, last, sender, envelope):
        """Receives, and sends the same."""
        for number in range(first, last):
            self.recv(number, number + 1, sender, envelope)
            self.send(number, number + 1, sender, envelope)

    def note(self):
        """An XPUB is told of its subscriber."""
        got = self.sock.recv_multipart()
        assert got == [b"\1"], got

    def greeted(self):
        """A STREAM is told of its peer."""
        self.peer, empty = self.sock.recv_multipart()
        assert not empty and len(self.peer) == 5

    def pour(self, chunks):
        """Bytes, in chunks of these sizes."""
        sent = 0
        for count in chunks:
            self.sock.send_multipart([self.peer, stream(sent, count)])
            sent += count

    def drain(self, count):
        """So many bytes, however they come."""
        got = []
        while count > sum(map(len, got)):
            peer, chunk = self.sock.recv_multipart()
            assert peer == self.peer and chunk
            got.append(chunk)
        assert b"".join(got) == stream(0, count)

    def hang_up(self):
        """Ends the connection."""
        self.sock.send_multipart([self.peer, b""])

    def touch(self):
        """libzmq gets nothing done but in calls."""
        self.sock.poll(0)

    def left(self):
        """The peer has."""
        got = self.sock.recv_multipart()
        assert got == [self.peer, b""], got

    def close(self):
        """Closes; messages not sent yet are."""
        self.sock.close()


def main():
    """Until stdin ends."""
    worker = Worker()
    print(json.dumps({"version": zmq.zmq_version()}), flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        try:
            answer = {"result": getattr(worker, name)(*arguments)}
        except Exception as error:      # pylint: disable=broad-except
            answer = {"error": f"{name}: {type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
