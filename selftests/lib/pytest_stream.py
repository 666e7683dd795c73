# SPDX-License-Identifier: GPL-2.0-only
"""A pytest plugin: tells beginnings and results of tests at once, as JSON lines
to the file that $PYTEST_STREAM names; leaves out the tests in $PYTEST_LEAVE_OUT.
"""

import json
import os

STREAM = open(os.environ["PYTEST_STREAM"], "w", encoding="utf-8")  # pylint: disable=R1732


def short(nodeid):
    """Without the directory."""
    return nodeid.rpartition("/")[2]


def tell(**what):
    """One line."""
    STREAM.write(json.dumps(what) + "\n")
    STREAM.flush()


def pytest_collection_modifyitems(config, items):
    """Which tests there are; drops those not wanted."""
    with open(os.environ["PYTEST_LEAVE_OUT"], encoding="utf-8") as file:
        leave_out = set(json.load(file))
    dropped = [item for item in items if short(item.nodeid) in leave_out]
    items[:] = [item for item in items if short(item.nodeid) not in leave_out]
    config.hook.pytest_deselected(items=dropped)
    tell(tests=[short(item.nodeid) for item in items])


def pytest_runtest_logstart(nodeid):
    """A test begins."""
    tell(begins=short(nodeid))


def pytest_runtest_logreport(report):
    """A test's set-up, call or clean-up has ended."""
    text = ""
    if report.failed:
        text = report.longreprtext
    elif report.skipped:
        text = str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else "xfail"
    tell(name=short(report.nodeid), when=report.when, outcome=report.outcome, text=text)
