# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel's log of a run says: complaints, and KTAP results."""

import re

# Anything that means a bug in the kernel or in the module under test.
COMPLAINT = re.compile("|".join((
    r"BUG: ", r"\bBUG\b.*: ", r"kernel BUG at", r"WARNING: CPU", r"WARNING: ",
    r"Oops: ", r"general protection fault", r"Kernel panic", r"stack segment",
    r"unable to handle", r"KASAN: ", r"UBSAN: ", r"ODEBUG: ", r"KFENCE: ",
    r"INFO: task .* blocked for more than", r"INFO: rcu", r"rcu: INFO",
    r"INFO: possible ", r"possible (circular|recursive|irq lock)",
    r"inconsistent lock state", r"bad unlock balance", r"still held",
    r"suspicious RCU", r"sleeping function called from invalid context",
    r"scheduling while atomic", r"soft lockup", r"hard LOCKUP",
    r"refcount_t: ", r"ref_tracker: ", r"unregister_netdevice: waiting",
    r"objects remaining in .* on ", r"Slab cache still has objects",
    r"kmemleak: [1-9]\d* new suspected", r"bad page state", r"list_(add|del) corruption",
    r"DEBUG_LOCKS_WARN_ON", r"Freeing alive inet", r"illegal context switch")))
# Boot messages of a healthy kernel that would match.
HARMLESS = re.compile(r"(RETBleed|Spectre V2|MDS|TAA|MMIO Stale Data).*WARNING|"
                      r"WARNING: Spectre|mitigations.*WARNING")
TIMESTAMP = re.compile(r"^(<\d+>)?\[ *\d+\.\d+\](\[ *[TC]\d+\])? ?")
# Taint flags that the kernel sets when it has complained: D, B, W, L.
BAD_TAINT = {5: "bad page", 7: "oops", 9: "warning", 14: "soft lockup"}


def read(path):
    """The log as lines without carriage returns."""
    with open(path, encoding="utf-8", errors="replace") as log:
        return [line.rstrip("\r\n") for line in log]


def complaint(lines, before=3, after=60):
    """The excerpt around the first complaint; None in a clean log."""
    for number, line in enumerate(lines):
        if COMPLAINT.search(line) and not HARMLESS.search(line):
            excerpt = lines[max(0, number - before):number + after]
            ends = [i for i, text in enumerate(excerpt) if "---[ end trace" in text]
            return excerpt[:ends[0] + 1] if ends else excerpt
    return None


def bad_taint(flags):
    """Names of the taint flags that stand for a complaint."""
    return [name for bit, name in BAD_TAINT.items() if flags & 1 << bit]


def strip(line):
    """A line without its time stamp."""
    return TIMESTAMP.sub("", line)
