# SPDX-License-Identifier: GPL-2.0-only
"""zmq_msg_*() and vectors."""

import ctypes as C

from .library import (DONTWAIT, Message, PAIR, PULL, PUSH, SNDMORE, Z, couple, error, result, say,
                      scenario)


@scenario
def msg_lifecycle():
    message, copy = Message(), Message()
    m, c = C.byref(message), C.byref(copy)
    say(result(Z.zmq_msg_init(m)), Z.zmq_msg_size(m), Z.zmq_msg_more(m), result(Z.zmq_msg_close(m)),
        result(Z.zmq_msg_close(m)))
    C.memset(m, 0, 64)
    say(result(Z.zmq_msg_close(m)))
    Z.zmq_msg_init(m)
    C.memset(c, 0, 64)
    say(result(Z.zmq_msg_copy(c, m)), result(Z.zmq_msg_copy(m, c)), result(Z.zmq_msg_move(c, m)),
        result(Z.zmq_msg_move(m, c)))
    for size in (0, 1, 29, 30, 33, 34, 100, 70000):
        say(size, result(Z.zmq_msg_init_size(m, C.c_size_t(size))), Z.zmq_msg_size(m),
            result(Z.zmq_msg_get(m, 3)), result(Z.zmq_msg_init(c)), result(Z.zmq_msg_copy(c, m)),
            result(Z.zmq_msg_get(m, 3)), result(Z.zmq_msg_get(c, 3)), result(Z.zmq_msg_close(m)),
            result(Z.zmq_msg_get(c, 3)), Z.zmq_msg_size(c), Z.zmq_msg_init(m),
            result(Z.zmq_msg_move(m, c)), Z.zmq_msg_size(c),
            Z.zmq_msg_size(m), result(Z.zmq_msg_get(m, 1)), result(Z.zmq_msg_get(m, 2)), result(Z.zmq_msg_get(m, 9)),
            result(Z.zmq_msg_set(m, 1, 1)), Z.zmq_msg_gets(m, b"User-Id"), error(), result(Z.zmq_msg_close(m)),
            result(Z.zmq_msg_close(c)))
    say(result(Z.zmq_msg_init_size(m, C.c_size_t(2 ** 63))), result(Z.zmq_msg_init(m)), result(Z.zmq_msg_move(m, m)),
        result(Z.zmq_msg_copy(m, m)))


@scenario
def msg_free_function():
    calls = []
    kind = C.CFUNCTYPE(None, C.c_void_p, C.c_void_p)
    free = kind(lambda data, hint: calls.append(hint))
    data = C.create_string_buffer(b"d" * 100)
    message, copy = Message(), Message()
    m, c = C.byref(message), C.byref(copy)
    for function, hint in ((free, 5), (kind(), 6)):
        say(result(Z.zmq_msg_init_data(m, data, C.c_size_t(100), function, C.c_void_p(hint))),
            result(Z.zmq_msg_get(m, 3)), Z.zmq_msg_init(c), result(Z.zmq_msg_copy(c, m)), result(Z.zmq_msg_get(m, 3)),
            Z.zmq_msg_data(m) == Z.zmq_msg_data(c) == C.addressof(data), result(Z.zmq_msg_close(m)), list(calls),
            result(Z.zmq_msg_close(c)), calls)
    context, pull, push = couple(PULL, PUSH)
    del calls[:]
    Z.zmq_msg_init_data(m, data, C.c_size_t(100), free, C.c_void_p(7))
    Z.zmq_msg_init(c)
    say(Z.zmq_msg_copy(c, m), result(Z.zmq_msg_send(m, push.handle, 0)), Z.zmq_msg_size(m), pull.recv() == [data.raw[:100]],
        list(calls), result(Z.zmq_msg_send(c, push.handle, 0)), pull.recv() == [data.raw[:100]], calls)
    say(result(Z.zmq_msg_send(m, pull.handle, 0)), Z.zmq_msg_init_size(m, C.c_size_t(3)), result(Z.zmq_msg_send(m, pull.handle, 0)),
        Z.zmq_msg_size(m))
    say(result(Z.zmq_msg_recv(m, push.handle, 0)), Z.zmq_msg_size(m), result(Z.zmq_msg_recv(m, pull.handle, DONTWAIT)),
        Z.zmq_msg_size(m))
    say(push.send(b"abc", b"d"), result(Z.zmq_msg_recv(m, pull.handle, 0)), Z.zmq_msg_more(m), Z.zmq_msg_get(m, 1),
        result(Z.zmq_msg_recv(m, pull.handle, 0)), Z.zmq_msg_more(m))
    say(push.send(b"0123456789"), Z.zmq_recv(pull.handle, data, C.c_size_t(4), 0), data.raw[:6],
        push.send(b""), Z.zmq_recv(pull.handle, None, C.c_size_t(0), 0))


@scenario
def msg_forwarding():
    # A message received with MORE is sent on: the flag of the call counts.
    context, pull, push = couple(PULL, PUSH)
    second, third = context.socket(PAIR), context.socket(PAIR)
    second.bind("inproc://b")
    third.connect("inproc://b")
    push.send(b"1", b"2")
    message = Message()
    m = C.byref(message)
    Z.zmq_msg_init(m)
    say(result(Z.zmq_msg_recv(m, pull.handle, 0)), Z.zmq_msg_more(m), result(Z.zmq_msg_send(m, second.handle, 0)), third.none(),
        Z.zmq_msg_more(m), pull.none())


@scenario
def iov():
    class Vector(C.Structure):
        _fields_ = [("base", C.c_void_p), ("size", C.c_size_t)]
    context, pull, push = couple(PULL, PUSH)
    vectors = (Vector * 3)()
    texts = [C.create_string_buffer(text) for text in (b"one", b"", b"three")]
    for vector, text in zip(vectors, texts):
        vector.base, vector.size = C.addressof(text), len(text) - 1
    say(result(Z.zmq_sendiov(push.handle, vectors, C.c_size_t(3), SNDMORE)), pull.recv())
    say(result(Z.zmq_sendiov(push.handle, vectors, C.c_size_t(3), 0)), pull.recv(), pull.none(), pull.none())
    say(result(Z.zmq_sendiov(push.handle, vectors, C.c_size_t(3), SNDMORE)))
    got, count = (Vector * 5)(), C.c_size_t(5)
    say(result(Z.zmq_recviov(pull.handle, got, C.byref(count), 0)), count.value,
        [C.string_at(got[n].base, got[n].size) if got[n].size else b"" for n in range(count.value)])
    say(result(Z.zmq_recviov(pull.handle, got, C.byref(count), DONTWAIT)), count.value)
    Z.zmq_sendiov(push.handle, vectors, C.c_size_t(3), SNDMORE)
    count = C.c_size_t(2)
    say(result(Z.zmq_recviov(pull.handle, got, C.byref(count), DONTWAIT)), count.value, pull.none())
