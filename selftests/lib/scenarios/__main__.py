# SPDX-License-Identifier: GPL-2.0-only
"""Runs all, or those whose names contain one of the arguments."""

import importlib
import os
import signal
import sys

from .library import SCENARIOS, say

LIMIT = 15 * int(os.environ.get("AF_ZMQ_SLOW", "1"))
MODULES = """contexts sockets options endpoints inproc routers requests publishers queues messages
             polling proxies monitors streams utilities python""".split()


def isolate(function):
    """In a process of its own."""
    print(function.__name__, flush=True)
    pid = os.fork()
    if not pid:
        signal.alarm(LIMIT)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        code = 1
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2) if not os.environ.get("DEBUG") else None
        try:
            function()
            code = 0
        except BaseException as exception:      # pylint: disable=broad-except
            say("exception", repr(exception))
        finally:
            os._exit(code)
    status = os.waitpid(pid, 0)[1]
    if os.WIFSIGNALED(status):
        say("killed by", signal.Signals(os.WTERMSIG(status)).name)


def main():
    """All, or those named."""
    for module in MODULES:
        importlib.import_module("." + module, __package__)
    names = sys.argv[1:]
    for function in SCENARIOS:
        if not names or any(name in function.__name__ for name in names):
            isolate(function)


if __name__ == "__main__":
    main()
