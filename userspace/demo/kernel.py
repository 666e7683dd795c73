# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel says about its sockets."""

ZMQ = "/proc/net/zmq"
STAT = "/proc/net/zmq_stat"
TCP = "/proc/net/tcp"
ESTABLISHED = "01"


def read(path):
    """The lines of a file; none if there is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except OSError:
        return []


def sockets():
    """A dictionary for each AF_ZMQ socket, its keys the columns' names."""
    head, *rows = [line.split() for line in read(ZMQ)] or [[]]
    last = len(head) - 1
    return [{**dict(zip(head, row)), "endpoints": " ".join(row[last:])} for row in rows]


def pipes(kind, endpoint):
    """How many peers the socket of a type has that has such an endpoint."""
    return sum(int(socket["pipes"]) for socket in sockets()
               if socket["type"] == kind and endpoint in socket["endpoints"])


def counter(name):
    """A counter of /proc/net/zmq_stat."""
    for line in read(STAT):
        key, value = line.split()
        if key == name:
            return int(value)
    return 0


def connections(port):
    """How many TCP connections a server's port has; -1 if data is under way."""
    count = 0
    for row in [line.split() for line in read(TCP)[1:]]:
        if row[3] != ESTABLISHED or f"{port:04X}" not in (row[1][-4:], row[2][-4:]):
            continue
        if row[4] != "00000000:00000000":
            return -1
        count += row[1].endswith(f":{port:04X}")
    return count
