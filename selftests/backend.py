#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the tests of behaviour on a library instead of system calls.

As shim.py: on our libzmq.so.5.  As oracle.py: on the real one, which proves that
what the tests expect is what it does.
"""

import os
import re
import signal
import subprocess
import sys
import threading

PROGRAMS = ("options", "option_table", "type_table", "admission", "connecting",
            "patterns", "hwm", "fairness", "pubsub", "xpub", "linger", "reconnect",
            "reqrep", "router_options", "stream", "inproc", "inproc_patterns",
            "inproc_threads", "monitor", "metadata", "regress_pubsub", "regress_queue",
            "regress_router", "regress_time")
# Of drafts, which the real one has not.
DRAFTS = ("peer_types", "radio", "udp")
# Asks a connecting socket for its peers, which our library does not tell.
REAL_ONLY = ("xsub",)
SCRIPTS = ("interop.py", "socks.py", "wire.py")
HERE = os.path.dirname(os.path.abspath(__file__))
LIMIT = 120 * int(os.environ.get("AF_ZMQ_SLOW", "1"))    # seconds for a program in C
LONG = 5 * LIMIT        # for a script
RESULT = re.compile(r"(not )?ok \d+ (.*)")


def commands(backend):
    """Name and file of each program."""
    build = os.environ.get("AF_ZMQ_BUILD", os.path.join(HERE, "../build"))
    for name in PROGRAMS + (DRAFTS if backend == "shim" else REAL_ONLY):
        yield name, os.path.join(build, "selftests", name)
    if backend == "libzmq":
        for name in SCRIPTS:
            yield name, os.path.join(HERE, name)


def end(pid):
    """Kills a program and the test it is at."""
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = [int(child) for child in file.read().split()]
        for victim in (pid, *children):
            os.kill(victim, signal.SIGKILL)
    except OSError:
        pass


def main():
    """The exit code."""
    backend = {"shim.py": "shim", "oracle.py": "libzmq"}[os.path.basename(sys.argv[0])]
    os.environ["AF_ZMQ_BACKEND"] = backend
    count = failed = 0
    print("TAP version 13", flush=True)
    for name, path in commands(backend):
        print(f"# {name}", flush=True)
        with subprocess.Popen([path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True) as process:
            planned = seen = 0
            limit = threading.Timer(LONG if name in SCRIPTS else LIMIT, end, [process.pid])
            limit.start()
            for line in process.stdout:
                result = RESULT.match(line)
                if line.startswith("1.."):
                    planned = int(line[3:])
                elif result:
                    count += 1
                    seen += 1
                    failed += bool(result[1])
                    print(f"{result[1] or ''}ok {count} {name}: {result[2]}", flush=True)
                elif not re.match(r"# +(RUN|OK|SKIP) |TAP |# Starting|# Totals|# PASSED", line):
                    print(line, end="", flush=True)
            limit.cancel()
        if seen != planned or process.returncode < 0:
            count += 1
            failed += 1
            ended = signal.Signals(-process.returncode).name if process.returncode < 0 \
                else process.returncode
            print(f"not ok {count} {name}: {seen} results of {planned}, ended by {ended}",
                  flush=True)
    print(f"1..{count}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
