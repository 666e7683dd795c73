# SPDX-License-Identifier: GPL-2.0-only
"""Functions beside sockets: z85, counters, timers, names of errors."""

import ctypes as C

from .library import Z, error, result, say, scenario


@scenario
def helpers():
    say(*[result(Z.zmq_has(name)) for name in (b"ipc", b"draft", b"vmci", b"xx", b"")])
    for number in (1, 4, 11, 22, 156384763, 156384764, 156384765, 156384766, 156384717, 0, 99999):
        say(C.string_at(Z.zmq_strerror(number)))
    out = C.create_string_buffer(100)
    Z.zmq_z85_encode.restype = Z.zmq_z85_decode.restype = C.c_void_p
    say(Z.zmq_z85_encode(out, b"abc", C.c_size_t(3)), error(), C.string_at(Z.zmq_z85_encode(out, b"abcd", C.c_size_t(4))),
        Z.zmq_z85_decode(out, b"abc"), error(), Z.zmq_z85_decode(out, b"~~~~~"), error())
    counter = C.c_void_p(C.cast(Z.zmq_atomic_counter_new, C.CFUNCTYPE(C.c_void_p))())
    say(Z.zmq_atomic_counter_inc(counter), Z.zmq_atomic_counter_value(counter), Z.zmq_atomic_counter_dec(counter))
    timers = C.c_void_p(Z.zmq_timers_new())
    Z.zmq_timers_timeout.restype = C.c_long
    say(result(Z.zmq_timers_timeout(timers)), result(Z.zmq_timers_add(timers, C.c_size_t(5), None, None)),
        result(Z.zmq_timers_cancel(timers, 5)), result(Z.zmq_timers_execute(timers)), result(Z.zmq_timers_execute(None)),
        result(Z.zmq_timers_cancel(None, 1)), result(Z.zmq_timers_reset(timers, 3)), result(Z.zmq_timers_set_interval(timers, 3, C.c_size_t(1))))
