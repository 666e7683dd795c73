# SPDX-License-Identifier: GPL-2.0-only
"""zmq_proxy() and zmq_proxy_steerable()."""

import struct
import threading

from .library import (Context, DEALER, NAMES, PAIR, PUB, PULL, PUSH, REP, REQ, ROUTER, SUB, XPUB,
                      XSUB, Z, result, say, scenario, short)


@scenario
def proxies():
    for front, back, client, server in ((ROUTER, DEALER, REQ, REP), (XSUB, XPUB, XPUB, SUB), (PULL, PUSH, PUSH, PULL)):
        context = Context()
        sides = [context.socket(kind, LINGER=0) for kind in (front, back, PAIR)]
        for name, side in zip("fbc", sides):
            side.bind(f"inproc://{name}")
        one, two, capture = (context.socket(kind, LINGER=0) for kind in (client, server, PAIR))
        if server == SUB:
            two.set("SUBSCRIBE", b"")
        one.connect("inproc://f")
        two.connect("inproc://b")
        capture.connect("inproc://c")
        answer = []

        def run():
            answer.append(result(Z.zmq_proxy(*[side.handle for side in sides])))
            answer.extend(side.close() for side in sides)
        thread = threading.Thread(target=run)
        thread.start()
        if server == SUB:
            say(capture.recv(), one.recv())
        say(NAMES[front], one.send(b"m", b"n", flags=0), two.recv(), short(capture.recv()))
        if client == REQ:
            say(two.send(b"reply", flags=0), one.recv(), short(capture.recv()))
        for socket in (one, two, capture):
            socket.close()
        say(context.term())
        thread.join()
        say(*answer)


@scenario
def steerable():
    for kind, driver in ((PAIR, PAIR), (REP, REQ), (PULL, PUSH)):
        context = Context()
        sides = [context.socket(one, LINGER=0) for one in (ROUTER, DEALER, kind)]
        for name, side in zip("fbc", sides):
            side.bind(f"inproc://{name}")
        one, two, control = (context.socket(k, LINGER=0) for k in (DEALER, DEALER, driver))
        one.connect("inproc://f")
        two.connect("inproc://b")
        control.connect("inproc://c")
        answer = []
        thread = threading.Thread(target=lambda: answer.append(result(Z.zmq_proxy_steerable(
            sides[0].handle, sides[1].handle, None, sides[2].handle))))
        thread.start()
        say(NAMES[kind], one.send(b"123"), short(two.recv()))
        for command in () if driver == REQ else ("PAUSE", "RESUME"):
            say(command, control.send(command.encode(), flags=0), control.recv(limit=500) if driver == REQ else "")
        if driver != PUSH:
            say(control.send(b"STATISTICS", flags=0), [struct.unpack("Q", part)[0] if len(part) == 8 else part
                                                      for part in control.recv()])
        say(control.send(b"TERMINATE", flags=0))
        thread.join(5)
        say(*answer, control.recv(limit=300) if driver == REQ else "")
