#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The first chapter of ZeroMQ's guide, and more, through the kernel.

    demo.py --build BUILD --module af_zmq.ko

Exit code 0 if all steps pass.  "make demo" runs it in a virtual machine.
"""

import argparse
import os
import platform
import sys
import tempfile
import time

import steps
from stage import LIMIT, Failure, Stage, Transcript, catch_interrupts
import kernel


class Demo:
    """The steps, one after the other."""

    def __init__(self, args):
        self.module = os.path.abspath(args.module) if args.module else ""
        self.build = os.path.abspath(args.build)
        self.shim = None if args.real else os.path.join(self.build, "libzmq/libzmq.so.5")
        self.transcript = Transcript(args.color or sys.stdout.isatty())
        self.failed = []
        self.steps = [step for step in steps.STEPS if not args.real or not step.module]
        self.steps = [step for step in self.steps if not args.steps or step.always
                      or any(word in step.title for word in args.steps)]

    def play(self):
        """All of it; the exit code."""
        begin = time.monotonic()
        self.transcript.line("ZeroMQ's first steps through the Linux kernel", "bold")
        self.transcript.line(f"Linux {platform.release()}; what runs without LD_PRELOAD has "
                             "Debian's libzmq")
        with tempfile.TemporaryDirectory(prefix="zmq-demo-") as directory:
            for number, step in enumerate(self.steps, 1):
                self.transcript.title(f"{number}. {step.title}")
                self.transcript.prose(step.prose)
                if not self.perform(number, step, directory) and step.play is steps.load:
                    break
        return self.conclude(time.monotonic() - begin)

    def perform(self, number, step, directory):
        """One step; whether it has passed."""
        handshakes = kernel.counter("handshakes")
        try:
            with Stage(self.transcript, self.build, self.shim, directory) as stage:
                stage.module = self.module
                step.play(stage)
                if self.shim:
                    self.check_kernel(stage, step, kernel.counter("handshakes") - handshakes)
        except Failure as failure:
            self.transcript.bad(str(failure))
            for line in kernel.read(kernel.ZMQ):
                self.transcript.output("kernel", line)
            self.failed.append(f"{number} ({step.title})")
            return False
        return True

    @staticmethod
    def check_kernel(stage, step, handshakes):
        """Whether the kernel has done what the programs think, and is done with it."""
        stage.until(lambda: not kernel.sockets(), LIMIT, "the last socket to go")
        if step.handshakes:
            stage.check(handshakes >= step.handshakes,
                        f"{handshakes} handshake{'s' * (handshakes > 1)} by the kernel, "
                        "no socket is left")

    def conclude(self, seconds):
        """The last line; the exit code."""
        self.transcript.line()
        if self.failed:
            self.transcript.line("demo: FAILED: step " + ", ".join(self.failed), "red")
            return 1
        self.transcript.line(f"demo: all {len(self.steps)} steps passed in {seconds:.0f} s",
                             "green")
        return 0


def main():
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build", help="where make has put everything")
    parser.add_argument("--module", help="the module to load")
    parser.add_argument("--color", action="store_true", help="even if this is no terminal")
    parser.add_argument("--real", action="store_true",
                        help="all with Debian's libzmq, without the module: tests the demo")
    parser.add_argument("steps", nargs="*", help="only steps with such a word in the title")
    args = parser.parse_args()
    if not args.real and not args.module:
        parser.error("--module is needed")
    catch_interrupts()
    try:
        return Demo(args).play()
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
