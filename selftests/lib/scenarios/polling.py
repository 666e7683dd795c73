# SPDX-License-Identifier: GPL-2.0-only
"""zmq_poll() and ZMQ_FD."""

import ctypes as C
import os

from .library import (DEALER, IN, Item, NAMES, OUT, PAIR, PUB, PULL, PUSH, REP, REQ, ROUTER, SUB, Z,
                      couple, result, say, scenario)


def ready(fd, limit=0):
    """Whether ZMQ_FD says something."""
    import select
    return bool(select.select([fd], [], [], limit)[0])


@scenario
def poll_calls():
    context, pull, push = couple(PULL, PUSH)
    say(result(Z.zmq_poll(None, 0, C.c_long(0))), result(Z.zmq_poll(None, 0, C.c_long(5))), result(Z.zmq_poll(None, 1, C.c_long(0))),
        result(Z.zmq_poll(None, -1, C.c_long(0))))
    read, write = os.pipe()
    items = (Item * 4)(Item(pull.handle, 77, IN | OUT, 9), Item(push.handle, 0, IN | OUT, 9), Item(None, read, IN, 9),
                       Item(None, write, OUT, 9))
    say(result(Z.zmq_poll(items, 4, C.c_long(0))), *[item.revents for item in items])
    push.send(b"x")
    os.write(write, b"x")
    say(result(Z.zmq_poll(items, 4, C.c_long(0))), *[item.revents for item in items])
    items[0].events = items[1].events = 0
    say(result(Z.zmq_poll(items, 2, C.c_long(0))), *[item.revents for item in items])
    items = (Item * 2)(Item(None, 9999, IN, 0), Item(None, -1, IN, 0))
    say(result(Z.zmq_poll(items, 1, C.c_long(0))), items[0].revents)
    pair = context.socket(PAIR)
    handle = pair.handle
    pair.close()
    context.shutdown()
    items = (Item * 1)(Item(pull.handle, 0, IN, 0))
    say(result(Z.zmq_poll(items, 1, C.c_long(0))), result(Z.zmq_poll(items, 1, C.c_long(-1))))


@scenario
def fd_inproc():
    for binder, connecter in ((PULL, PUSH), (ROUTER, DEALER), (SUB, PUB), (REP, REQ)):
        context, bound, peer = couple(binder, connecter, **({"b_SUBSCRIBE": b""} if binder == SUB else {}))
        fd = bound.get("FD")
        peer.events()
        bound.events()
        say(NAMES[binder], bound.get("FD") == fd, ready(fd), peer.send(b"1"), ready(fd, 1), bound.events(), ready(fd),
            bound.events())
        if binder != REP:
            peer.send(b"2")
        say(len(bound.none()), bound.events())
        if binder == REP:
            bound.send(b"r")
            say(peer.none(), peer.send(b"2"))
        else:
            say(len(bound.none()))
        say(bound.events(), ready(fd))
        if binder != REP:
            say(peer.send(b"3"))
        say(ready(fd, 1), bound.events())
    context, pull, push = couple(PULL, PUSH, b_RCVHWM=1, c_SNDHWM=1)
    fd = push.get("FD")
    say(push.fill(), push.events(), ready(fd), pull.none(), pull.none(), ready(fd, 1), push.events(), push.send(b"x"))


@scenario
def fd_waits_without_losing():
    context, pull, push = couple(PULL, PUSH)
    fd = pull.get("FD")
    missed = 0
    for number in range(300):
        burst = 1 + number % 7
        for _ in range(burst):
            push.send(b"x")
        got = 0
        while got < burst:
            if pull.events() == "I":
                pull.none()
                got += 1
            elif not ready(fd, 1):
                missed += 1
                break
    say("missed", missed)
