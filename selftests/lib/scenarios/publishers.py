# SPDX-License-Identifier: GPL-2.0-only
"""PUB, SUB, XPUB, XSUB."""

from .library import Context, NAMES, PUB, REQ, SUB, XPUB, XSUB, couple, say, scenario, ways


@scenario
def sub_topics():
    _, pub, sub = couple(PUB, SUB)
    for topic in (b"a", b"a", b"ab", b""):
        say(sub.set("SUBSCRIBE", topic))
    say(*[pub.send(data) for data in (b"a", b"ab", b"c", b"")], *[sub.none() for _ in range(5)])
    say(sub.set("UNSUBSCRIBE", b""), sub.set("UNSUBSCRIBE", b"a"), sub.set("UNSUBSCRIBE", b"never"),
        *[pub.send(data) for data in (b"a", b"ab", b"c", b"")], *[sub.none() for _ in range(3)])
    say(sub.set("UNSUBSCRIBE", b"a"), *[pub.send(data) for data in (b"a", b"ab", b"c", b"")],
        *[sub.none() for _ in range(3)])
    say(pub.send(b"ab", b"x"), pub.send(b"no", b"ab"), sub.none(), sub.none(), sub.events(), pub.events())
    say(sub.get("LINGER"), sub.set("LINGER", 5), sub.get("LINGER"), pub.get("LINGER"))
    say(pub.set("SUBSCRIBE", b"a"), sub.set("SUBSCRIBE", None), sub.send(b"x"), pub.none())
    for kind in (XSUB, REQ, XPUB):
        socket = _.socket(kind)
        say(NAMES[kind], socket.get("LINGER"), socket.set("SUBSCRIBE", b"x"), socket.set("UNSUBSCRIBE", b"x"))


@scenario
def xpub_messages():
    for options in ({}, {"VERBOSE": 1}, {"VERBOSER": 1}):
        for transport in ways():
            context = Context()
            xpub = context.socket(XPUB, LINGER=0, **options)
            one, two = context.socket(XSUB, LINGER=0), context.socket(SUB, LINGER=0)
            xpub.bind(transport)
            say(transport[:3], *options, one.connect(transport), one.send(b"\1a"), xpub.recv(), one.send(b"\1a"),
                xpub.recv(limit=150), two.connect(transport), two.set("SUBSCRIBE", b"a"), xpub.recv(limit=150),
                one.send(b"\0a"), xpub.recv(limit=150), two.set("UNSUBSCRIBE", b"a"), xpub.recv(limit=300),
                one.send(b"\0never"), xpub.recv(limit=300), xpub.events())
            say(one.send(b"user"), xpub.recv(), one.send(b""), xpub.recv(), one.send(b"\2x"), xpub.recv(),
                one.send(b"u", b"\1later", b"v"), xpub.recv(), xpub.recv(limit=150), one.send(b"\1p", b"q"),
                xpub.recv(), xpub.recv(limit=150))
            say(one.send(b"\1gone1"), one.send(b"\1gone2"), xpub.recv(), xpub.recv(), one.close(),
                sorted(filter(lambda x: not isinstance(x, str), (xpub.recv(limit=300) for _ in range(7)))))


@scenario
def xpub_manual():
    for transport in ways():
        context = Context()
        xpub = context.socket(XPUB, LINGER=0, MANUAL=1, WELCOME=b"W")
        one, two = context.socket(SUB, LINGER=0, SUBSCRIBE=b"W"), context.socket(SUB, LINGER=0)
        xpub.bind(transport)
        say(one.connect(transport), xpub.recv(), one.recv(), xpub.set("SUBSCRIBE", b"XA"), one.set("SUBSCRIBE", b"A"),
            one.set("SUBSCRIBE", b"X"), xpub.recv(), xpub.recv(), xpub.send(b"A"), xpub.send(b"XA"), one.recv(),
            one.none(), two.connect(transport), two.set("SUBSCRIBE", b"X"), xpub.recv(), xpub.send(b"XA"), one.recv(),
            two.recv(limit=150), xpub.set("SUBSCRIBE", b"XB"), xpub.send(b"XB"), two.recv(), one.none())
        say(two.set("UNSUBSCRIBE", b"X"), xpub.recv(), xpub.set("UNSUBSCRIBE", b"XB"), xpub.send(b"XB"),
            two.recv(limit=150), xpub.set("WELCOME", None), xpub.set("MANUAL", -1), xpub.set("SUBSCRIBE", b""))
        say(one.close(), sorted([xpub.recv(limit=300), xpub.recv(limit=100)]))
    pub = context.socket(PUB)
    say(pub.set("WELCOME", b"x"), pub.set("MANUAL", 1), pub.set("SUBSCRIBE", b"x"), pub.set("VERBOSE", 1),
        context.socket(XPUB).set("SUBSCRIBE", b"x"), context.socket(XPUB, MANUAL=1).set("SUBSCRIBE", b"x"))


@scenario
def xpub_nodrop():
    for kind in (XPUB, PUB):
        _, pub, sub = couple(kind, SUB, b_NODROP=1, b_SNDHWM=2, c_RCVHWM=2, c_SUBSCRIBE=b"a")
        say(NAMES[kind], pub.events(), pub.fill(20, b"a"), pub.events(), pub.send(b"b"), pub.send(b"a", b"x"), sub.none(),
            sub.none(), pub.fill(20, b"a"), pub.events(), sub.drain())
        _, pub, sub = couple(kind, SUB, b_SNDHWM=2, c_RCVHWM=2, c_SUBSCRIBE=b"a")
        say(pub.events(), pub.fill(20, b"a"), pub.events(), sub.drain(), pub.fill(20, b"a"), sub.drain())


@scenario
def xsub_inproc():
    _, xpub, xsub = couple(XPUB, XSUB, "connect")
    say(xsub.events(), xsub.send(b"\1a"), xpub.recv(), xpub.send(b"a1"), xpub.send(b"b1"), xsub.recv(), xsub.none(),
        xsub.send(b"\0a"), xpub.recv(), xpub.send(b"a2"), xsub.none(), xpub.events(), xsub.events())
    context = Context()
    xsub = context.socket(XSUB, LINGER=0)
    say(xsub.connect(), xsub.send(b"\1early"), xsub.send(b"\1early"), xsub.send(b"user"))
    xpub = context.socket(XPUB, LINGER=0, VERBOSE=1)
    say(xpub.bind(), xpub.none(), xpub.none(), xpub.none(), xpub.none())
    _, pub, xsub = couple(PUB, XSUB)
    say(xsub.send(b"\1"), xsub.send(b"user"), pub.none(), pub.send(b"x"), xsub.recv())
    _, xpub, xsub = couple(XPUB, XSUB)
    say(xsub.send(b"payload", b"\1in part", b"\0in part", b"end"), *[xpub.none() for _ in range(4)])
    say(xsub.send(b"\1first", b"payload"), *[xpub.none() for _ in range(4)])
    say(xpub.send(b"first"), xsub.none(), xpub.send(b"in part"), xsub.none())


@scenario
def invert_matching():
    _, pub, sub = couple(PUB, SUB, b_INVERT=1, c_INVERT=1, c_SUBSCRIBE=b"a")
    say(pub.send(b"a"), pub.send(b"b"), sub.none(), sub.none())


@scenario
def pub_multipart_full():
    _, pub, sub = couple(PUB, SUB, b_SNDHWM=1, c_RCVHWM=1, c_SUBSCRIBE=b"")
    for number in range(5):
        say(pub.send(b"%d" % number, b"x", b"y"))
    say(sub.none(), sub.none(), sub.none(), pub.send(b"6", b"7"), sub.none())
