#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Static checks; none may say anything.  Output: TAP and totals.

    check.py --build BUILD [CHECK...]

Checks: a build of the module with W=1 and sparse for each kernel, checkpatch on all C
(--strict but for the library), the manual pages, the documents, and the module's pure
code as a program under address and undefined behaviour sanitizers.
"""

import argparse
import concurrent.futures
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
# Rules that do not hold everywhere: net/'s comment style of its own was given
# up in 6.9; only compat.h may know versions; a program has no kernel types,
# helpers or attributes, and tables of macros are no statements.
IGNORED = ["NETWORKING_BLOCK_COMMENT_STYLE"]
IN_COMPAT = IGNORED + ["LINUX_VERSION_CODE", "CONSTANT_COMPARISON", "NEW_TYPEDEFS"]
# TRACE_EVENT() is laid out as everywhere in the kernel.
IN_TRACE = IGNORED + ["OPEN_ENDED_LINE", "PARENTHESIS_ALIGNMENT"]
IN_PROGRAMS = IGNORED + ["ARRAY_SIZE", "AVOID_EXTERNS", "BIT_MACRO", "ENOSYS", "NEW_TYPEDEFS",
                         "PREFER_DEFINED_ATTRIBUTE_MACRO", "PREFER_FALLTHROUGH",
                         "PREFER_KERNEL_TYPES", "STRCPY", "STRLCPY", "STRNCPY", "VOLATILE"]
# Tests have tables by macros, and bytes beside bytes in strings.
IN_TESTS = IN_PROGRAMS + ["COMPLEX_MACRO", "MACRO_ARG_REUSE", "MACRO_WITH_FLOW_CONTROL",
                          "STRING_FRAGMENTS", "USE_NEGATIVE_ERRNO"]
IN_LIBRARY = IN_PROGRAMS + ["COMPLEX_MACRO", "EMBEDDED_FUNCTION_NAME",
                            "MACRO_WITH_FLOW_CONTROL", "MULTISTATEMENT_MACRO_USE_DO_WHILE",
                            "SPLIT_STRING", "STRING_FRAGMENTS", "TRAILING_SEMICOLON"]
# The table of functions is columns, not statements.
IN_TABLE = IN_LIBRARY + ["LEADING_SPACE", "LINE_SPACING", "SPACING"]
# Which sources (patterns, exceptions), and how strictly.
STYLE_CHECKS = (
    ("the module", ("net/**/*.[ch]", "include/**/*.h"),
     ("net/zmq/compat.h", "net/zmq/trace.h"), ["--strict"], IGNORED),
    ("trace.h", ("net/zmq/trace.h",), (), ["--strict"], IN_TRACE),
    ("compat.h", ("net/zmq/compat.h",), (), ["--strict"], IN_COMPAT),
    ("the tests", ("selftests/**/*.[ch]",), (), ["--strict"], IN_TESTS),
    ("the library and programs", ("userspace/**/*.[ch]",),
     ("userspace/libzmq/abi.h", "userspace/libzmq/shim.h"), [], IN_LIBRARY),
    ("abi.h", ("userspace/libzmq/abi.h", "userspace/libzmq/shim.h"), (), [], IN_TABLE),
)


def build(build_dir, kernel, flags):
    """Messages of a build of the module from scratch with more checks."""
    variant = "-check"
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


def checkpatch(patterns, exceptions, options, ignored):
    """What checkpatch says about some sources."""
    files = {path for pattern in patterns
             for path in glob.glob(pattern, root_dir=TREE, recursive=True)}
    files = sorted(files.difference(exceptions))
    if not files:
        return []
    script = os.path.join(kernels.find_source(), "scripts/checkpatch.pl")
    done = subprocess.run([script, "--no-tree", "--terse", "--show-types", "--no-summary",
                           *options, "--ignore", ",".join(ignored), "-f", *files],
                          # Without a repository it leaves no cache file in it.
                          cwd=TREE, env={**os.environ, "GIT_DIR": os.devnull},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    findings = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode and not findings:
        findings = [f"checkpatch.pl: exit code {done.returncode}"]
    return findings


def fuzz(build_dir):
    """What fails of the module's pure code under the compiler's sanitizers."""
    done = subprocess.run(["make", "-C", "userspace/fuzz",
                           f"O={os.path.abspath(build_dir)}/fuzz", "check"],
                          cwd=TREE, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.splitlines() if done.returncode else []


def manuals(build_dir):
    """What is said of the manual pages when they are made and when they are read."""
    made = subprocess.run(["make", "-C", TREE, "man", f"BUILD={os.path.abspath(build_dir)}"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if made.returncode:
        return made.stdout.splitlines()
    findings = []
    for page in sorted(glob.glob(os.path.join(build_dir, "man/*.[1-9]"))):
        read = subprocess.run(["man", "--warnings", "-l", page], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              env={**os.environ, "MANWIDTH": "80"}, check=False)
        findings += read.stderr.splitlines()
    return findings


def documents():
    """What docutils says of the documents."""
    findings = []
    for document in sorted(glob.glob(os.path.join(TREE, "Documentation/*.rst"))):
        read = subprocess.run(["rst2html", "--report=warning", "--exit-status=warning",
                               os.path.relpath(document, TREE), os.devnull], cwd=TREE,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        if read.returncode:
            findings += read.stdout.splitlines() or [f"{document}: not read"]
    return findings


def all_checks(build_dir):
    """Name and function of each check."""
    for name in KERNELS:
        yield f"W=1 and sparse for {name}", lambda name=name: build(
            build_dir, kernels.find(name), ["W=1", "C=2", "CF=-D__CHECK_ENDIAN__"])
    for what, *how in STYLE_CHECKS:
        yield f"checkpatch of {what}", lambda how=how: checkpatch(*how)
    yield "manual pages", lambda: manuals(build_dir)
    yield "documents", documents
    yield "mutated input for the pure code", lambda: fuzz(build_dir)


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
    pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())
    results = [pool.submit(check) for _, check in checks]
    for number, ((name, _), result) in enumerate(zip(checks, results), 1):
        try:
            findings = result.result()
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
