# SPDX-License-Identifier: GPL-2.0-only
"""Sockets that meet by a name in their process."""

from .library import (Context, DEALER, DONTWAIT, NAMES, PAIR, PUB, PULL, PUSH, REP, REQ, ROUTER,
                      SNDMORE, SUB, XPUB, XSUB, couple, say, scenario, short, until)

COUPLES = ((PAIR, PAIR), (PUB, SUB), (SUB, PUB), (REP, REQ), (REQ, REP), (DEALER, DEALER),
           (ROUTER, DEALER), (DEALER, ROUTER), (ROUTER, ROUTER), (ROUTER, REQ), (REP, DEALER),
           (PULL, PUSH), (PUSH, PULL), (XPUB, XSUB), (XSUB, XPUB), (XPUB, SUB), (PUB, XSUB))


@scenario
def inproc_events():
    for binder, connecter in COUPLES:
        for first in ("bind", "connect"):
            _, bound, peer = couple(binder, connecter, first)
            say(NAMES[binder], NAMES[connecter], first, bound.events(), peer.events(), bound.last(),
                peer.last())


@scenario
def inproc_odd_couples():
    for binder in range(11):
        for connecter in range(11):
            if (binder, connecter) in COUPLES:
                continue
            _, bound, peer = couple(binder, connecter)
            say(NAMES[binder], NAMES[connecter], bound.events(), peer.events(),
                peer.send(b"a"), bound.events(), short(bound.none()), peer.send(b"", b"b"),
                short(bound.none()), bound.send(b"c"), short(peer.none()), peer.events())


@scenario
def inproc_hwm():
    for binder, connecter in ((PULL, PUSH), (PUSH, PULL), (DEALER, DEALER), (PAIR, PAIR)):
        for sndhwm, rcvhwm in ((1, 1), (1, 0), (0, 1), (2, 3), (5, 1), (30, 30)):
            for first in ("bind", "connect"):
                _, bound, peer = couple(binder, connecter, first, b_SNDHWM=sndhwm, b_RCVHWM=rcvhwm,
                                        c_SNDHWM=sndhwm, c_RCVHWM=rcvhwm)
                out, back = (bound, peer) if binder == PUSH else (peer, bound)
                say(NAMES[binder], NAMES[connecter], sndhwm, rcvhwm, first, out.fill(300),
                    out.events(), back.events())
                if not sndhwm or not rcvhwm:
                    continue
                say(*((back.none(), out.fill(300)) for _ in range(8)))
                say(back.drain(), out.fill(300))


@scenario
def inproc_hwm_defaults_and_changes():
    _, pull, push = couple(PULL, PUSH)
    say(push.fill(), pull.drain(), push.fill())
    _, pull, push = couple(PULL, PUSH, b_RCVHWM=1, c_SNDHWM=1)
    say(push.fill(), push.set("SNDHWM", 5), push.fill(), pull.set("RCVHWM", 5), push.fill(),
        pull.drain(), push.fill())
    _, pull, push = couple(PULL, PUSH, b_RCVHWM=100, c_SNDHWM=100)
    say(push.fill(), push.set("SNDHWM", 5), push.fill(), pull.drain(), push.fill())
    _, pull, push = couple(PULL, PUSH, "connect", c_SNDHWM=3, b_RCVHWM=4)
    say(push.fill(), pull.drain())
    context = Context()
    push = context.socket(PUSH, SNDHWM=3)
    say(push.connect(), push.fill(100))
    pull = context.socket(PULL, RCVHWM=4)
    say(pull.bind(), push.fill(100), pull.drain(), push.fill(100))
    _, sub, pub = couple(SUB, PUB, b_SUBSCRIBE=b"", b_RCVHWM=3, c_SNDHWM=2)
    pub.events()
    for number in range(20):
        pub.send(b"%d" % number)
    got = []
    while not isinstance(got[-1] if got else [], str):
        got.append(sub.none())
    say(*got)
    for number in range(20, 30):
        pub.send(b"%d" % number)
    say(sub.none(), sub.none(), sub.none(), sub.none(), sub.none(), sub.none())
    _, router, dealer = couple(ROUTER, DEALER, b_SNDHWM=2, c_RCVHWM=2, b_MANDATORY=1,
                               c_ROUTING_ID=b"D")
    for number in range(7):
        say(router.send(b"D", b"%d" % number), router.events())
    say(dealer.none(), router.send(b"D", b"x"), dealer.none(), router.send(b"D", b"x"), dealer.drain())
    _, router, dealer = couple(ROUTER, DEALER, b_SNDHWM=2, c_RCVHWM=2, c_ROUTING_ID=b"D")
    for number in range(7):
        say(router.send(b"D", b"%d" % number), router.events())
    say(dealer.drain())


@scenario
def inproc_conflate():
    for binder, connecter in ((PULL, PUSH), (DEALER, DEALER), (SUB, PUB), (PUSH, PULL), (PAIR, PAIR)):
        for mode in ({"b_CONFLATE": 1}, {"c_CONFLATE": 1}, {"b_CONFLATE": 1, "c_CONFLATE": 1}):
            options = {"b_SUBSCRIBE": b""} if binder == SUB else {}
            _, bound, peer = couple(binder, connecter, **mode, **options)
            out, back = (bound, peer) if binder == PUSH else (peer, bound)
            say(NAMES[binder], *mode, *(out.send(b"%d" % number) for number in range(5)),
                out.events(), back.events(), back.none(), back.events(), back.none(),
                out.send(b"a", b"b"), back.none(), back.none())


@scenario
def inproc_connect_before_bind():
    for binder, connecter in COUPLES:
        context = Context()
        peer = context.socket(connecter, LINGER=0)
        if connecter == SUB:
            peer.set("SUBSCRIBE", b"")
        say(NAMES[binder], NAMES[connecter], peer.connect(), peer.connect(), peer.events(),
            peer.send(b"1"), peer.send(b"2"), peer.events(), peer.last())
        bound = context.socket(binder, LINGER=0)
        if binder == SUB:
            bound.set("SUBSCRIBE", b"")
        got = bound.bind(), bound.events(), bound.none(), bound.none(), bound.none()
        say(*[[len(part) if part[:1] == b"\0" else part for part in one] if isinstance(one, list)
              else one for one in got])
        say(peer.disconnect(), peer.disconnect(), peer.events(), bound.events())
        say(bound.unbind(), bound.unbind(), bound.events(), peer.close(), bound.close(), context.term())


@scenario
def inproc_names():
    context = Context()
    one, two, three = (context.socket(PAIR) for _ in range(3))
    say(one.bind("inproc://x"), two.bind("inproc://x"), one.bind("inproc://x"),
        one.bind("inproc://y"), one.last(), two.bind("inproc://y"))
    say(one.unbind("inproc://z"), one.disconnect("inproc://x"), one.unbind("inproc://x"),
        two.bind("inproc://x"), two.last(), one.close())
    say(three.connect("inproc://x"), three.last(), three.send(b"a"), two.none(),
        two.unbind("inproc://x"), three.send(b"b"), two.none(), two.send(b"c"), three.none())
    say(three.disconnect("inproc://x"), three.send(b"d"), two.send(b"e"), two.events(), three.events())
    say(two.close(), three.close(), context.term())
    context = Context()
    one, two = context.socket(DEALER), context.socket(DEALER)
    say(one.bind(), one.connect(), one.events(), one.send(b"self"), one.none(), one.none())
    say(two.connect(), two.send(b"x"), one.none(), one.unbind(), one.events(), one.unbind(), one.unbind())
    say(one.send(b"1"), one.send(b"2"), one.none(), one.none(), two.none(), two.none())
    say(one.disconnect(), one.events())
    other = Context()
    foreign = other.socket(DEALER, LINGER=0)
    say(foreign.connect(), foreign.send(b"f"), one.none(), foreign.bind("inproc://w"), one.bind("inproc://w"))


@scenario
def inproc_rebind_and_reconnect():
    context = Context()
    pull, push = context.socket(PULL), context.socket(PUSH)
    say(pull.bind(), push.connect(), push.connect(), push.send(b"1"), push.send(b"2"), pull.none(),
        pull.none())
    say(push.disconnect(), push.disconnect(), push.events(), push.send(b"3"))
    say(push.connect(), push.send(b"4"), pull.none(), pull.close())
    say(until(lambda: push.events() == "-"), push.send(b"5"))
    pull = context.socket(PULL)
    say(until(lambda: pull.bind() == 0), push.send(b"6"), push.events(), pull.none())
    say(push.connect(), push.send(b"7"), pull.none(), push.close(), pull.none(), pull.close(), context.term())
    for kind in (DEALER, SUB, PUB, REQ, PUSH, PULL, PAIR, ROUTER):
        context = Context()
        bound = context.socket({DEALER: ROUTER, SUB: XPUB, PUB: SUB, REQ: ROUTER, PUSH: PULL, PULL: PUSH,
                                PAIR: PAIR, ROUTER: DEALER}[kind], LINGER=0)
        peer = context.socket(kind, LINGER=0)
        say(NAMES[kind], bound.bind(), peer.connect(), peer.connect(), peer.disconnect(),
            peer.disconnect(), peer.disconnect())


@scenario
def inproc_close_with_messages():
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"1"), push.send(b"2", b"3"), push.send(b"cut", flags=DONTWAIT | SNDMORE), push.close())
    say(pull.recv(), pull.recv(), pull.none(), pull.events(), pull.close(), context.term())
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"1"), pull.close(), until(lambda: push.events() == "-"), push.send(b"2"), push.close(),
        context.term())
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"1"), push.send(b"2"), push.disconnect(), pull.recv(), pull.recv(), pull.none())
    context, pull, push = couple(PUSH, PULL)
    say(pull.send(b"1"), pull.send(b"2"), push.none(), push.disconnect(), push.none(), push.events())
    context = Context()
    push = context.socket(PUSH)
    say(push.connect(), push.send(b"early"), push.close(), context.term())
    context = Context()
    push = context.socket(PUSH)
    say(push.connect(), push.send(b"early"), push.close())
    pull = context.socket(PULL)
    say(pull.bind(), pull.recv(limit=500), pull.close(), context.term())
    context = Context()
    push = context.socket(PUSH, LINGER=0)
    say(push.connect(), push.send(b"early"), push.close())
    pull = context.socket(PULL)
    say(pull.bind(), pull.recv(limit=500), pull.close(), context.term())


def next_pair(context, one):
    """A peer of a PAIR that has just lost one: libzmq turns peers away until it has heard twice."""
    peers = []

    def let_in():
        if peers:
            peers.pop().close()
        peers.append(context.socket(PAIR, LINGER=0))
        peers[0].connect()
        return one.events() == "O"
    say(until(let_in))
    return peers[0]


@scenario
def inproc_second_pair():
    context = Context()
    one, two, three = (context.socket(PAIR, LINGER=0) for _ in range(3))
    say(one.bind(), two.connect(), three.connect(), one.events(), two.events())
    say(until(lambda: three.events() == "-"), three.send(b"3"), two.send(b"2"), one.recv(), one.none())
    say(two.close(), until(lambda: one.events() == "-"), one.send(b"x"))
    four = next_pair(context, one)
    say(four.send(b"4"), one.recv(), one.send(b"y"), four.recv(), three.none())
    context = Context()
    one, two, three = (context.socket(PAIR, LINGER=0) for _ in range(3))
    say(one.bind("inproc://a"), two.bind("inproc://b"), three.connect("inproc://a"),
        three.connect("inproc://b"), three.send(b"1"), three.send(b"2"), one.none(), one.none(), two.none(),
        two.events())
