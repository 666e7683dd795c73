# SPDX-License-Identifier: GPL-2.0-only
"""Fair queueing and load balancing."""

from .library import Context, DONTWAIT, PULL, PUSH, SNDMORE, couple, say, scenario, until, ways


@scenario
def fair_queue():
    for transport in ways():
        context = Context()
        pull = context.socket(PULL)
        pull.bind(transport)
        pushes = [context.socket(PUSH, LINGER=0) for _ in range(3)]
        for number, push in enumerate(pushes):
            push.connect(transport)
            for turn in range(4):
                push.send(b"%d%d" % (number, turn), b"x")
        if transport[:3] == "inp":
            say(*[pull.recv()[0].decode() for _ in range(12)], pull.none())
        else:
            say(sorted(pull.recv()[0].decode() for _ in range(12)), pull.none())


@scenario
def load_balance():
    context = Context()
    push = context.socket(PUSH, LINGER=0, SNDHWM=2)
    pulls = [context.socket(PULL, LINGER=0, RCVHWM=1) for _ in range(3)]
    for number, pull in enumerate(pulls):
        pull.bind(f"inproc://{number}")
        push.connect(f"inproc://{number}")
    say(*[push.send(b"%d" % number, b"x") for number in range(7)])
    for pull in pulls:
        say(pull.none(), pull.none(), pull.none(), pull.none())
    say(push.send(b"a", flags=DONTWAIT | SNDMORE), pulls[0].events(), pulls[1].events(), pulls[2].events(),
        push.send(b"b"), *[pull.none() for pull in pulls])
    say(*[push.send(b"%d" % number) for number in range(12)])
    say(*[push.events(), push.send(b"a", b"b"), pulls[1].close(), pulls[0].drain(), pulls[2].drain(), push.fill(100)])


@scenario
def lb_peer_goes_mid_message():
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"a", flags=DONTWAIT | SNDMORE), pull.close(), until(lambda: push.events() == "-", 0.5),
        push.send(b"b"), push.events(), push.send(b"c"))
    context, pull, push = couple(PULL, PUSH)
    say(push.send(b"a", flags=DONTWAIT | SNDMORE), push.disconnect(), push.send(b"b"), pull.none(), push.send(b"c"))
