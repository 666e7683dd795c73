# SPDX-License-Identifier: GPL-2.0-only
"""Tests as functions, results as TAP."""

import os
import sys
import time
import traceback

SLOW = int(os.environ.get("AF_ZMQ_SLOW", "1"))
LIMIT = 20 * SLOW           # seconds after which what must happen has not
TESTS = []


class Skip(Exception):
    """The test cannot be made here."""


def test(function, name=None):
    """Decorator: this function is a test; its first line says of what."""
    TESTS.append((name or function.__name__, function))
    return function


def until(condition, limit=None):
    """Looks again and again until condition() is true; what it says at last."""
    end = time.monotonic() + (limit or LIMIT)
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.002)


def run():
    """Runs all tests; ends the program."""
    failed = 0
    print(f"TAP version 13\n1..{len(TESTS)}", flush=True)
    for number, (name, function) in enumerate(TESTS, 1):
        try:
            function()
            print(f"ok {number} {name}", flush=True)
        except Skip as reason:
            print(f"ok {number} {name} # SKIP {reason}", flush=True)
        except Exception:       # pylint: disable=broad-except
            failed += 1
            for line in traceback.format_exc().splitlines():
                print("# " + line)
            print(f"not ok {number} {name}", flush=True)
    sys.exit(1 if failed else 0)
