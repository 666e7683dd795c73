#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Static checks; none may say anything.  Output: TAP and totals.

    check.py --build BUILD [CHECK...]

Checks: sparse and W=1 builds of the module for each kernel, checkpatch
--strict on the C sources and headers.
"""

import argparse
import glob
import os
import re
import subprocess
import sys

from results import HERE, Totals
import kernels

TREE = os.path.dirname(HERE)
KERNELS = ("6.1", "6.12")
SHOWN = 200         # lines of findings
# Kernel code, uapi, and programs written in the kernel's style.
STYLED = ("net/zmq/**/*.[ch]", "include/**/*.h", "selftests/**/*.[ch]",
          "userspace/**/*.[ch]")
# Not applicable: lines end at 100 columns in checkpatch's own default; there is
# no MAINTAINERS file to update; user space has no kernel types or helpers.
IGNORED = "FILE_PATH_CHANGES,LINUX_VERSION_CODE"
IGNORED_IN_USERSPACE = (IGNORED + ",PREFER_KERNEL_TYPES,SPLIT_STRING,CONSTANT_COMPARISON,"
                        "ARRAY_SIZE,STRCPY,STRLCPY,VOLATILE,NEW_TYPEDEFS,AVOID_EXTERNS,"
                        "CAMELCASE,CONST_STRUCT,ENOSYS,USE_NEGATIVE_ERRNO,"
                        "PREFER_FALLTHROUGH,EXPORT_SYMBOL,COMPLEX_MACRO")


def build(build_dir, kernel, flags):
    """Messages of a build of the module from scratch with more checks."""
    variant = "-check-" + re.sub(r"\W+", "", flags[0])
    release = kernel.release + variant
    subprocess.run(["rm", "-rf", os.path.join(build_dir, release)], check=True)
    done = subprocess.run(["make", "-C", TREE, "module", f"KDIR={kernel.build}",
                           f"VARIANT={variant}", f"MODULE_FLAGS={' '.join(flags)}"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    findings = [line for line in done.stdout.splitlines()
                if re.search(r"\b(warning|error):|\bWARNING:|\bERROR:", line)]
    if done.returncode and not findings:
        findings = done.stdout.splitlines()[-30:]
    return [line.replace(os.path.join(build_dir, release, "source") + "/", "")
            for line in findings]


def styled_files():
    """All sources that checkpatch judges."""
    return sorted(path for pattern in STYLED
                  for path in glob.glob(pattern, root_dir=TREE, recursive=True)
                  if os.path.isfile(os.path.join(TREE, path)))


def checkpatch(files, ignored):
    """What checkpatch says about the files."""
    if not files:
        return []
    script = os.path.join(kernels.find_source(), "scripts/checkpatch.pl")
    done = subprocess.run([script, "--no-tree", "--strict", "--terse", "--show-types",
                           "--no-summary", "--max-line-length=100",
                           "--ignore", ignored, "-f", *files],
                          cwd=TREE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    findings = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode and not findings:
        findings = [f"checkpatch.pl: exit code {done.returncode}"]
    return findings


def all_checks(build_dir):
    """Name and function of each check."""
    for name in KERNELS:
        yield f"W=1 for {name}", lambda name=name: build(
            build_dir, kernels.find(name), ["W=1"])
        yield f"sparse for {name}", lambda name=name: build(
            build_dir, kernels.find(name), ["C=2", "CF=-D__CHECK_ENDIAN__"])
    yield "checkpatch of the kernel's part", lambda: checkpatch(
        [path for path in styled_files() if path.startswith(("net/", "include/"))], IGNORED)
    yield "checkpatch of programs", lambda: checkpatch(
        [path for path in styled_files() if not path.startswith(("net/", "include/"))],
        IGNORED_IN_USERSPACE)


def main():
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("checks", nargs="*")
    args = parser.parse_args()
    checks = [(name, check) for name, check in all_checks(args.build)
              if not args.checks or any(wanted in name for wanted in args.checks)]
    totals = Totals()
    print(f"TAP version 13\n1..{len(checks)}", flush=True)
    for number, (name, check) in enumerate(checks, 1):
        try:
            findings = check()
        except kernels.KernelError as error:
            findings = [str(error)]
        for line in findings[:SHOWN]:
            print("# " + line)
        if len(findings) > SHOWN:
            print(f"# ... {len(findings)} in all")
        print(f"{'not ' if findings else ''}ok {number} {name}", flush=True)
        totals += Totals(passed=not findings, failed=bool(findings))
    print(totals)
    return 1 if totals.failed else 0


if __name__ == "__main__":
    sys.exit(main())
