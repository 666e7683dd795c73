#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Manual pages from reStructuredText, by docutils' own writer.

    manual.py PAGE      writes af_zmq.7 etc. to the standard output

af_zmq(7) and zmq_socket_options(7) are two pages of the one af_zmq.rst, the others have
a file each.  Tables are laid out anew: without lines, and so that only the last column is
ever folded.
"""

import os
import re
import sys

from docutils.core import publish_string

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.join(HERE, "../af_zmq.rst")
OPTIONS = ("Options",)
PAGES = {
    "af_zmq.7": ("ZeroMQ sockets", """\
SYNOPSIS
========

| **#include <linux/zmq.h>**
|
| *fd* = **socket(AF_ZMQ, SOCK_SEQPACKET,** *type*\\ **);**
"""),
    "zmq_socket_options.7": ("options of AF_ZMQ sockets", """\
SYNOPSIS
========

| **#include <linux/zmq.h>**
|
| **setsockopt(**\\ *fd*\\ **, SOL_ZMQ,** *option*\\ **,** *value*\\ **,** *length*\\ **);**
| **getsockopt(**\\ *fd*\\ **, SOL_ZMQ,** *option*\\ **,** *value*\\ **,** *length*\\ **);**
"""),
}
SEE_ALSO = """\
SEE ALSO
========

**af_zmq**\\(7), **zmq_socket_options**\\(7), **zmqcat**\\(1), **socket**\\(7), **zmq_setsockopt**\\(3)
"""


def sections(text):
    """Its sections, as title and text; the introduction's title is DESCRIPTION."""
    parts = re.split(r"^([^\n]+)\n=+\n", text, flags=re.M)
    result = [("DESCRIPTION", parts[0])]
    result += zip(parts[1::2], parts[2::2])
    return result


def titles(text):
    """What references may lead to."""
    return set(re.findall(r"^([^\n]+)\n(?:=+|-+)\n", text, flags=re.M)) | \
        set(re.findall(r"^\.\. _([^:]+):", text, flags=re.M))


def plain(text, here, elsewhere):
    """References to sections of the other page name it."""
    def replace(match):
        words, _, target = match[1].partition(" <")
        target = target.rstrip("_>") if target else words
        if target in here:
            return match[0]
        return f"{words} in **{elsewhere}**\\(7)"
    return re.sub(r"`([^`]+)`_(?![a-zA-Z])", replace, text)


def page(name):
    """Its text."""
    with open(SOURCE, encoding="utf-8") as file:
        text = file.read()
    # The title and the table of contents are a web page's.
    text = re.sub(r"^=+\n[^\n]+\n=+\n", "", text, count=1, flags=re.M)
    text = re.sub(r"^\.\. contents::\n(?:   [^\n]*\n)*", "", text, flags=re.M)
    is_options = name == "zmq_socket_options.7"
    chosen = [(title, body) for title, body in sections(text)
              if (title in OPTIONS) == is_options]
    body = "".join(f"{title}\n{'=' * len(title)}\n{body}" for title, body in chosen)
    elsewhere = "af_zmq" if is_options else "zmq_socket_options"
    body = plain(body, titles(body), elsewhere)
    what, synopsis = PAGES[name]
    title, line = name.split(".")[0], "-" * len(what)
    rule = "=" * len(title)
    return (f"{rule}\n{title}\n{rule}\n\n{line}\n{what}\n{line}\n\n"
            f":Manual section: 7\n:Manual group: AF_ZMQ\n\n{synopsis}\n{body}\n{SEE_ALSO}")


def cells(row):
    """Of a row as the writer has it, each in a T{ T}."""
    return [" ".join(cell.split("\n")).strip()
            for cell in re.findall(r"T\{\n(.*?)\n?T\}", row, flags=re.S)]


def table(match):
    """A table: its rows, the last cell of each a block of text."""
    columns = match[1].count("l")
    rows = [cells(row) for row in re.split(r"^_\n", match[2], flags=re.M) if row.strip()]
    # Many columns stand closer.
    lines = [".TS", ("l1 " if columns > 4 else "l ") * (columns - 1) + "lx."]
    for row in rows:
        lines.append("\t".join(row[:-1] + ["T{"]))
        lines += [".ad l", row[-1], "T}"]
    return "\n".join(lines + [".TE"])


def roff(name):
    """The page as man reads it."""
    if name in PAGES:
        text = page(name)
    else:
        with open(os.path.join(HERE, name + ".rst"), encoding="utf-8") as file:
            text = file.read()
    made = publish_string(text, source_path=name, writer_name="manpage",
                          settings_overrides={"halt_level": 2, "output_encoding": "unicode"})
    return re.sub(r"^\.TS\ncenter;\n([|l]+)\.\n_\n(.*?)^\.TE$", table, made,
                  flags=re.S | re.M)


if __name__ == "__main__":
    sys.stdout.write(roff(sys.argv[1]))
