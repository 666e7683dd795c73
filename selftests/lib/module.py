# SPDX-License-Identifier: GPL-2.0-only
"""Loading the module as the run was told to."""

import os
import subprocess

COALESCE = "/proc/sys/net/zmq/coalesce_default"


def load(path):
    """insmod, and AF_ZMQ_COALESCE; an error message or None."""
    done = subprocess.run(["insmod", path], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        return done.stdout.strip() or f"insmod: {done.returncode}"
    if "AF_ZMQ_COALESCE" in os.environ:
        with open(COALESCE, "w", encoding="ascii") as setting:
            setting.write(os.environ["AF_ZMQ_COALESCE"])
    return None
