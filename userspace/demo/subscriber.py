#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""A local subscriber of the feed: subscriber.py COUNT

Prints the first quotes and how many came from which ticker.
"""

import collections
import sys

import zmq

SHOWN = 2


def main(count):
    """Receives some quotes."""
    context = zmq.Context()
    subscriber = context.socket(zmq.SUB)
    subscriber.connect("ipc://nasdaq-feed")
    subscriber.setsockopt(zmq.SUBSCRIBE, b"")
    sources = collections.Counter()
    exchanges = set()
    for number in range(count):
        quote = subscriber.recv_string()
        _, exchange, _, _, source = quote.split()
        if number < SHOWN:
            print(quote, flush=True)
        exchanges.add(exchange)
        sources[source] += 1
    told = " and ".join(f"{sources[source]} from {source}" for source in sorted(sources))
    print(f"{count} quotes of {' '.join(sorted(exchanges))}: {told}", flush=True)
    context.destroy()


if __name__ == "__main__":
    main(int(sys.argv[1]))
