# SPDX-License-Identifier: GPL-2.0-only
"""One QEMU virtual machine for one command."""

import contextlib
import dataclasses
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
from kernels import Kernel, KernelError

EXIT_TIMEOUT, EXIT_VM, EXIT_COMPLAINT = 124, 125, 126
TREE = os.path.dirname(os.path.dirname(kernels.HERE))
BOOT_LIMIT = 300        # seconds until the guest must have started the command
KVM_BOOT_LIMIT = 15     # the same for the attempt that tells whether KVM works
GRACE = 20              # seconds between the guest's time limit and ours
HIDDEN = ("/dev/shm", "/run", "/tmp", "/var/tmp")  # tmpfs in the guest
# What tests take from the environment.
PASSED = ("AF_ZMQ_BACKEND", "AF_ZMQ_CALL", "AF_ZMQ_CONNECTIONS", "AF_ZMQ_MESSAGES",
          "AF_ZMQ_ROUNDS", "AF_ZMQ_SECONDS", "AF_ZMQ_SEED")
# On a busy machine the timer looks broken when the kernel checks it.
COMMAND_LINE = ("no_timer_check console=ttyS0 loglevel=7 mitigations=off no5lvl panic=-1 oops=panic "
                "random.trust_cpu=on net.ifnames=0 rcupdate.rcu_cpu_stall_timeout=60 "
                "kunit.enable=1 rdinit=/init")


@dataclasses.dataclass
class Job:
    """What to run, and on what kind of machine."""
    kernel: Kernel
    command: list               # empty: an interactive shell
    timeout: int = 600          # seconds, boot included
    insmod: list = dataclasses.field(default_factory=list)   # "FILE [PARAM=VALUE...]"
    env: list = dataclasses.field(default_factory=list)      # "NAME=VALUE"
    share: list = dataclasses.field(default_factory=list)    # directories below HIDDEN
    console: str = ""           # where to keep the kernel's log
    append: str = ""            # more kernel command line
    memory: str = "3G"
    cpus: int = 2
    icount: bool = False        # one processor whose clock counts instructions
    accel: str = "auto"         # or tcg, kvm
    boot_limit: int = BOOT_LIMIT
    quiet: bool = False

    def modules(self):
        """The files to insmod."""
        return [os.path.abspath(module.split()[0]) for module in self.insmod]

    def script(self):
        """The shell script that the guest runs."""
        lines = ["export HOME=/root LANG=C.UTF-8 PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1",
                 f"export AF_ZMQ_VM={shlex.quote(self.kernel.name)}",
                 f"export TERM={shlex.quote(os.environ.get('TERM', 'dumb'))}",
                 "cd " + shlex.quote(os.getcwd())]
        lines += [f"export {name}={shlex.quote(os.environ[name])}"
                  for name in PASSED if name in os.environ]
        lines += ["export " + shlex.quote(setting) for setting in self.env]
        lines += [f"insmod {module} || exit {EXIT_VM}" for module in self.insmod]
        lines.append("exec " + (shlex.join(self.command)
                                or "/bin/bash -i"))
        return "\n".join(lines) + "\n"

    def shared(self):
        """Directories the command needs and the guest's own mounts would hide."""
        shared = []
        wanted = [TREE, os.getcwd(), *self.share, *map(os.path.dirname, self.modules())]
        for path in sorted(map(os.path.realpath, wanted)):
            hidden = any(f"{path}/".startswith(f"{top}/") for top in HIDDEN)
            if hidden and not any(f"{path}/".startswith(f"{other}/") for other in shared):
                shared.append(path)
        return shared

    def params(self):
        """Shell variables for init and stage2."""
        size = shutil.get_terminal_size()
        values = {"HOSTNAME": "vm-" + self.kernel.name.replace(".", "-"), "MODULES_DIR": self.kernel.modules,
                  # The guest's clock is not ours if it counts instructions.
                  "TIME_LIMIT": "" if self.icount or not self.command else self.timeout,
                  "SHARE": " ".join(self.shared()), "INTERACTIVE": "" if self.command else "yes",
                  "ROWS": size.lines, "COLUMNS": size.columns}
        return "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in values.items())


def kvm_boots(job):
    """Whether KVM really boots this kernel here: known from before, or tried now."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as boot_id:
        key = hashlib.sha256((boot_id.read() + job.kernel.release).encode()).hexdigest()[:16]
    verdict = os.path.join(kernels.CACHE, "kvm-" + key)
    with kernels.cache_lock("kvm"):
        if not os.path.exists(verdict):
            attempt = Job(job.kernel, ["true"], timeout=KVM_BOOT_LIMIT, accel="kvm",
                          boot_limit=KVM_BOOT_LIMIT, quiet=True)
            works = Machine(attempt).run() == 0
            kernels.note(f"KVM {'boots' if works else 'does not boot'} "
                         f"{job.kernel.release} on this machine")
            with open(verdict, "w", encoding="ascii") as out:
                out.write("yes" if works else "no")
    with open(verdict, encoding="ascii") as known:
        return known.read() == "yes"


# An emulated string copy is an instruction for each byte, where a processor that
# has these features takes many at once: so the kernel is not to use it.
EMULATED = "max,-erms,-fsrm"


def accelerator(job):
    """QEMU's options for the processors."""
    if job.icount:
        # Each instruction takes a nanosecond.
        return ["-accel", "tcg", "-icount", "shift=0,sleep=off", "-smp", "1",
                "-cpu", EMULATED]
    if job.accel == "kvm" or (job.accel == "auto" and kvm_boots(job)):
        return ["-accel", "kvm", "-cpu", "host", "-smp", str(job.cpus)]
    return ["-accel", "tcg,thread=multi", "-cpu", EMULATED, "-smp", str(job.cpus)]


class Machine:
    """Boots, runs the job, judges the outcome."""

    def __init__(self, job):
        self.job = job
        self.work = ""
        self.console = job.console and os.path.abspath(job.console)
        self.begin = time.monotonic()

    def run(self):
        """The exit code for our caller."""
        for module in self.job.modules():
            if not os.path.exists(module):
                raise KernelError(f"no module {module}")
        with tempfile.TemporaryDirectory(prefix="af_zmq-vm-") as self.work:
            self.console = self.console or os.path.join(self.work, "console")
            command = self.qemu()
            self.begin = time.monotonic()
            try:
                self.boot(command)
            except FileNotFoundError as error:
                raise KernelError(f"cannot run {command[0]}: not installed") from error
            return self.judge()

    def qemu(self):
        """QEMU's command line."""
        job = self.job
        archive = os.path.join(self.work, "initramfs")
        initramfs.build(archive, job.kernel.modules, job.params(), job.script())
        command = ["qemu-system-x86_64", "-nodefaults", "-no-user-config", "-display", "none",
                   "-no-reboot", "-m", job.memory, *accelerator(job),
                   "-kernel", job.kernel.image, "-initrd", archive,
                   "-append", f"{COMMAND_LINE} {job.append}",
                   "-virtfs", "local,path=/,mount_tag=hostroot,security_model=none,"
                              "readonly=on,multidevs=remap",
                   "-device", "virtio-rng-pci", "-device", "virtio-serial-pci",
                   "-chardev", f"file,id=console,path={self.console}",
                   "-serial", "chardev:console",
                   "-chardev", f"file,id=status,path={self.work}/status",
                   "-device", "virtserialport,chardev=status,name=status",
                   "-chardev", "stdio,id=output,signal=off"]
        if job.command:
            return command + ["-device", "virtserialport,chardev=output,name=output"]
        return command + ["-serial", "chardev:output"]

    def boot(self, command):
        """Runs QEMU to its end, or to the end of our patience."""
        interactive = not self.job.command
        # An end of file on QEMU's input would close the port for the guest: a pipe.
        pipe = None if interactive else subprocess.PIPE
        errors = subprocess.DEVNULL if self.job.quiet else None
        with raw_terminal(interactive), subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=errors) as process:
            copier = threading.Thread(target=copy_output, args=(process,))
            if not interactive:
                copier.start()
            try:
                self.watch(process)
            finally:
                process.kill()
                if not interactive:
                    copier.join()

    def watch(self, process):
        """Waits for the end of QEMU within the limits."""
        job = self.job
        started = False
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
                return
            started = started or "started" in self.report()
            if not started and self.seconds() > job.boot_limit:
                return
            if job.command and self.seconds() > job.timeout + GRACE:
                return

    def report(self):
        """What the guest has said so far: {"started": ..., "taint": ..., "exit": ...}."""
        try:
            with open(os.path.join(self.work, "status"), encoding="ascii") as status:
                return dict((line + " ").split(" ", 1) for line in status.read().splitlines())
        except FileNotFoundError:
            return {}

    def seconds(self):
        """Since QEMU's start."""
        return time.monotonic() - self.begin

    def say(self, message, lines=()):
        """An explanation for the user."""
        if not self.job.quiet:
            kernels.note(message)
            for line in lines:
                print("  " + line, file=sys.stderr)
            sys.stderr.flush()

    def judge(self):
        """The exit code, with an explanation of all that went wrong."""
        report = self.report()
        lines = console.read(self.console) if os.path.exists(self.console) else []
        excerpt = console.complaint(lines)
        if excerpt:
            self.say("the kernel complained:", excerpt)
        taint = console.bad_taint(int(report.get("taint", "0")))
        if taint:
            self.say(f"the kernel is tainted: {', '.join(taint)}")
        if "started" not in report:
            return self.give_up(EXIT_VM, lines, "did not start the command")
        if "timeout" in report or ("exit" not in report and self.seconds() > self.job.timeout):
            return self.give_up(EXIT_TIMEOUT, lines, "was stopped: the time limit of "
                                f"{self.job.timeout} s has passed")
        if "exit" not in report:
            return self.give_up(EXIT_VM, lines, "ended before the command did")
        code = int(report["exit"])
        self.say(f"{self.job.kernel.release}: booted in {report['started'].strip()} s "
                 f"of guest time, exit code {code}, {self.seconds():.0f} s in all")
        return code or (EXIT_COMPLAINT if excerpt or taint else 0)

    def give_up(self, code, lines, reason):
        """Says what happened and shows the end of the kernel's log."""
        self.say(f"the virtual machine ({self.job.kernel.release}) {reason}, "
                 f"after {self.seconds():.0f} s; the end of its log:", lines[-60:])
        return code


def copy_output(process):
    """The command's output as it comes; nobody reading it ends the machine."""
    try:
        while data := process.stdout.read1(65536):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
    except BrokenPipeError:
        process.kill()


@contextlib.contextmanager
def raw_terminal(wanted):
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
