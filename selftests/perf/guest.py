#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the cells of a plan in the virtual machine; a line of JSON for each run.

    guest.py instructions|wall PLAN.json

A plan is a list of [cell, repetition, argument vector, environment].
"""

import json
import os
import re
import subprocess
import sys
import time

LIMIT = 60      # seconds of the guest
# Connections that wait for their end would disturb the next cell. Where the
# guest's clock counts instructions waiting costs nothing.
TIME_WAIT = 65
LIMITS = {"net/core/somaxconn": 65535, "net/ipv4/tcp_max_syn_backlog": 65535,
          "net/ipv4/tcp_max_orphans": 65536, "fs/nr_open": 1048576}
UNSUPPORTED = 4


def measure(arguments, environment):
    """What came out: {"total":, "count":} or {"error":}."""
    try:
        done = subprocess.run(arguments, env={**os.environ, **environment}, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT, check=False)
    except subprocess.TimeoutExpired:
        return {"error": "time limit"}
    if done.returncode == UNSUPPORTED:
        return {"unsupported": done.stdout.strip().splitlines()[0]}
    if done.returncode:
        text = done.stdout.strip().replace("\n", "; ")
        return {"error": f"exit code {done.returncode}: {text}"[:200]}
    found = re.search(r"^total=(-?\d+) count=(\d+)$", done.stdout, re.MULTILINE)
    return {"total": int(found[1]), "count": int(found[2])} if found else {"error": done.stdout}


def main():
    """Prints the results as they come."""
    with open(sys.argv[2], encoding="utf-8") as file:
        plan = json.load(file)
    for name, value in LIMITS.items():
        with open(f"/proc/sys/{name}", "w", encoding="ascii") as file:
            file.write(str(value))
    counted = sys.argv[1] == "instructions"
    impossible = set()
    for cell, repetition, arguments, environment in plan:
        if cell in impossible:
            continue
        if any(re.fullmatch(r"peers=\d{3,}", argument) for argument in arguments):
            time.sleep(TIME_WAIT if counted else 1)
        result = measure(arguments, environment)
        if "unsupported" in result:
            impossible.add(cell)
        print("\nCELL " + json.dumps([cell, repetition, result]), flush=True)


if __name__ == "__main__":
    main()
