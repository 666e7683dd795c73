#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Each row of each table of options and types has its test.

Options: option_table.c has their values and errors, tables.txt the tests of what they
do, which must exist and be about them.  Types: type_table.c has a row for each and a
test for each line of the manual's table.
"""

import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
NUMBERS = range(125)
TYPES = range(21)
LINES = ("peers", "direction", "turns", "incoming", "outgoing", "mute", "parts")
# Options that have functions of their own.
BY_FUNCTION = {6: "|zs_subscribe", 7: "|zs_unsubscribe", 15: "|events|zs_poll",
               17: "|zs_close|lingering", 32: "|last"}
TYPE_NAMES = """PAIR PUB SUB REQ REP DEALER ROUTER PULL PUSH XPUB XSUB STREAM SERVER CLIENT RADIO
                DISH GATHER SCATTER DGRAM PEER CHANNEL""".split()


def read(path):
    """A file's text."""
    with open(os.path.join(HERE, path), encoding="utf-8") as file:
        return file.read()


def cut(parts, end):
    """Names and bodies up to @end, each with all that is outside of them."""
    bodies = [body.split(end, 1) for body in parts[2::2]]
    outside = "".join([parts[0], *(rest[0] for _, *rest in bodies if rest)])
    return {name: outside + body[0] for name, body in zip(parts[1::2], bodies)}


def c_tests(text):
    """The harness's tests."""
    found = cut(re.split(r"^TEST(?:_F)?\(([^)]*)\)", text, flags=re.M), "\n}\n")
    return {name.replace(", ", "."): body for name, body in found.items()}


def python_tests(text):
    """Functions that are tests or scenarios."""
    return cut(re.split(r"^(?:@test|@scenario)\ndef (\w+)\(\):", text, flags=re.M), "\n\n\n")


def all_tests():
    """FILE:NAME and text of each."""
    found = {}
    for path in sorted(glob.glob(os.path.join(HERE, "kselftest/*.c"))):
        for name, body in c_tests(read(path)).items():
            found[f"{os.path.basename(path)[:-2]}:{name}"] = body
    for path in sorted(glob.glob(os.path.join(HERE, "*.py"))):
        for name, body in python_tests(read(path)).items():
            found[f"{os.path.basename(path)}:{name}"] = body
    for path in sorted(glob.glob(os.path.join(HERE, "lib/scenarios/*.py"))):
        for name, body in python_tests(read(path)).items():
            found[f"{os.path.basename(path)[:-3]}:{name}"] = body
    return found


def short_names():
    """What the scenarios call options: {number: names}."""
    table = re.search(r"^OPTIONS = \{(.*?)\}", read("lib/scenarios/library.py"), re.M | re.S)
    names = {}
    for name, number in re.findall(r'"(\w+)": (\d+)', table[1]):
        names.setdefault(int(number), []).append(name)
    return names


def rows():
    """Of option_table.c: {number: (name, whether somebody has it)}."""
    found = re.findall(r"\b(ROW|NO)\((\d+), ([^,)]*)", read("kselftest/option_table.c"))
    return {int(number): (name, macro == "ROW") for macro, number, name in found}


def listed():
    """tables.txt: {number: (name, tests or reason)}."""
    lines = [line.split(None, 2) for line in read("tables.txt").splitlines()
             if line and not line.startswith("#")]
    return {int(number): (name, rest) for number, name, rest in lines}


def option_findings(number, row, entry, tests, names):
    """What is wrong about an option."""
    if not row:
        return ["is not in option_table.c"]
    name, exists = row
    if not exists:
        return ["nobody has it, but it is listed"] if entry else []
    if not entry or entry[0] != name:
        return [f"{name} is not in tables.txt"]
    if entry[1].startswith("- "):
        return []
    called = "|".join([f"(?:ZMQ_)?{name}", *(f"(?:[bc]_)?{one}" for one in names.get(number, ()))])
    called += BY_FUNCTION.get(number, "")
    findings = []
    for test in entry[1].split():
        if test not in tests:
            findings.append(f"{test} does not exist")
        elif not re.search(rf"\b(?:{called})\b", tests[test]):
            findings.append(f"{test} is not about {name}")
    return findings


def type_findings(number, text):
    """What is wrong about a type."""
    name = TYPE_NAMES[number].lower()
    if not re.search(rf"^FIXTURE_VARIANT_ADD\(type, {name}\)", text, re.M):
        return ["has no row in type_table.c"]
    return []


def main():
    """The exit code."""
    tests, names, table, entries = all_tests(), short_names(), rows(), listed()
    results = [(f"option {number} {table.get(number, '?')[0]}",
                option_findings(number, table.get(number), entries.get(number), tests, names))
               for number in NUMBERS]
    text = read("kselftest/type_table.c")
    results += [(f"type {TYPE_NAMES[number]}", type_findings(number, text)) for number in TYPES]
    results += [(f"types: {line}", [] if f"type_table:type.{line}" in tests else ["has no test"])
                for line in LINES]
    print(f"TAP version 13\n1..{len(results)}")
    failed = 0
    for number, (name, findings) in enumerate(results, 1):
        for line in findings:
            print(f"# {name}: {line}")
        failed += bool(findings)
        print(f"{'not ' if findings else ''}ok {number} {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
