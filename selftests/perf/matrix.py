# SPDX-License-Identifier: GPL-2.0-only
"""What is measured: rows, libraries, targets."""

import dataclasses

# Column, program, preload of our library.
LIBRARIES = {
    "raw": ("raw sockets", "raw"),
    "libzmq": ("libzmq", "zmq"),
    "plain": ("AF_ZMQ plain", "af"),
    "packed": ("AF_ZMQ packed", "packed"),
    "shim": ("libzmq API on AF_ZMQ", "zmq"),
    "nng": ("nng", "nng"),
    "nanomsg": ("nanomsg", "nanomsg"),
}
OURS = ("plain", "packed", "shim")
VIEWS = {"instructions": "instructions of both ends",
         "wall": "nanoseconds on the clock, two processors"}

SIZES = {1: "1 B", 10: "10 B", 256: "256 B", 1024: "1 KB", 65536: "64 KB", 1048576: "1 MB"}
BUDGET = {"instructions": 12e6, "wall": 20e6}  # of libzmq's instructions in a cell
QUICK = 0.8


@dataclasses.dataclass
class Target:
    """The cost of a library is at most so much of another's."""
    library: str
    most: float
    of: str = "libzmq"
    row: str = ""               # the other's row, if not the same
    more: bool = False          # at most so much more than, not times


@dataclasses.dataclass
class Row:
    """One line of the table."""
    name: str
    title: str
    scenario: str
    transport: str
    settings: dict
    cost: float                 # instructions of libzmq for one operation, roughly
    unit: str = "message"
    targets: list = dataclasses.field(default_factory=list)
    views: tuple = tuple(VIEWS)
    least: int = 20             # operations
    step: int = 1               # operations are a multiple of it
    burst: int = 1              # packed: as many times more at least, or a call has few
    quick: bool = False
    libraries: tuple = tuple(LIBRARIES)

    def count(self, library, view, factor):
        """How many operations to measure, how many before."""
        cost = self.cost / 6 if library == "packed" and self.cost < 3e3 else self.cost
        if library in ("nng", "nanomsg"):
            cost *= 8           # they take their time
        least = self.least * (self.burst if library == "packed" else 1)
        count = max(least, BUDGET[view] * factor / cost)
        if count >= 100:        # two digits
            digit = 10 ** (len(str(int(count))) - 2)
            count = count // digit * digit
        count = max(self.step, int(count) // self.step * self.step)
        return count, max(10, count // 5) // self.step * self.step or self.step

    def arguments(self, library, view, factor):
        """Of the program."""
        count, warmup = self.count(library, view, factor)
        settings = {"count": count, "warmup": warmup, **self.settings}
        return [self.scenario, self.transport] + [f"{k}={v}" for k, v in settings.items()]


def transfer_cost(size, fixed):
    """Instructions of libzmq for a message, roughly."""
    return fixed + size * 4


def latency_rows():
    """One way, half a round trip between two PAIR sockets."""
    targets = {("tcp", 1): [Target("plain", 0.40), Target("shim", 0.40),
                            Target("plain", 1.15, "raw"), Target("shim", 1.15, "raw")],
               ("ipc", 1): [Target("plain", 0.30), Target("shim", 0.30)],
               ("inproc", 1): [Target("plain", 0.55), Target("shim", 0.55)]}
    for transport in ("tcp", "ipc", "inproc"):
        for size, text in SIZES.items():
            fixed = 10000 if transport == "inproc" else 40000
            yield Row(f"latency/{transport}/{size}", f"latency, {transport}, {text}", "lat",
                      transport, {"size": size}, 2 * transfer_cost(size, fixed),
                      targets=targets.get((transport, size), []),
                      quick=size in (1, 65536))


def throughput_rows():
    """PUSH to PULL."""
    targets = {("tcp", 10): [Target("shim", 1 / 5), Target("packed", 1 / 10)],
               ("tcp", 65536): [Target("plain", 1 / 1.4), Target("shim", 1 / 1.4),
                                Target("plain", 1 / 0.9, "raw"), Target("shim", 1 / 0.9, "raw")],
               ("inproc", 10): [Target("shim", 1 / 2), Target("packed", 1 / 2)],
               ("inproc", 65536): [Target("plain", 1 / 0.5), Target("shim", 1 / 0.5)]}
    for transport in ("tcp", "ipc", "inproc"):
        for size, text in SIZES.items():
            yield Row(f"throughput/{transport}/{size}", f"throughput, {transport}, {text}",
                      "thr", transport, {"size": size}, transfer_cost(size, 2000),
                      targets=targets.get((transport, size), []),
                      quick=size in (10, 65536))


def pattern_rows():
    """Patterns beyond PAIR and PUSH/PULL."""
    yield Row("multipart/tcp", "10 parts of 100 B, PUSH/PULL, tcp", "thr", "tcp",
              {"size": 100, "parts": 10}, 16000, quick=True)
    yield Row("polled/tcp", "zmq_poll before each message, 10 B, tcp", "thr", "tcp",
              {"size": 10, "polled": 1}, 5000, libraries=("libzmq", *OURS), quick=True)
    yield Row("reqrep/tcp", "REQ/REP round trip, 10 B, tcp", "reqrep", "tcp", {"size": 10},
              80000, unit="round trip", quick=True)
    yield Row("dealer/tcp", "DEALER/ROUTER, 100 under way, 10 B, tcp", "dealer", "tcp",
              {"size": 10}, 7000, unit="round trip", quick=True)


PEERS = (1, 10, 100, 1000)
SUBSCRIPTIONS = (1, 100, 10000, 100000)
# nng and nanomsg throw away what a slow subscriber cannot take.
KEEPING = ("raw", "libzmq", "plain", "packed", "shim")
FLAT = 1.2
PER_CONNECTION = 4096           # bytes of an end, beyond the TCP socket


def flat(first):
    """No more per message than with one peer or subscription."""
    return [Target(name, FLAT, name, first) for name in OURS]


def publish_rows():
    """A publisher and many subscribers."""
    for match, text in ((100, "all"), (0, "none"), (1, "1 %")):
        for peers in PEERS:
            name = f"pub/{text.split()[0]}/{peers}"
            targets = []
            if peers == 100 and match == 100:
                targets = [Target("plain", 1 / 5), Target("shim", 1 / 5)]
            if peers == 1000 and match != 1:
                targets = flat(f"pub/{text}/1")
            deliveries = {100: peers, 0: 0.2, 1: max(1, peers / 100)}[match]
            yield Row(name, f"PUB to {peers:,} SUB, 10 B, {text} match", "fanout", "tcp",
                      {"size": 10, "peers": peers, "match": match}, 2500 * deliveries,
                      unit="delivery" if match == 100 else "publication", targets=targets,
                      # As many share a segment as there are.
                      least=200 if match == 100 and peers == 1000 else 20,
                      step=100 if match == 1 else 1, quick=match != 1 and peers in (1, 100),
                      libraries=KEEPING)


def subscription_rows():
    """Many subscriptions of one subscriber, each message matches one."""
    for subs in SUBSCRIPTIONS:
        yield Row(f"subs/{subs}", f"{subs:,} subscriptions, 10 B", "fanout", "tcp",
                  {"size": 10, "subs": subs}, 3000, quick=subs == 10000, libraries=KEEPING,
                  targets=flat("subs/1") if subs == SUBSCRIPTIONS[-1] else [])
    yield Row("subscribe", "a subscription, from SUB to XPUB", "subscribe", "tcp", {}, 5000,
              unit="subscription", libraries=KEEPING)


def peer_rows():
    """Many connections to one socket."""
    for peers in PEERS:
        yield Row(f"fanin/{peers}", f"{peers:,} PUSH to one PULL, 10 B", "fanin", "tcp",
                  {"size": 10, "peers": peers}, 4000, least=20000 + 20 * peers, step=peers, burst=4,
                  quick=peers == 100, targets=flat("fanin/1") if peers == 1000 else [],
                  libraries=KEEPING)
    yield Row("idle", "CPU of 1,000 peers, a message a second each", "idle", "tcp",
              {"peers": 1000, "count": 500}, 1, unit="second", views=("instructions",),
              libraries=KEEPING)
    # Not fewer: what other cells have left half used would be taken first.
    yield Row("memory/10000", "bytes of an idle connection, of 10,000", "memory", "tcp",
              {"peers": 10000, "count": 1, "warmup": 1}, 1, unit="connection",
              views=("instructions",), libraries=("raw", "libzmq", "plain", "shim"),
              targets=[Target("plain", 2 * PER_CONNECTION, "raw", more=True)])


def rows():
    """All of them."""
    return [*latency_rows(), *throughput_rows(), *pattern_rows(), *publish_rows(),
            *subscription_rows(), *peer_rows()]


def chosen(patterns, quick):
    """Those whose names start with one of the words."""
    return [row for row in rows()
            if (any(row.name.startswith(p) for p in patterns) if patterns
                else not quick or row.quick)]
