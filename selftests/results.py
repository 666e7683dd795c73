# SPDX-License-Identifier: GPL-2.0-only
"""Counts results in TAP and KTAP, and reads the kernel's log."""

import dataclasses
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "vm"))
import console  # pylint: disable=wrong-import-position

RESULT = re.compile(r"^( *)(not )?ok\b *(\d*) *-? *(.*)$")
PLAN = re.compile(r"^( *)1\.\.(\d+)")
ESCAPE = re.compile(r"\\x([0-9a-f]{2})")    # /dev/kmsg's
SKIP = re.compile(r"# *skip", re.IGNORECASE)


@dataclasses.dataclass
class Totals:
    """The numbers every run ends with."""
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __iadd__(self, other):
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        return self

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


@dataclasses.dataclass
class Group:
    """Results seen at one indentation."""
    planned: int = 0
    seen: int = 0
    failed: int = 0


class Tap:
    """Results of one output, fed line by line.

    A result that ends a group of further indented ones sums them up: it counts
    only if it fails although none of them did.
    """

    def __init__(self):
        self.totals = Totals()
        self.problems = []
        self.groups = {}

    def feed(self, line):
        """Takes a line; true if it is a result."""
        plan = PLAN.match(line)
        if plan:
            self.plan(len(plan[1]), int(plan[2]))
        result = RESULT.match(line)
        if result:
            self.count(len(result[1]), bool(result[2]), bool(SKIP.search(result[4])))
        return bool(result)

    def plan(self, depth, planned):
        """A plan begins a group, or ends one that began without."""
        group = self.groups.get(depth)
        if group and group.seen and not group.planned:
            group.planned = planned
            return
        self.close(depth)
        self.groups[depth] = Group(planned=planned)

    def count(self, depth, failed, skipped):
        """One result at an indentation."""
        deeper = self.close(depth + 1)
        group = self.groups.setdefault(depth, Group())
        group.seen += 1
        group.failed += failed
        if deeper.seen and not (failed and not deeper.failed):
            return
        if failed:
            self.totals.failed += 1
        elif skipped:
            self.totals.skipped += 1
        else:
            self.totals.passed += 1

    def close(self, depth):
        """Ends all groups at that indentation and beyond; their sum."""
        ended = Group()
        for key in [key for key in self.groups if key >= depth]:
            group = self.groups.pop(key)
            ended.seen += group.seen
            ended.failed += group.failed
            if group.planned > group.seen:
                self.problems.append(f"{group.planned} results were planned, "
                                     f"{group.seen} came")
        return ended

    def finish(self):
        """The totals; a problem counts as a failure."""
        self.close(0)
        if not self.totals.passed + self.totals.failed + self.totals.skipped:
            self.problems.append("no results")
        if self.problems and not self.totals.failed:
            self.totals.failed += 1
        return self.totals


class KernelLog:
    """What the kernel logs from now on."""

    def __init__(self):
        self.file = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
        os.lseek(self.file, 0, os.SEEK_END)

    def lines(self):
        """The new lines, without time stamps."""
        lines = []
        while True:
            try:
                record = os.read(self.file, 8192)
            except BlockingIOError:
                return lines
            except BrokenPipeError:     # overwritten before we came
                continue
            text = record.decode(errors="replace").partition(";")[2].partition("\n")[0]
            text = ESCAPE.sub(lambda code: chr(int(code[1], 16)), text)
            lines += text.split("\n")

    def complaint(self):
        """The excerpt around a complaint in the new lines, or None."""
        return console.complaint(self.lines())
