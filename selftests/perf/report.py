# SPDX-License-Identifier: GPL-2.0-only
"""Tables from results."""

import statistics

import matrix

REPEATS_WITHIN = 0.02   # of the instruction view


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
        return statistics.median(cell["values"]) if cell and cell["values"] else None

    def spread(self, row, library):
        """Between the repetitions, as a part of the value."""
        cell = self.cell(row, library)
        if not cell or len(cell["values"]) < 2:
            return 0
        return (max(cell["values"]) - min(cell["values"])) / statistics.median(cell["values"])

    def ratio(self, row, library, of="libzmq"):
        """Cost by cost."""
        value, base = self.value(row, library), self.value(row, of)
        return value / base if value and base else None

    def verdicts(self, row):
        """For each target: text, met or None if not measured."""
        for target in row.targets:
            ratio = self.ratio(row, target.library, target.of)
            text = f"{target.library} <= {target.most:.2f} {target.of}"
            yield text, ratio, None if ratio is None else ratio <= target.most


def number(value):
    """A cost, with three digits."""
    if value is None:
        return "-"
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
    return f"{text}: {'pass' if met else 'SHORT'} {ratio:.2f}"


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
    return [f"{view}: {cell}: {found['error']}" for view, cells in results["views"].items()
            for cell, found in cells.items() if "error" in found]


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


def rst_table(table):
    """Grid by list-table."""
    out = []
    for line in lines(table):
        out += [f"   {'*' if i == 0 else ' '} - {text}" for i, text in enumerate(line)]
    return out


def heading(title, mark):
    """With its line."""
    return ["", title, mark * len(title), ""]


def rst_model(results):
    """The machine model."""
    machine = results["machine"]
    yield ("Linux %s in QEMU (%s), software emulation, ``mitigations=off``." %
           (machine["kernel"], "".join(machine["qemu"]).removeprefix("QEMU emulator version ")))
    versions = ", ".join(f"{name} {machine[name]}" for name in ("libzmq", "nng", "nanomsg")
                         if machine.get(name))
    yield f"Debian's {versions}. Measured on {machine['date']}, at {machine['commit']}."


VIEW_MODEL = {
    "instructions":
        "One processor whose clock counts instructions (``-icount shift=0,sleep=off -cpu "
        "max,-erms,-fsrm``): a nanosecond is an instruction. The work of both ends, of the "
        "kernel and of I/O threads for one message; caches cost nothing.",
    "wall":
        "Two emulated processors and the machine's clock. What runs in parallel counts once. "
        "Only ratios mean something, and only large ones: nothing else is kept off the machine.",
}


def rst(results):
    """A page of documentation."""
    out = [".. SPDX-License-Identifier: GPL-2.0-only", "",
           ".. Written by selftests/perf/bench.py: do not edit."]
    out += heading("Performance", "=")
    out += [f"{results['machine']['repeat']} runs of each cell, of which the median is shown. "
            "selftests/perf/README.md says what the rows are and how to repeat this."]
    out += ["", *rst_model(results)]
    for view in results["views"]:
        table = Table(results, view)
        if not table.rows:
            continue
        out += heading(f"{view.capitalize()}: {matrix.VIEWS[view]}", "-")
        out += [VIEW_MODEL[view], "", summary(table).capitalize() + ".", "",
                ".. list-table::", "   :header-rows: 1", ""]
        out += rst_table(table)
        if view == "instructions":
            out += rst_unsteady(table)
        failed = [error for error in errors(results) if error.startswith(view)]
        out += ["", "Failed:", ""] + [f"- {error}" for error in failed] if failed else []
    return "\n".join(out) + "\n"


def rst_unsteady(table):
    """What does not repeat."""
    found = unsteady(table)
    if not found:
        return ["", "All cells repeat within 2 %."]
    return (["", "Cells whose runs differ by more than 2 %:", ""]
            + [f"- {row.title}, {name}: {spread:.1%}" for row, name, spread in found])
