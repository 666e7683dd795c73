# SPDX-License-Identifier: GPL-2.0-only
"""Tables from results."""

import os
import statistics
import textwrap

import matrix

REPEATS_WITHIN = 0.02   # of the instruction view
FINDINGS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "findings.rst")


class Table:
    """One view's results."""

    def __init__(self, results, view):
        self.view = view
        self.cells = results["views"][view]
        self.rows = [row for row in matrix.rows()
                     if any(self.cell(row, name) for name in matrix.LIBRARIES)]
        self.libraries = [name for name in matrix.LIBRARIES
                          if any(self.value(row, name) for row in self.rows)]

    def cell(self, row, library):
        """What was measured, if it was."""
        return self.cells.get(f"{row.name} {library}")

    def value(self, row, library):
        """Cost of an operation; None if there is none."""
        cell = self.cell(row, library)
        if not cell or not cell["values"]:
            return None
        # What else happens on the machine only ever adds to the wall clock's time.
        return min(cell["values"]) if self.view == "wall" else statistics.median(cell["values"])

    def spread(self, row, library):
        """Between the repetitions, as a part of the value."""
        cell = self.cell(row, library)
        if not cell or len(cell["values"]) < 2:
            return 0
        middle = abs(statistics.median(cell["values"])) or 1
        return (max(cell["values"]) - min(cell["values"])) / middle

    def ratio(self, row, library, of="libzmq"):
        """Cost by cost."""
        value, base = self.value(row, library), self.value(row, of)
        return value / base if value and base and base > 0 else None

    def verdict(self, row, target):
        """Text, what was measured, and whether that is met (None: not measured)."""
        other = self.named(target.row) if target.row else row
        value = self.value(row, target.library)
        base = other and self.value(other, target.of)
        of = (target.of if target.of != target.library else "") + \
             (f" {other.title}" if target.row and other else "")
        found = None
        if value and base:
            found = value - base if target.more else value / base
        met = None if found is None else found <= target.most
        if target.more:
            return f"{target.library} - {target.of} <= {number(target.most)}", found, met
        return f"{target.library} <= {target.most:.2f} {of.strip()}", found, met

    def named(self, name):
        """A row of this table."""
        return next((row for row in self.rows if row.name == name), None)

    def verdicts(self, row):
        """Of all targets."""
        return [self.verdict(row, target) for target in row.targets]


def number(value):
    """A cost, with three digits."""
    if value is None:
        return "-"
    if value < 0:
        return "-" + number(-value)
    if value >= 9999.5:
        return f"{value / 1000:,.3g}K" if value < 999.5e3 else f"{value / 1e6:.3g}M"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def times(value):
    """A ratio."""
    return "-" if value is None else f"{value:.2f}"


def judge(verdict):
    """A target's text."""
    text, ratio, met = verdict
    if met is None:
        return f"{text}: -"
    value = f"{ratio:.2f}" if ratio < 100 else number(ratio)
    return f"{text}: {'pass' if met else 'SHORT'} {value}"


def lines(table):
    """Cells of the table as text."""
    ours = [name for name in matrix.OURS if name in table.libraries]
    yield (["cost per message"] + table.libraries
           + [f"{name}/libzmq" for name in ours] + ["target"])
    for row in table.rows:
        yield ([row.title] + [number(table.value(row, name)) for name in table.libraries]
               + [times(table.ratio(row, name)) for name in ours]
               + ["; ".join(map(judge, table.verdicts(row)))])


def aligned(cells):
    """Columns of text; all but the first and last to the right."""
    cells = list(cells)
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    for line in cells:
        parts = [text.ljust(width) if i in (0, len(line) - 1) else text.rjust(width)
                 for i, (text, width) in enumerate(zip(line, widths))]
        yield "  ".join(parts).rstrip()


def errors(results):
    """Cells that failed."""
    known = {row.name for row in matrix.rows()}
    return [f"{view}: {cell}: {found['error']}" for view, cells in results["views"].items()
            for cell, found in cells.items() if "error" in found and cell.split()[0] in known]


def unsteady(table):
    """Cells of the instruction view that do not repeat."""
    return [(row, name, table.spread(row, name)) for row in table.rows
            for name in table.libraries if table.spread(row, name) > REPEATS_WITHIN]


def summary(table):
    """How many targets are met."""
    all_verdicts = [met for row in table.rows for _, _, met in table.verdicts(row)]
    return (f"targets: {all_verdicts.count(True)} met, {all_verdicts.count(False)} short, "
            f"{all_verdicts.count(None)} not measured")


def text(results):
    """For a terminal."""
    out = []
    for view, title in matrix.VIEWS.items():
        if view not in results["views"]:
            continue
        table = Table(results, view)
        if not table.rows:
            continue
        out += ["", f"{view}: {title}; less is better", ""]
        out += aligned(lines(table))
        out += ["", summary(table)]
        if view == "instructions":
            out += [f"does not repeat within 2 %: {row.title}, {name}: {spread:.1%}"
                    for row, name, spread in unsteady(table)]
    out += [f"failed: {error}" for error in errors(results)]
    return "\n".join(out).strip("\n")


def rst_table(table_lines):
    """A list-table."""
    yield from ("", ".. list-table::", "   :header-rows: 1", "")
    for line in table_lines:
        for i, cell in enumerate(line):
            text = "\\-" if cell == "-" else cell     # not a list
            yield f"   {' ' if i else '*'} - {text}".rstrip()


def paragraph(sentence):
    """Within the width of a page."""
    return ["", *textwrap.wrap(sentence, 80, break_long_words=False, break_on_hyphens=False)]


def heading(title, mark):
    """With its line."""
    return ["", title, mark * len(title)]


def rst_model(results):
    """The machine model."""
    machine = results["machine"]
    qemu = "".join(machine["qemu"]).removeprefix("QEMU emulator version ").split(" ")[0]
    versions = ", ".join(f"{name} {machine[name]}" for name in ("libzmq", "nng", "nanomsg")
                         if machine.get(name))
    return paragraph(
        f"Linux {machine['kernel']} in QEMU {qemu}, software emulation, ``mitigations=off``; "
        f"Debian's {versions}. Measured on {machine['date']} with the module of commit "
        f"{machine['commit']}. Of several runs the median is shown, of wall clock times the "
        "least. selftests/perf/README.md says what the rows are and how to "
        "repeat this.")


VIEW_TITLE = {"instructions": "Instructions", "wall": "Wall clock"}
VIEW_MODEL = {
    "instructions":
        "One processor whose clock counts instructions (``-icount shift=0,sleep=off -cpu "
        "max,-erms,-fsrm``): a nanosecond is an instruction. A cell is the work of both ends, "
        "of the kernel and of all threads, for one message; less is better. Caches and their "
        "misses do not exist here.",
    "wall":
        "Nanoseconds for one message on two emulated processors (``-cpu max,-erms,-fsrm``: "
        "string copies are emulated byte by byte, so that what the kernel copies with them "
        "would cost eight times as much). What runs in parallel counts once. Other work on the "
        "machine disturbs it: only large ratios mean something.",
}


def rst_targets(table):
    """Each target and what became of it, short ones first."""
    yield ["row", "target", "measured", "verdict"]
    found = [(row, verdict) for row in table.rows for verdict in table.verdicts(row)]
    order = {False: 0, None: 1, True: 2}
    for row, (wanted, value, met) in sorted(found, key=lambda pair: order[pair[1][2]]):
        yield [row.title, wanted, "-" if value is None else
               f"{value:.2f}" if abs(value) < 100 else number(value),
               {True: "pass", False: "SHORT", None: "not measured"}[met]]


def rst_view(results, view):
    """One view's section."""
    table = Table(results, view)
    if not table.rows:
        return
    yield from heading(VIEW_TITLE[view], "-")
    yield from paragraph(VIEW_MODEL[view])
    yield from rst_table(line[:-1] for line in lines(table))
    yield from paragraph(summary(table).capitalize() + ".")
    yield from rst_table(rst_targets(table))
    if view == "instructions":
        yield from rst_unsteady(table)
    failed = [error for error in errors(results) if error.startswith(view)]
    if failed:
        yield from ("", "Failed:", "", *(f"- {error}" for error in failed))


def rst(results):
    """A page of documentation."""
    out = [".. SPDX-License-Identifier: GPL-2.0-only", "",
           ".. Written by selftests/perf/bench.py: do not edit."]
    out += heading("Performance", "=")
    out += rst_model(results)
    for view in results["views"]:
        out += rst_view(results, view)
    with open(FINDINGS, encoding="utf-8") as file:
        out += ["", file.read().strip("\n")]
    return "\n".join(out)


def rst_unsteady(table):
    """What does not repeat."""
    repeated = sum(len(cell["values"]) > 1 for cell in table.cells.values())
    found = unsteady(table)
    yield from paragraph(f"Of {len(table.cells)} cells {repeated} ran more than once, "
                         f"{repeated - len(found)} of these with results within 2 %.")
    if found:
        yield from ("", "Those that differ by more:", "")
        yield from (f"- {row.title}, {name}: {spread:.1%}" for row, name, spread in found)
