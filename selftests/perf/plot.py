# SPDX-License-Identifier: GPL-2.0-only
"""A picture of the results: cost relative to libzmq, one bar for each library."""

import math
from xml.sax.saxutils import escape

import matrix
import report

COLORS = {"raw": "#9e9e9e", "plain": "#1565c0", "packed": "#00838f", "shim": "#2e7d32",
          "nng": "#ef6c00", "nanomsg": "#8e24aa"}
BAR, GAP, LEFT, WIDTH = 9, 10, 270, 560
LOW, HIGH = 0.02, 20.0      # of libzmq's cost: the axis, logarithmic


def position(ratio):
    """On the axis."""
    ratio = min(max(ratio, LOW), HIGH)
    return LEFT + WIDTH * math.log(ratio / LOW) / math.log(HIGH / LOW)


def label(x, y, text, more=""):
    """A piece of text."""
    return f'<text x="{x:.1f}" y="{y:.1f}" {more}>{escape(text)}</text>'


def bars(table, row, y):
    """Those of a row; the height they take."""
    out, top = [], y
    for name, color in COLORS.items():
        ratio = table.ratio(row, name)
        if ratio is None:
            continue
        one, x = position(1), position(ratio)
        out.append(f'<rect x="{min(one, x):.1f}" y="{y}" width="{max(abs(x - one), 1):.1f}" '
                   f'height="{BAR - 1}" fill="{color}"/>')
        out.append(label(max(one, x) + 3, y + BAR - 2, f"{ratio:.2f}", 'font-size="8"'))
        y += BAR
    if y > top:
        out.append(label(LEFT - 8, (top + y) / 2 + 4, row.title, 'text-anchor="end"'))
    return out, y - top


def axis(top, bottom):
    """Lines and numbers."""
    out = []
    for ratio in (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20):
        x = position(ratio)
        out.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}" '
                   f'stroke="{"#000" if ratio == 1 else "#ddd"}"/>')
        out.append(label(x, top - 4, f"{ratio:g}", 'text-anchor="middle"'))
    return out


def legend(libraries, y):
    """Names of the colors."""
    out, x = [], LEFT
    for name in libraries:
        if name in COLORS:
            out.append(f'<rect x="{x}" y="{y - 9}" width="10" height="10" fill="{COLORS[name]}"/>')
            out.append(label(x + 14, y, matrix.LIBRARIES[name][0]))
            x += 30 + 7 * len(matrix.LIBRARIES[name][0])
    return out


def panel(table, y):
    """One view; its end."""
    head = [label(10, y, f"{table.view}: cost relative to libzmq (left of 1 is better)",
                  'font-weight="bold"')] + legend(table.libraries, y + 20)
    top = y = y + 50
    body = []
    for row in table.rows:
        drawn, height = bars(table, row, y)
        body += drawn
        y += height + GAP if height else 0
    return head + axis(top, y) + body, y + 40


def svg(results):
    """The whole picture."""
    out, y = [], 20
    for view in matrix.VIEWS:
        if view in results["views"]:
            drawn, y = panel(report.Table(results, view), y)
            out += drawn
    return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" '
                      f'height="{y}" font-family="sans-serif" font-size="11">',
                      '<rect width="100%" height="100%" fill="#fff"/>', *out, "</svg>", ""])
