# SPDX-License-Identifier: GPL-2.0-only
"""REQ and REP."""

import ctypes as C
import struct

from .library import (Context, DEALER, DONTWAIT, REP, REQ, ROUTER, SNDMORE, Z, couple, say,
                      scenario, until, ways)


@scenario
def req_states():
    for transport in ways():
        context = Context()
        rep, req = context.socket(REP, LINGER=0), context.socket(REQ, LINGER=0)
        rep.bind(transport)
        say(req.none(), req.connect(transport), req.none(), rep.send(b"x"), req.events(), rep.events())
        say(req.send(b"1", b"2"), req.events(), req.send(b"3"), rep.wait(), rep.events(),
            Z.zmq_recv(rep.handle, None, C.c_size_t(0), DONTWAIT), rep.events(), rep.send(b"early"),
            rep.none(), rep.events(), rep.none(), rep.send(b"a", flags=DONTWAIT | SNDMORE), rep.none(),
            rep.events(), rep.send(b"b"), rep.events(), req.wait(), req.events(),
            Z.zmq_recv(req.handle, None, C.c_size_t(0), DONTWAIT), req.events(), req.send(b"early"),
            req.none(), req.events(), req.send(b"4", flags=DONTWAIT | SNDMORE), req.none(), req.events(),
            req.send(b"5"), rep.recv(), rep.send(b"c"), req.recv())


@scenario
def req_relaxed():
    for correlate in (0, 1):
        for transport in ways():
            context = Context()
            router = context.socket(ROUTER, LINGER=0)
            req = context.socket(REQ, LINGER=0, RELAXED=1, CORRELATE=correlate, ROUTING_ID=b"R")
            router.bind(transport)
            say(correlate, req.connect(transport), req.events(), req.send(b"1"))
            first = router.recv()
            say([len(part) if correlate and number == 1 else part for number, part in enumerate(first)],
                req.events(), req.send(b"2"))
            second = router.recv()
            say([len(part) if correlate and number == 1 else part for number, part in enumerate(second)])
            if isinstance(second, str):
                continue
            say(router.send(*first[:-1], b"late"), router.send(*second[:-1], b"right"),
                req.recv(), req.none(), req.events())
            if correlate:
                say(struct.unpack("I", second[1])[0] - struct.unpack("I", first[1])[0] in (1, 1 - 2 ** 32))
            say(req.send(b"3"), router.send(b"R", b"bad"), router.send(b"R", b"", b"ok"), req.recv(limit=300))


@scenario
def req_envelopes():
    _, router, req = couple(ROUTER, REQ, c_ROUTING_ID=b"R")
    say(req.send(b"1"), router.recv(), router.send(b"R", b"no delimiter"), req.none(), req.events(),
        router.send(b"R", b"x", b""), req.none(), router.send(b"R", b""), req.none(),
        router.send(b"R", b"", b"yes", b"two"), req.recv(), req.none(), req.events())
    _, rep, dealer = couple(REP, DEALER)
    say(dealer.send(b"1"), rep.none(), rep.events(), dealer.send(b"a", b"b", b"", b"c"), rep.recv(),
        rep.send(b"r", b"s"), dealer.recv(), dealer.send(b""), rep.none(), dealer.send(b"", b""), rep.none(),
        rep.send(b""), dealer.none())
    say(dealer.send(b"x", b""), rep.events(), rep.none(), rep.events(), dealer.none())
    context, rep, req = couple(REP, REQ)
    say(req.send(b"q"), rep.recv(), req.close(), until(lambda: rep.events() == "O"), rep.send(b"gone"), rep.events(),
        rep.none())
    context, rep, req = couple(REP, REQ)
    say(req.send(b"q"), rep.recv(), rep.close(), until(lambda: req.events() != "-", 0.3), req.none(), req.send(b"x"))
    rep = context.socket(REP)
    say(until(lambda: rep.bind() == 0), req.connect(), req.events(), req.send(b"x"), req.none())


@scenario
def req_round_robin():
    context = Context()
    req = context.socket(REQ, LINGER=0)
    reps = [context.socket(REP, LINGER=0) for _ in range(3)]
    for number, rep in enumerate(reps):
        rep.bind(f"inproc://{number}")
        req.connect(f"inproc://{number}")
    for turn in range(6):
        req.send(b"%d" % turn)
        order = [number for number, rep in enumerate(reps) if rep.events() == "I"]
        say(order, reps[order[0]].recv(), reps[order[0]].send(b"a"), req.recv())
