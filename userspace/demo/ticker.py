#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""A remote publisher of quotes: ticker.py ENDPOINT NAME

Publishes "EXCHANGE SYMBOL PRICE NAME" for exchanges of which NASDAQ is one.
"""

import random
import sys
import time

import zmq

EXCHANGES = ("LSE", "NASDAQ", "NYSE", "XETRA")
SYMBOLS = ("ANVL", "BOLT", "CRNK", "DRLL")
INTERVAL = 0.002    # seconds between quotes


def main(endpoint, name):
    """Publishes until Ctrl-C."""
    context = zmq.Context()
    publisher = context.socket(zmq.PUB)
    publisher.bind(endpoint)
    print(f"quoting {', '.join(EXCHANGES)} on {endpoint}", flush=True)
    quotes = 0
    try:
        while True:
            price = random.uniform(10, 500)
            publisher.send_string(f"{random.choice(EXCHANGES)} {random.choice(SYMBOLS)} "
                                  f"{price:.2f} {name}")
            quotes += 1
            time.sleep(INTERVAL)
    except KeyboardInterrupt:
        print(f"interrupted after {quotes} quotes", flush=True)
    context.destroy(linger=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
