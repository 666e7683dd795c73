#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measures AF_ZMQ beside raw sockets, libzmq and others in the virtual machine.

    bench.py run [--quick] [--view instructions|wall] [--repeat N] [--merge] [ROW...]
    bench.py show [FILE.json]
    bench.py rst [FILE.json]

ROW is how rows' names start; README.md explains the rest.
"""

import argparse
import datetime
import json
import os
import subprocess
import sys

import matrix
import plot
import report

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
VM = os.path.join(TREE, "selftests/vm/vm.py")
# What the library is told, too, if it is set here.
SETTINGS = ("AF_ZMQ_RING", "AF_ZMQ_PREFETCH")


def output(*command):
    """Of a command; "" if it cannot tell."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True,
                              cwd=TREE).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def installed(build):
    """The libraries there are programs for."""
    return [name for name, (_, program) in matrix.LIBRARIES.items()
            if os.path.exists(os.path.join(build, "bench", program))]


def command(build, library):
    """The program's argument vector and environment."""
    program = os.path.join(build, "bench", matrix.LIBRARIES[library][1])
    preload = {"LD_PRELOAD": os.path.join(build, "libzmq/libzmq.so.5")}
    preload.update({name: os.environ[name] for name in SETTINGS if name in os.environ})
    return [program], preload if library == "shim" else {}


def make_plan(build, rows, view, repeat, factor):
    """What the guest is to run; repetitions are apart, so that all cells see the same weather."""
    plan = []
    for repetition in range(repeat):
        for row in rows:
            for library in installed(build):
                if view not in row.views or library not in row.libraries:
                    continue
                program, environment = command(build, library)
                plan.append([f"{row.name} {library}", repetition,
                             program + row.arguments(library, view, factor), environment])
    return plan


def run_guest(args, view, plan, note):
    """All runs of the plan: {cell: {"values": [ns per operation...]} or {"missing": why}}."""
    path = os.path.join(args.build, "bench", f"plan-{view}.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(plan, file)
    vm = [VM, "run", "--kernel", args.kernel, "--timeout", str(args.timeout), "--quiet",
          "--console", os.path.join(args.build, "bench", f"console-{view}.log"),
          "--insmod", args.module]
    vm += ["--icount"] if view == "instructions" else ["--cpus", "2"]
    vm += ["--", "/usr/bin/python3", os.path.join(HERE, "guest.py"), view, path]
    cells = {cell: {"values": []} for cell, *_ in plan}
    with subprocess.Popen(vm, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        for line in process.stdout:
            if not line.startswith("CELL "):
                continue
            cell, repetition, result = json.loads(line[len("CELL "):])
            note(cell, repetition, result)
            if "total" in result:
                cells[cell]["values"].append(result["total"] / result["count"])
            else:
                cells[cell].update(result)
    for cell in cells.values():
        if not cell["values"] and "error" not in cell and "unsupported" not in cell:
            cell["error"] = f"no result (the virtual machine's exit code is {process.returncode})"
    if process.returncode:
        print(f"bench: the virtual machine's exit code is {process.returncode}", file=sys.stderr)
    return cells


def machine(args):
    """What was measured on."""
    version = output("dpkg-query", "-W", "-f", "${Version}", "libzmq5")
    return {"date": datetime.date.today().isoformat(),
            "commit": output("git", "log", "-1", "--format=%h", "--", "net", "include"),
            "kernel": output(VM, "kernel", "--kernel", args.kernel, "release"),
            "qemu": output("qemu-system-x86_64", "--version").splitlines()[0:1],
            "libzmq": version, "quick": args.quick, "repeat": args.repeat,
            "nng": output("dpkg-query", "-W", "-f", "${Version}", "libnng1"),
            "nanomsg": output("dpkg-query", "-W", "-f", "${Version}", "libnanomsg5")}


def run(args):
    """Measures, writes and shows; the results."""
    rows = matrix.chosen(args.rows, args.quick)
    results = {"machine": machine(args), "views": {}}
    for view in args.view or matrix.VIEWS:
        plan = make_plan(args.build, rows, view, args.repeat, matrix.QUICK if args.quick else 1)
        done = 0

        def note(cell, repetition, result):
            nonlocal done
            done += 1
            if sys.stderr.isatty() or args.verbose:
                value = f"{result['total'] / result['count']:.0f}" if "total" in result else result
                print(f"{view} {done}/{len(plan)} {cell} #{repetition}: {value}", file=sys.stderr)
        results["views"][view] = run_guest(args, view, plan, note)
    return merged(args, results) if args.merge else results


def merged(args, results):
    """The last results, with the cells of these."""
    with open(os.path.join(args.build, "bench", "results.json"), encoding="utf-8") as file:
        old = json.load(file)
    for view, cells in results["views"].items():
        old["views"].setdefault(view, {}).update(cells)
    return old


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("run", "show", "rst"))
    parser.add_argument("rows", nargs="*", metavar="ROW|FILE")
    parser.add_argument("--build", default=os.path.join(TREE, "build"))
    parser.add_argument("--module", default="")
    parser.add_argument("--kernel", default="6.1")
    parser.add_argument("--view", action="append", choices=tuple(matrix.VIEWS))
    parser.add_argument("--repeat", type=int, default=0, help="runs of each cell")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--merge", action="store_true",
                        help="keep the last results of all other cells")
    parser.add_argument("--verbose", action="store_true", help="each result as it comes")
    parser.add_argument("--timeout", type=int, default=5400, help="seconds, for each view")
    args = parser.parse_intermixed_args()
    args.build = os.path.abspath(args.build)
    args.repeat = args.repeat or (1 if args.quick else 3)
    if not args.module:
        release = output(VM, "kernel", "--kernel", args.kernel, "release")
        args.module = os.path.join(args.build, release, "af_zmq.ko")
    return args


def load(args):
    """Results of an earlier run."""
    path = args.rows[0] if args.rows else os.path.join(args.build, "bench", "results.json")
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    """The exit code."""
    args = parse()
    if args.action == "run":
        results = run(args)
        path = os.path.join(args.build, "bench", "results")
        with open(path + ".json", "w", encoding="utf-8") as file:
            json.dump(results, file, indent=1)
        with open(path + ".svg", "w", encoding="utf-8") as file:
            file.write(plot.svg(results))
        print(report.text(results))
        print(f"\n{path}.json, {path}.svg")
        return 1 if report.errors(results) else 0
    results = load(args)
    print(report.rst(results) if args.action == "rst" else report.text(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
