#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the cells of a plan in the virtual machine; a line of JSON for each run.

    guest.py PLAN.json

A plan is a list of [cell, repetition, argument vector, environment].
"""

import json
import os
import re
import subprocess
import sys

LIMIT = 150     # seconds of the guest
UNSUPPORTED = 4


def measure(arguments, environment):
    """What came out: {"ns":, "count":} or {"error":}."""
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
    found = re.search(r"^ns=(-?\d+) count=(\d+)$", done.stdout, re.MULTILINE)
    return {"ns": int(found[1]), "count": int(found[2])} if found else {"error": done.stdout}


def main():
    """Prints the results as they come."""
    with open(sys.argv[1], encoding="utf-8") as file:
        plan = json.load(file)
    impossible = set()
    for cell, repetition, arguments, environment in plan:
        if cell in impossible:
            continue
        result = measure(arguments, environment)
        if "unsupported" in result:
            impossible.add(cell)
        print("\nCELL " + json.dumps([cell, repetition, result]), flush=True)


if __name__ == "__main__":
    main()
