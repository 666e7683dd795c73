#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs a command as root in a QEMU virtual machine that shares this machine's files.

    vm.py run [--kernel 6.1] [--timeout 600] [--insmod FILE] -- COMMAND...
    vm.py shell [--kernel 6.1] [--insmod FILE]
    vm.py kernel [--kernel 6.1] FIELD       release, image, build (KDIR) or modules
    vm.py source                            directory of what linux-source gives

The kernel "uml" is a program, User-mode Linux, and needs no QEMU (uml.py).

Exit code: the command's; 124 if time ran out, 125 if the virtual machine could
not do its work, 126 if the command succeeded but the kernel complained.
"""

import argparse
import dataclasses
import os
import signal
import sys

import kernels
import uml
from machine import EXIT_VM, Job, Machine


def parse(arguments):
    """The command line; names of the options are those of Job's fields."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--kernel", default="6.1",
                        help="one of " + ", ".join((*kernels.NAMES, "uml")))
    job = argparse.ArgumentParser(add_help=False)
    job.add_argument("--timeout", type=int, default=600, help="seconds, boot included")
    job.add_argument("--insmod", action="append", default=[], metavar="'FILE [PARAM=..]'")
    job.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    job.add_argument("--share", action="append", default=[], metavar="DIR",
                     help="directory below /tmp or /run that the guest must see")
    job.add_argument("--console", default="", metavar="FILE", help="keep the kernel's log here")
    job.add_argument("--append", default="", help="more kernel command line")
    job.add_argument("--memory", default="3G")
    job.add_argument("--cpus", type=int, default=2)
    job.add_argument("--icount", action="store_true",
                     help="one processor whose clock counts instructions")
    job.add_argument("--accel", choices=("auto", "tcg", "kvm"),
                     default=os.environ.get("AF_ZMQ_ACCEL", "auto"))
    job.add_argument("--quiet", action="store_true", help="nothing but the command's output")
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", parents=[common, job])
    run.add_argument("command", nargs="+")
    shell = actions.add_parser("shell", parents=[common, job])
    shell.set_defaults(command=[])
    kernel = actions.add_parser("kernel", parents=[common])
    kernel.add_argument("field", choices=("release", "image", "build", "modules"))
    actions.add_parser("source")
    return parser.parse_args(arguments)


def act(args):
    """Does it; the exit code."""
    if args.action == "source":
        print(kernels.find_source())
        return 0
    kernel = uml.find() if args.kernel == "uml" else kernels.find(args.kernel)
    if args.action == "kernel":
        print(getattr(kernel, args.field))
        return 0
    options = {field.name: getattr(args, field.name) for field in dataclasses.fields(Job)
               if field.name != "kernel" and hasattr(args, field.name)}
    job = Job(kernel=kernel, **options)
    if args.kernel == "uml":
        if args.action == "shell":
            raise kernels.KernelError("no shell in User-mode Linux")
        return uml.run_job(job)
    return Machine(job).run()


def main():
    """The exit code."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, frame: sys.exit(128 + number))
    try:
        return act(parse(sys.argv[1:]))
    except kernels.KernelError as error:
        kernels.note(str(error))
        return EXIT_VM
    except KeyboardInterrupt:
        return 128 + signal.SIGINT


if __name__ == "__main__":
    sys.exit(main())
