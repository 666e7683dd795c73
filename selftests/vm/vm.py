#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs a command as root in a QEMU virtual machine that shares this machine's files.

    vm.py run [--kernel 6.1] [--timeout 600] [--insmod FILE] -- COMMAND...
    vm.py shell [--kernel 6.1] [--insmod FILE]
    vm.py kernel [--kernel 6.1] FIELD       one of release, image, build, modules

Exit code: the command's; 124 if time ran out, 125 if the virtual machine could
not do its work, 126 if the command succeeded but the kernel complained.
"""

import argparse
import contextlib
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import termios
import threading
import time
import tty

import console
import initramfs
import kernels
from kernels import KernelError, note

EXIT_TIMEOUT, EXIT_VM, EXIT_COMPLAINT = 124, 125, 126
TREE = os.path.dirname(os.path.dirname(kernels.HERE))
BOOT_LIMIT = 180        # seconds until the guest must have started the command
GRACE = 20              # seconds between the guest's time limit and ours
HIDDEN = ("/dev/shm", "/run", "/tmp", "/var/tmp")  # tmpfs in the guest
COMMAND_LINE = ("console=ttyS0 loglevel=7 mitigations=off no5lvl panic=-1 panic_on_oops=1 "
                "random.trust_cpu=on net.ifnames=0 rcupdate.rcu_cpu_stall_timeout=60 "
                "systemd.show_status=0 rdinit=/init")


def shared_directories(wanted):
    """Those of the directories that the guest's own mounts would hide."""
    return [path for path in dict.fromkeys(map(os.path.realpath, wanted))
            if any(path == hidden or path.startswith(hidden + "/") for hidden in HIDDEN)]


def guest_command(args):
    """The shell script that the guest runs."""
    lines = ["export HOME=/root LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1",
             f"export AF_ZMQ_VM={shlex.quote(args.kernel)} TERM={os.environ.get('TERM', 'dumb')}",
             "cd " + shlex.quote(os.getcwd())]
    lines += ["export " + shlex.quote(setting) for setting in args.env]
    lines += [f"insmod {module} || exit {EXIT_VM}" for module in args.insmod]
    if args.command:
        lines.append("exec " + shlex.join(args.command))
    else:
        lines.append("exec /run/vm/busybox cttyhack /bin/bash -i")
    return "\n".join(lines) + "\n"


def guest_params(args, kernel):
    """Shell variables for init and stage2."""
    size = shutil.get_terminal_size()
    share = shared_directories([TREE, os.getcwd(), *args.share,
                                *(os.path.dirname(os.path.abspath(module.split()[0]))
                                  for module in args.insmod)])
    params = {"HOSTNAME": "vm-" + args.kernel, "MODULES_DIR": kernel.modules,
              "TIME_LIMIT": args.timeout, "SHARE": " ".join(share),
              "INTERACTIVE": "" if args.command else "yes",
              "ROWS": size.lines, "COLUMNS": size.columns}
    return "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in params.items())


def accelerator(args, kernel):
    """QEMU's options for the processor."""
    if args.icount:
        # Each instruction takes a nanosecond; a string copy is one instruction
        # per byte, so keep the kernel from using those.
        return ["-accel", "tcg", "-icount", "shift=0,sleep=off", "-smp", "1",
                "-cpu", "max,-erms,-fsrm"]
    if use_kvm(args, kernel):
        return ["-accel", "kvm", "-cpu", "host", "-smp", str(args.cpus)]
    return ["-accel", "tcg,thread=multi", "-cpu", "max", "-smp", str(args.cpus)]


def use_kvm(args, kernel):
    """Whether KVM boots this kernel: asked for, known from before, or tried now."""
    if args.accel != "auto":
        return args.accel == "kvm"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot_id:
        key = boot_id.read() + kernel.release
    verdict = os.path.join(kernels.CACHE, "kvm-"
                           + hashlib.sha256(key.encode()).hexdigest()[:16])
    with kernels.cache_lock("kvm"):
        if not os.path.exists(verdict):
            attempt = argparse.Namespace(**{**vars(args), "accel": "kvm", "timeout": 15,
                                            "command": ["true"], "insmod": [], "icount": False,
                                            "console": None})
            with open(os.devnull, "w", encoding="ascii") as silence, \
                 contextlib.redirect_stderr(silence):
                works = Machine(attempt, kernel).run() == 0
            note(f"KVM {'boots' if works else 'does not boot'} {kernel.release} on this machine")
            with open(verdict, "w", encoding="ascii") as out:
                out.write("yes" if works else "no")
    with open(verdict, encoding="ascii") as known:
        return known.read() == "yes"


class Machine:
    """One virtual machine for one command."""

    def __init__(self, args, kernel):
        self.args = args
        self.kernel = kernel
        self.work = tempfile.mkdtemp(prefix="af_zmq-vm-")
        self.console = os.path.abspath(args.console or os.path.join(self.work, "console"))
        self.status = os.path.join(self.work, "status")
        self.begin = time.monotonic()

    def qemu(self):
        """QEMU's command line."""
        args = self.args
        archive = os.path.join(self.work, "initramfs")
        initramfs.build(archive, self.kernel.modules, guest_params(args, self.kernel),
                        guest_command(args))
        command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
                   "-no-reboot", "-m", args.memory, *accelerator(args, self.kernel),
                   "-kernel", self.kernel.image, "-initrd", archive,
                   "-append", f"{COMMAND_LINE} {args.append}",
                   "-virtfs", "local,path=/,mount_tag=hostroot,security_model=none,"
                              "readonly=on,multidevs=remap",
                   "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
                   "-chardev", f"file,id=console,path={self.console}",
                   "-serial", "chardev:console",
                   "-chardev", f"file,id=status,path={self.status}",
                   "-device", "virtserialport,chardev=status,name=status",
                   "-chardev", "stdio,id=output,signal=off"]
        if args.command:
            return command + ["-device", "virtserialport,chardev=output,name=output"]
        return command + ["-serial", "chardev:output"]

    def seconds(self):
        """Since the start."""
        return time.monotonic() - self.begin

    def report(self):
        """What the guest has said so far: {"started": ..., "exit": ...}."""
        try:
            with open(self.status, encoding="ascii", errors="replace") as status:
                lines = [line.split() for line in status.read().splitlines()]
        except FileNotFoundError:
            return {}
        return {line[0]: line[1] if len(line) > 1 else "" for line in lines if line}

    def run(self):
        """Boots, runs, judges; the exit code."""
        try:
            with kernel_error_if_missing("qemu-system-x86_64"):
                self.start()
            code = self.judge()
        finally:
            shutil.rmtree(self.work, ignore_errors=True)
        return code

    def start(self):
        """Runs QEMU to its end, or to the end of our patience."""
        interactive = not self.args.command
        with terminal_raw(interactive), subprocess.Popen(
                # An end of file on its input would close the port for the guest.
                self.qemu(), stdin=None if interactive else subprocess.PIPE,
                stdout=None if interactive else subprocess.PIPE) as process:
            if not interactive:
                threading.Thread(target=self.copy_output, args=(process.stdout,)).start()
            try:
                self.watch(process, interactive)
            finally:
                process.kill()

    def copy_output(self, pipe):
        """The command's output as it comes."""
        while data := pipe.read1(65536):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def watch(self, process, interactive):
        """Waits for the end of QEMU within the limits."""
        started = False
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
                return
            started = started or "started" in self.report()
            if not started and self.seconds() > min(BOOT_LIMIT, self.args.timeout + GRACE):
                return
            if not interactive and self.seconds() > self.args.timeout + GRACE:
                return

    def judge(self):
        """The exit code, with an explanation of all that went wrong."""
        report = self.report()
        lines = console.read(self.console) if os.path.exists(self.console) else []
        excerpt = console.complaint(lines)
        if excerpt:
            note("the kernel complained:")
            print("\n".join(excerpt), file=sys.stderr, flush=True)
        taint = console.bad_taint(int(report.get("taint", "0")))
        if taint:
            note(f"the kernel is tainted: {', '.join(taint)}")
        if "started" not in report:
            return self.give_up(EXIT_VM, lines, "did not start the command")
        if "timeout" in report or ("exit" not in report and not excerpt
                                   and self.seconds() > self.args.timeout):
            return self.give_up(EXIT_TIMEOUT, lines, "was stopped: the time limit of "
                                f"{self.args.timeout} s has passed")
        if "exit" not in report:
            return self.give_up(EXIT_VM, lines, "ended before the command did")
        code = int(report["exit"])
        if self.args.verbose:
            note(f"{self.kernel.release}: command started at {report['started']} s of guest time, "
                 f"exit {code}, {self.seconds():.1f} s in all")
        return code or (EXIT_COMPLAINT if excerpt or taint else 0)

    def give_up(self, code, lines, reason):
        """Says what happened and shows the end of the kernel's log."""
        note(f"the virtual machine ({self.kernel.release}) {reason}, "
             f"after {self.seconds():.0f} s; the end of its console:")
        print("\n".join(lines[-60:]), file=sys.stderr, flush=True)
        return code


@contextlib.contextmanager
def kernel_error_if_missing(program):
    """A missing program is the user's problem to solve, not a traceback."""
    try:
        yield
    except FileNotFoundError as error:
        raise KernelError(f"cannot run {error.filename or program}: not installed") from error


@contextlib.contextmanager
def terminal_raw(wanted):
    """The terminal passes every key on, then is as before."""
    if not wanted or not sys.stdin.isatty():
        yield
        return
    saved = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)


def parse(arguments):
    """The command line."""
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--kernel", default="6.1", help="one of " + ", ".join(kernels.NAMES))
    machine = argparse.ArgumentParser(add_help=False)
    machine.add_argument("--timeout", type=int, default=600, help="seconds, boot included")
    machine.add_argument("--insmod", action="append", default=[], metavar="'FILE [PARAM=..]'")
    machine.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    machine.add_argument("--share", action="append", default=[], metavar="DIR",
                         help="directory below /tmp or /run that the guest must see")
    machine.add_argument("--console", metavar="FILE", help="keep the kernel's log here")
    machine.add_argument("--append", default="", help="more kernel command line")
    machine.add_argument("--memory", default="3G")
    machine.add_argument("--cpus", type=int, default=2)
    machine.add_argument("--icount", action="store_true",
                         help="one processor whose clock counts instructions")
    machine.add_argument("--accel", choices=("auto", "tcg", "kvm"),
                         default=os.environ.get("AF_ZMQ_ACCEL", "auto"))
    machine.add_argument("--verbose", action="store_true")
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    actions = parser.add_subparsers(dest="action", required=True)
    run = actions.add_parser("run", parents=[common, machine])
    run.add_argument("command", nargs="+")
    shell = actions.add_parser("shell", parents=[common, machine])
    shell.set_defaults(command=[])
    kernel = actions.add_parser("kernel", parents=[common])
    kernel.add_argument("field", choices=("release", "image", "build", "modules"))
    return parser.parse_args(arguments)


def main():
    """The exit code."""
    args = parse(sys.argv[1:])
    try:
        kernel = kernels.find(args.kernel)
        if args.action == "kernel":
            print(getattr(kernel, args.field))
            return 0
        return Machine(args, kernel).run()
    except KernelError as error:
        note(str(error))
        return EXIT_VM


if __name__ == "__main__":
    sys.exit(main())
