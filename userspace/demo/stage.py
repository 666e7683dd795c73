# SPDX-License-Identifier: GPL-2.0-only
"""Programs on a stage: started, listened to and ended within time limits.

All they say goes to the transcript as it comes, behind the program's name.
"""

import os
import re
import select
import shlex
import signal
import socket
import struct
import subprocess
import sys
import textwrap
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
PYTHON = "/usr/bin/python3"     # Debian's, whatever else there is
SLOW = 4 if os.environ.get("AF_ZMQ_VM") == "debug" else 1   # factor for time limits
LIMIT = 30 * SLOW               # seconds for anything to happen
WIDTH = 78
NAME = 10                       # columns of a program's name
INTERVAL = 0.05                 # seconds between looks at what does not say anything
CREDENTIALS = struct.Struct("3i")   # struct ucred: process, user, group
PROGRAM_COLORS = ("cyan", "yellow", "magenta", "blue")
COLORS = {"bold": 1, "red": 31, "green": 32, "yellow": 33, "blue": 34, "magenta": 35,
          "cyan": 36, "gray": 90}


class Failure(Exception):
    """Something is not as it should be."""


class Transcript:
    """What the user reads."""

    def __init__(self, color):
        self.color = color

    def paint(self, text, color):
        """The text in a colour, if there are colours."""
        return f"\033[{COLORS[color]}m{text}\033[0m" if self.color and text else text

    def line(self, text="", color=None):
        """One line."""
        print(self.paint(text, color) if color else text, flush=True)

    def title(self, text):
        """The beginning of a step."""
        self.line()
        self.line(text, "bold")

    def prose(self, text):
        """Some sentences."""
        for line in textwrap.wrap(" ".join(text.split()), WIDTH - 3):
            self.line("   " + line)

    def command(self, name, words, color="cyan"):
        """What is run, as one would type it in the tree."""
        shown = words if isinstance(words, str) else " ".join(map(in_tree, words))
        self.line(f"   {self.paint(f'{name:{NAME}}', color)} {self.paint('$ ' + shown, 'bold')}")

    def output(self, name, text, color="cyan"):
        """What a program says."""
        self.line(f"   {self.paint(f'{name:{NAME}}', color)} | {text}".rstrip())

    def good(self, text):
        """A check that has passed."""
        self.line(f"   {self.paint('ok', 'green')}: {text}")

    def bad(self, text):
        """One that has not."""
        self.line(f"   {self.paint('FAILED', 'red')}: {text}")


def in_tree(word):
    """A word of a command line, paths relative to the tree."""
    word = word.replace(TREE + "/", "").replace(PYTHON, "python3")
    setting = re.match(r"[A-Z_]+=", word)
    if setting:
        return setting[0] + shlex.quote(word[setting.end():])
    return shlex.quote(word)


class Program:
    """A running program."""

    def __init__(self, name, process, color):
        self.name = name
        self.process = process
        self.color = color
        self.lines = []
        self.rest = ""
        self.switches = None

    def ended(self):
        """Whether it has."""
        return self.process.poll() is not None

    def asleep(self):
        """Whether its main thread sleeps and has not woken up since the last time asked."""
        try:
            with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
                fields = dict(line.split(":", 1) for line in status)
            before, self.switches = self.switches, fields["voluntary_ctxt_switches"]
        except (OSError, KeyError):
            return False
        return fields["State"].split()[0] == "S" and self.switches == before

    def said(self, pattern):
        """The match in the first line that has one; None so far."""
        return next(filter(None, (re.search(pattern, line) for line in self.lines)), None)


class Stage:
    """The programs of a step; with "with", none survives it.

    All have one socket for their output, which tells who says something and
    keeps the order in which they do.
    """

    def __init__(self, transcript, build, shim, directory):
        self.transcript = transcript
        self.build = build
        self.shim = shim            # the library to preload; None: none ever
        self.directory = directory  # where they run
        self.module = ""
        self.programs = []
        self.ear, self.mouth = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            for program in self.programs:
                if not program.ended():
                    program.process.kill()
                self.until(program.ended, what=f"the end of {program.name}, killed")
        except Failure:
            if not error[0]:
                raise
        finally:
            self.ear.close()
            self.mouth.close()

    def path(self, program):
        """Where a program of the demo is."""
        return os.path.join(HERE if program.endswith(".py") else self.build + "/demo", program)

    def start(self, name, *words, shim=True, typed=False):
        """Starts a program of the demo: with our library, or without."""
        color = PROGRAM_COLORS[len(self.programs) % len(PROGRAM_COLORS)]
        environment = dict(os.environ)
        words = (self.path(words[0]), *words[1:])
        if words[0].endswith(".py"):
            words = (PYTHON, *words)
        shown = words
        if shim and self.shim:
            environment["LD_PRELOAD"] = self.shim
            shown = (f"LD_PRELOAD={self.shim}", *words)
        self.transcript.command(name, shown, color)
        try:
            process = subprocess.Popen(
                words, cwd=self.directory, env=environment, stdout=self.mouth,
                stderr=self.mouth, start_new_session=True,
                stdin=subprocess.PIPE if typed else subprocess.DEVNULL)
        except OSError as error:
            raise Failure(f"cannot start {in_tree(words[0])}: {error.strerror}") from None
        program = Program(name, process, color)
        self.programs.append(program)
        return program

    def listen(self, seconds):
        """Takes what the programs say, waiting for it as long as that."""
        while select.select([self.ear], [], [], seconds)[0]:
            text, ancillary, _, _ = self.ear.recvmsg(65536, socket.CMSG_SPACE(CREDENTIALS.size))
            pid = CREDENTIALS.unpack(ancillary[0][2])[0]
            for program in self.programs:
                if program.process.pid == pid:
                    text = program.rest + text.decode(errors="replace")
                    *lines, program.rest = text.split("\n")
                    program.lines += lines
                    for line in lines:
                        self.transcript.output(program.name, line, program.color)
            seconds = 0

    def until(self, condition, seconds=LIMIT, what="it"):
        """Listens until something is so; what it is."""
        deadline = time.monotonic() + seconds
        while not (outcome := condition()):
            left = deadline - time.monotonic()
            if left <= 0:
                raise Failure(f"waited {seconds} s in vain for {what}")
            self.listen(min(left, INTERVAL))
        self.listen(0)
        return outcome

    def hear(self, program, pattern, seconds=LIMIT):
        """Waits for a line with that pattern; the match."""
        self.until(lambda: program.said(pattern) or program.ended(), seconds,
                   f"'{pattern}' of {program.name}")
        match = program.said(pattern)
        if not match:
            raise Failure(f"{program.name} has ended without saying '{pattern}'")
        return match

    def end(self, program, seconds=LIMIT, code=0):
        """Waits for its end, which must be a good one."""
        self.until(program.ended, seconds, f"the end of {program.name}")
        got = program.process.returncode
        if got != code:
            reason = signal.Signals(-got).name if got < 0 else f"exit code {got}"
            raise Failure(f"{program.name} ended with {reason}")

    def interrupt(self, *programs, busy=False):
        """Ctrl-C for each; all must end cleanly and say so."""
        for program in programs:
            # As somebody at the keyboard would, when nothing moves any more.
            if not busy:
                self.until(program.asleep, what=f"{program.name} to wait")
            self.transcript.output(program.name, "^C", program.color)
            program.process.send_signal(signal.SIGINT)
            self.end(program)
            self.require(program.said("^interrupted after"), f"{program.name} was interrupted")

    def kill(self, program):
        """An end without warning."""
        self.transcript.command("", f"kill -9 {program.process.pid}   # {program.name}")
        program.process.kill()
        self.end(program, code=-signal.SIGKILL)

    def press_enter(self, program):
        """Types an empty line."""
        self.transcript.output(program.name, "<Enter>", program.color)
        program.process.stdin.write(b"\n")
        program.process.stdin.close()

    def require(self, condition, text):
        """A condition without which all further is pointless."""
        if not condition:
            raise Failure("not so: " + text)

    def check(self, condition, text):
        """A condition that the user is told about."""
        self.require(condition, text)
        self.transcript.good(text)


def run(words, seconds=LIMIT):
    """Exit code and output of a command."""
    try:
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace",
                              timeout=seconds, check=False)
    except OSError as error:
        return 127, f"{words[0]}: {error.strerror}"
    except subprocess.TimeoutExpired:
        return 124, f"{words[0]}: not done after {seconds} s"
    return done.returncode, done.stdout.rstrip("\n")


def catch_interrupts():
    """Programs must not inherit an ignored Ctrl-C, as background jobs do."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
