#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Passes quotes of one exchange on: nasdaq_feed.py TICKER...

Subscribes to "NASDAQ" at the tickers, puts the time before each quote and
publishes it to this machine's subscribers on ipc://nasdaq-feed.
"""

import sys
import time

import zmq


def main(tickers):
    """Passes quotes on until Ctrl-C."""
    context = zmq.Context()
    subscriber = context.socket(zmq.SUB)
    for ticker in tickers:
        subscriber.connect(ticker)
    subscriber.setsockopt_string(zmq.SUBSCRIBE, "NASDAQ")
    publisher = context.socket(zmq.PUB)
    publisher.bind("ipc://nasdaq-feed")
    print(f"pyzmq {zmq.pyzmq_version()}, libzmq {zmq.zmq_version()}", flush=True)
    passed = 0
    try:
        while True:
            quote = subscriber.recv_string()
            publisher.send_string(f"{time.strftime('%H:%M:%S')} {quote}")
            passed += 1
    except KeyboardInterrupt:
        print(f"interrupted after {passed} quotes", flush=True)
    context.destroy(linger=0)


if __name__ == "__main__":
    main(sys.argv[1:])
