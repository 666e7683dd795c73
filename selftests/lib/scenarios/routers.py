# SPDX-License-Identifier: GPL-2.0-only
"""ROUTER, and PROBE_ROUTER of others."""

import ctypes as C

from .library import (Context, DEALER, DONTWAIT, NAMES, REP, REQ, ROUTER, Z, couple, say, scenario,
                      short, tcp, until, ways)


@scenario
def router_ids():
    for first in ("bind", "connect"):
        for transport in ways():
            context = Context()
            router = context.socket(ROUTER, LINGER=0)
            one, two, three = (context.socket(DEALER, LINGER=0, **({"ROUTING_ID": name} if name else {}))
                               for name in (b"one", b"one", None))
            if first == "bind":
                router.bind(transport)
            say(first, transport.split(":")[0], one.connect(transport))
            if first == "connect":
                router.bind(transport)
            say(one.send(b"1"), short(router.recv()))
            say(two.connect(transport), three.connect(transport), three.send(b"3"), short(router.recv()),
                two.send(b"2"), short(router.recv(limit=300)))
            say(router.send(b"one", b"r"), one.recv(), two.recv(limit=100))
            say(router.recv(limit=100), one.close())


@scenario
def router_handover():
    for transport in ways():
        context = Context()
        router = context.socket(ROUTER, LINGER=0, HANDOVER=1)
        one, two = (context.socket(DEALER, LINGER=0, ROUTING_ID=b"same", RECONNECT_IVL=-1)
                    for _ in range(2))
        router.bind(transport)
        say(one.connect(transport), one.send(b"1"), router.recv(), two.connect(transport), two.send(b"2"),
            router.recv(), router.send(b"same", b"r"), two.recv(), one.recv(limit=200))
        say(until(lambda: one.events() == "-"), one.send(b"late"), router.recv(limit=200))


@scenario
def router_handover_with_waiting():
    _, router, one = couple(ROUTER, DEALER, b_HANDOVER=1, c_ROUTING_ID=b"same")
    context = _
    say(one.send(b"1"), one.send(b"2"), one.send(b"3"), router.recv())
    two = context.socket(DEALER, LINGER=0, ROUTING_ID=b"same")
    say(two.connect(), two.send(b"4"))
    say(*[short(router.recv(limit=200)) for _ in range(5)])


@scenario
def router_mandatory():
    for mandatory in (0, 1):
        context = Context()
        router = context.socket(ROUTER, LINGER=0, MANDATORY=mandatory)
        say(router.events(), router.bind(), router.events(), router.send(b"no", b"x"),
            router.send(b"no", b"x", b"y"), router.send(b"no"), router.send(b""), router.send(b"", b"x"),
            router.events())
        dealer = context.socket(DEALER, LINGER=0, ROUTING_ID=b"D")
        say(dealer.connect(), router.events(), router.send(b"D", b"x"), dealer.none(), router.send(b"D"),
            dealer.none(), router.send(b"D", b""), dealer.none(), router.send(b"D", b"", b"y"), dealer.none())
        say(dealer.close(), until(lambda: router.send(b"D", b"z") != 0, 0.3), router.set("MANDATORY", 2), router.set("MANDATORY", -1))


@scenario
def router_connect_id():
    for transport in ways():
        context = Context()
        dealer, router = context.socket(DEALER, LINGER=0), context.socket(ROUTER, LINGER=0, MANDATORY=1)
        dealer.bind(transport)
        say(router.set("CONNECT_ID", b"D"), router.connect(transport), router.send(b"D", b"hello"),
            dealer.recv(), dealer.send(b"back"), router.recv(), router.connect(transport),
            router.send(b"D", b"2"), dealer.recv(), router.set("CONNECT_ID", b"\0x"), router.set("CONNECT_ID", b""))
    context, router, rep = couple(REP, ROUTER)
    router, rep = rep, router


@scenario
def router_to_router():
    for first in ("bind", "connect"):
        _, one, two = couple(ROUTER, ROUTER, first, b_ROUTING_ID=b"one", c_ROUTING_ID=b"two", b_MANDATORY=1,
                             c_MANDATORY=1)
        say(first, one.events(), two.events(), one.send(b"two", b"a"), two.recv(), two.send(b"one", b"b"),
            one.recv(), one.send(b"zwei", b"x"))


@scenario
def router_events():
    _, router, dealer = couple(ROUTER, DEALER, c_ROUTING_ID=b"D")
    say(dealer.send(b"1", b"2"), router.events(), Z.zmq_recv(router.handle, None, C.c_size_t(0), DONTWAIT),
        router.get("RCVMORE"), router.events(), Z.zmq_recv(router.handle, None, C.c_size_t(0), DONTWAIT),
        router.get("RCVMORE"), router.events(), Z.zmq_recv(router.handle, None, C.c_size_t(0), DONTWAIT),
        router.get("RCVMORE"), router.events())
    say(Z.zmq_recv(router.handle, None, C.c_size_t(0), DONTWAIT), router.get("RCVMORE"))


@scenario
def probe_router():
    for connecter in (DEALER, REQ, ROUTER):
        for first in ("bind", "connect"):
            _, router, peer = couple(ROUTER, connecter, first, c_PROBE=1, c_ROUTING_ID=b"P")
            say(NAMES[connecter], first, router.recv(), router.none(), router.send(b"P", b"", b"a"),
                short(peer.none()), peer.events())
    _, dealer, router = couple(DEALER, ROUTER, b_PROBE=1, c_PROBE=1, b_ROUTING_ID=b"D")
    say(dealer.recv(), dealer.none(), router.recv(), router.none())
    _, one, two = couple(ROUTER, ROUTER, b_PROBE=1, c_PROBE=1, b_ROUTING_ID=b"1", c_ROUTING_ID=b"2")
    say(one.recv(), one.none(), two.recv(), two.none())
    _, rep, req = couple(REP, REQ, c_PROBE=1)
    say(rep.events(), rep.none(), req.send(b"q"), rep.recv(), rep.send(b"a"), req.recv())


@scenario
def probe_router_ipc():
    context = Context()
    router, dealer = context.socket(ROUTER, LINGER=0), context.socket(DEALER, LINGER=0, PROBE=1, ROUTING_ID=b"P")
    _, way = ways()
    say(router.bind(way), dealer.connect(way), router.recv(),
        router.send(b"P", b"x"), dealer.recv())


@scenario
def tcp_ids():
    context, (router, endpoint) = tcp(ROUTER)
    for name in (b"x", b"x" * 255, b"\0zero"):
        dealer = context.socket(DEALER, LINGER=0, ROUTING_ID=name)
        say(dealer.connect(endpoint), dealer.send(b"1"), short(router.recv(limit=500)) == [name, b"1"], dealer.get("ROUTING_ID") == name)
        dealer.close()
