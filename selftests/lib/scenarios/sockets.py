# SPDX-License-Identifier: GPL-2.0-only
"""What any socket does: errors, directions, time limits."""

import ctypes as C
import signal

from .library import (Context, IN, Message, NAMES, OUT, PAIR, PULL, PUSH, ROUTER, Z, couple, result,
                      say, scenario)


@scenario
def errors_of_sockets():
    context = Context()
    for kind in (-1, 12, 13, 14, 19, 20, 21, 99):
        say("socket", kind, context.socket(kind).failed if kind in (-1, 21, 99) else "")
    fake = C.create_string_buffer(4096)
    for call in ("close",):
        say(call, result(getattr(Z, "zmq_" + call)(None)))
        say(call, result(getattr(Z, "zmq_" + call)(fake)))
    size = C.c_size_t(4)
    for handle in (None, fake):
        say(result(Z.zmq_bind(handle, b"inproc://a")), result(Z.zmq_connect(handle, b"inproc://a")),
            result(Z.zmq_unbind(handle, b"inproc://a")),
            result(Z.zmq_disconnect(handle, b"inproc://a")),
            result(Z.zmq_send(handle, b"", C.c_size_t(0), 0)),
            result(Z.zmq_send_const(handle, b"", C.c_size_t(0), 0)),
            result(Z.zmq_recv(handle, None, C.c_size_t(0), 0)),
            result(Z.zmq_setsockopt(handle, 17, C.byref(C.c_int(0)), size)),
            result(Z.zmq_getsockopt(handle, 17, C.byref(C.c_int(0)), C.byref(size))),
            result(Z.zmq_socket_monitor(handle, b"inproc://m", 65535)))
        message = Message()
        Z.zmq_msg_init(C.byref(message))
        say(result(Z.zmq_msg_send(C.byref(message), handle, 0)),
            result(Z.zmq_msg_recv(C.byref(message), handle, 0)),
            result(Z.zmq_sendmsg(handle, C.byref(message), 0)),
            result(Z.zmq_recvmsg(handle, C.byref(message), 0)))
        count = C.c_size_t(0)
        say(result(Z.zmq_sendiov(handle, None, C.c_size_t(0), 0)),
            result(Z.zmq_recviov(handle, None, C.byref(count), 0)))
    pair = context.socket(PAIR)
    say(result(Z.zmq_sendiov(pair.handle, None, C.c_size_t(0), 0)),
        result(Z.zmq_recviov(pair.handle, None, C.byref(C.c_size_t(0)), 0)),
        result(Z.zmq_recviov(pair.handle, None, None, 0)))
    say(result(Z.zmq_unbind(pair.handle, None)), result(Z.zmq_disconnect(pair.handle, None)))
    say(result(Z.zmq_proxy(None, None, None)), result(Z.zmq_proxy(pair.handle, None, None)))
    say(pair.close(), context.term())


@scenario
def wrong_directions():
    context = Context()
    for kind in range(12):
        socket = context.socket(kind, LINGER=0)
        say(NAMES[kind], socket.events(), socket.send(b"x"), socket.send(b"x", b"y"), socket.none(),
            socket.events(), socket.wait(IN, 0), socket.wait(OUT, 0))
        socket.close()


@scenario
def timeouts():
    context, pull, push = couple(PULL, PUSH, b_RCVTIMEO=50, c_SNDTIMEO=50, b_RCVHWM=1, c_SNDHWM=1)
    say(result(Z.zmq_recv(pull.handle, None, C.c_size_t(0), 0)), push.fill(), push.send(b"x", flags=0), pull.set("RCVTIMEO", 0),
        pull.drain(), result(Z.zmq_recv(pull.handle, None, C.c_size_t(0), 0)))
    router = context.socket(ROUTER, SNDTIMEO=50, MANDATORY=1)
    say(router.send(b"x", b"y", flags=0))
    signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    pair = context.socket(PAIR)
    say(result(Z.zmq_recv(pair.handle, None, C.c_size_t(0), 0)))
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    say(pair.send(b"x", flags=0))
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    say(pair.wait(IN, -1))
