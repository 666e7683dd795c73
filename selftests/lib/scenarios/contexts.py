# SPDX-License-Identifier: GPL-2.0-only
"""Contexts: options, errors, the end of them."""

import ctypes as C
import threading

from .library import (Context, DEALER, IN, PAIR, PULL, PUSH, Z, asleep, couple, error, result, say,
                      scenario, until)


@scenario
def errors_of_contexts():
    context = Context()
    for option in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 42, 70, 99, 0, -1):
        say("get", option, context.get(option))
    for option, value in ((1, 0), (1, 2), (1, -1), (2, 0), (2, -1), (2, 1), (2, 5), (3, -1),
                          (3, 1), (4, -1), (4, 0), (5, -1), (5, 0), (5, 7), (6, 1), (7, -1),
                          (7, 3), (8, 3), (8, 3), (8, -1), (9, 5), (10, 0), (10, 1), (10, 2),
                          (42, 1), (42, 2), (42, 0), (70, 0), (70, 2), (70, 1), (99, 1)):
        say("set", option, value, context.set(option, value), context.get(option))
    say(result(Z.zmq_ctx_term(None)), result(Z.zmq_ctx_shutdown(None)),
        result(Z.zmq_ctx_set(None, 1, 1)), result(Z.zmq_ctx_get(None, 1)),
        result(Z.zmq_ctx_destroy(None)), result(Z.zmq_term(None)))
    say(Z.zmq_init(-1), error(), Z.zmq_socket(None, 0), error())
    say(context.shutdown(), context.shutdown(), context.socket(PAIR).failed, context.term())


@scenario
def after_shutdown():
    context, pull, push = couple(PULL, PUSH)
    push.send(b"waits")
    say(context.shutdown(), pull.none(), push.send(b"x"), pull.events(), pull.get("TYPE"), pull.get("RCVMORE"), pull.get("FD"),
        pull.set("LINGER", 0), pull.get("LINGER"), pull.bind("inproc://n"), pull.connect("inproc://n"), pull.unbind(),
        push.disconnect(), pull.wait(IN, 0), result(Z.zmq_socket_monitor(pull.handle, b"inproc://m", 65535)),
        pull.last(), result(Z.zmq_socket_monitor(pull.handle, None, 0)), context.get(2), context.set(2, 10), context.get(1))
    say(pull.close(), push.close(), context.term())


@scenario
def term_wakes():
    for action in ("recv", "send", "poll", "proxy"):
        context = Context()
        socket = context.socket(DEALER)
        answer = []

        def run():
            if action == "recv":
                answer.append(result(Z.zmq_recv(socket.handle, None, C.c_size_t(0), 0)))
            elif action == "send":
                answer.append(socket.send(b"x", flags=0))
            elif action == "poll":
                answer.append(socket.wait(IN, -1))
            else:
                answer.append(result(Z.zmq_proxy(socket.handle, socket.handle, None)))
            answer.append(socket.close())
        thread = threading.Thread(target=run)
        thread.start()
        until(lambda: asleep(thread))
        ended = context.term()
        thread.join()
        say(action, ended, *answer)


@scenario
def term_with_pending_connects():
    context = Context()
    sockets = [context.socket(kind, LINGER=0) for kind in range(11)]
    for socket in sockets:
        say(socket.connect("inproc://nobody"))
    sockets[PUSH].send(b"x")
    for socket in sockets:
        socket.close()
    say(context.term())
    context = Context()
    socket = context.socket(PAIR)
    say(socket.connect("inproc://nobody"), socket.send(b"x"), socket.close(), context.term())


@scenario
def max_sockets():
    context = Context()
    say(context.set(2, 3))
    sockets = [context.socket(PAIR) for _ in range(5)]
    say(*[socket.failed for socket in sockets])
    say(context.set(2, 9), context.socket(PAIR).failed)
    sockets[0].close()
    say(until(lambda: context.socket(PAIR).failed is None), context.socket(PAIR).failed)
    context = Context()
    context.set(2, 2)
    one = context.socket(PAIR)
    say(result(Z.zmq_socket_monitor(one.handle, b"inproc://m", 65535)), context.socket(PAIR).failed)


@scenario
def io_threads_zero():
    context = Context()
    context.set(1, 0)
    one, two = context.socket(PAIR), context.socket(PAIR)
    say(one.bind(), two.connect(), one.send(b"x"), two.recv())


@scenario
def blocky_and_ipv6():
    context = Context()
    say(context.set(70, 0), context.socket(PUSH).get("LINGER"), context.set(42, 1), context.socket(PUSH).get(42),
        context.socket(PUSH).get(31), context.set(70, 1), context.socket(PUSH).get("LINGER"))


@scenario
def threads_close():
    context, pull, push = couple(PULL, PUSH)
    done = []
    thread = threading.Thread(target=lambda: done.append(push.close()))
    thread.start()
    thread.join()
    say(*done, pull.none(), pull.close(), context.term())
