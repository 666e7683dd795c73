# SPDX-License-Identifier: GPL-2.0-only
"""Options: lengths, values, defaults of every type."""

import struct

from .library import Context, NAMES, say, scenario

SECURITY = (*range(43, 51), 55, *range(62, 66), 90, 91)


@scenario
def errors_of_options():
    context = Context()
    for kind in range(12):
        socket = context.socket(kind)
        bad = []
        for option in list(range(0, 93)):
            if option in (14, 32) or option in SECURITY:
                continue
            row = []
            for value in (None, b"", struct.pack("i", -2), struct.pack("i", -1),
                          struct.pack("i", 0), struct.pack("i", 1), struct.pack("i", 2), b"abc",
                          struct.pack("q", 1), b"a" * 255, b"a" * 256):
                if option in (5, 55, 72, 61) and value == b"a" * 255:
                    value = b"a" * 254
                row.append(socket.set(option, value))
            if set(row) != {"EINVAL"}:
                bad.append(f"{option}:{','.join(str(one) for one in row)}")
        for line in bad:
            say(NAMES[kind], line)
        for option in range(0, 93):
            if option in (14, 32, 8, 11, 12, 85, 86, 87) or option in SECURITY:
                continue
            row = [str(socket.get(option, size)) for size in (0, 3)]
            if set(row) != {"EINVAL"}:
                say(NAMES[kind], "get", option, *row)
        socket.close()


@scenario
def defaults_of_options():
    context = Context()
    for kind in range(12):
        socket = context.socket(kind)
        row = []
        for option in range(0, 93):
            if option in (14, 32) or option in SECURITY:
                continue
            for size in (4, 8, 256):
                value = socket.get(option, size)
                if value != "EINVAL":
                    row.append(f"{option}={value}")
                    break
        say(NAMES[kind], *row)
        say(socket.get("LAST_ENDPOINT"), socket.get("ROUTING_ID"), socket.events())
        socket.close()
