# SPDX-License-Identifier: GPL-2.0-only
"""User-mode Linux 7.3: a kernel newer than Debian 12 has, with checkers, as a program.

Built in the cache, from Debian 13's backports: apt downloads the source with
lists and state in a directory of their own, and nothing is installed.
"""

import contextlib
import glob
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

import console
import kernels
from kernels import CACHE, HERE, Kernel, KernelError, note, run

SERIES = "7.3"
PACKAGE = f"linux-source-{SERIES}"
SUITE = "trixie-backports"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FRAGMENT = "uml.config"
INIT = os.path.join(HERE, "uml-init")
NEEDED = (*kernels.NEEDED_OF_BUILD, "Kconfig", "linux")
EXIT_TIMEOUT, EXIT_VM, EXIT_COMPLAINT = 124, 125, 126


def mirrors():
    """Where this machine gets Debian's packages from."""
    done = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)",
                           "Created-By: Packages"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, check=False)
    found = [uri for uri in dict.fromkeys(done.stdout.split())
             if uri.rstrip("/").endswith("/debian")]
    if not found:
        raise KernelError("apt knows of no mirror of Debian")
    return found


def download(work):
    """Unpacks the newest source package below work; its version."""
    state = os.path.join(work, "apt")
    for directory in ("lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(state, directory))
    with open(os.path.join(state, "sources.list"), "w", encoding="ascii") as sources:
        sources.writelines(f"deb [signed-by={KEYRING}] {uri} {SUITE} main\n"
                           for uri in mirrors())
    options = ["-q"]
    for setting in (f"Dir::Etc::sourcelist={state}/sources.list",
                    f"Dir::Etc::sourceparts={state}/none", f"Dir::Cache={state}/cache",
                    f"Dir::State::lists={state}/lists", "APT::Sandbox::User=root"):
        options += ["-o", setting]
    note(f"downloading {PACKAGE} from {SUITE}")
    run("apt-get", *options, "update")
    run("apt-get", *options, "download", PACKAGE, cwd=state)
    package = glob.glob(os.path.join(state, "*.deb"))[0]
    run("dpkg-deb", "-x", package, state)
    run("tar", "-C", work, "--strip-components=1", "-xf",
        f"{state}/usr/src/{PACKAGE}.tar.xz")
    shutil.rmtree(state)
    return os.path.basename(package).split("_")[1]


def build(key):
    """Downloads and builds it; its directory."""
    work = os.path.join(CACHE, "kernels", f"uml-{key}.tmp")
    log = work.removesuffix(".tmp") + ".log"
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    version = download(work)
    note(f"building User-mode Linux {version}, about 13 minutes, once; log: {log}")
    kernels.compile_tree(work, log, (FRAGMENT,), ("linux", "modules"), ("ARCH=um",))
    kernels.prune(work, NEEDED)
    target = os.path.join(CACHE, "kernels", f"uml-{version}-{key}")
    os.rename(work, target)
    return target


def find():
    """The Kernel, built if it is not there yet."""
    with open(os.path.join(HERE, FRAGMENT), "rb") as config:
        key = hashlib.sha256(SERIES.encode() + config.read()).hexdigest()[:12]
    with kernels.cache_lock("uml"):
        there = glob.glob(os.path.join(CACHE, "kernels", f"uml-*-{key}"))
        target = there[0] if there else build(key)
    return Kernel("uml", kernels.release_of(target), os.path.join(target, "linux"), target, "")


def verdict(process, log):
    """The exit code, from what init and the kernel said."""
    lines = [console.strip(line) for line in console.read(log)]
    told = {}
    for line in lines:
        if found := re.match(r"vm: (taint|exit) (\d+)$", line):
            told[found[1]] = int(found[2])
    if "exit" not in told:
        note(f"User-mode Linux ended early ({process.returncode}); the end of its log:")
        print("\n".join(lines[-40:]), file=sys.stderr)
        return EXIT_VM
    complaint = console.complaint(lines) or console.bad_taint(told["taint"])
    if complaint:
        print("\n".join(complaint), file=sys.stderr)
    return told["exit"] or (EXIT_COMPLAINT if complaint else 0)


def run_job(job):
    """Runs a machine.Job, as far as it is for this kernel; the exit code as of vm.py."""
    if hidden := job.shared():
        raise KernelError(f"User-mode Linux does not see {', '.join(hidden)}")
    with tempfile.TemporaryDirectory(prefix="af_zmq-uml-") as work:
        log = job.console or os.path.join(work, "console")
        script = os.path.join(work, "command")
        with open(script, "w", encoding="utf-8") as text:
            text.write(job.script())
        words = [job.kernel.image, f"mem={job.memory}", f"ncpus={job.cpus}", "seccomp=on",
                 "con=null", "con0=null,fd:2", "con1=null,fd:1",
                 "root=/dev/root", "rootfstype=hostfs", "rootflags=/", "ro",
                 "loglevel=7", "panic=-1", "kunit.enable=1", "kunit.autorun=1",
                 *job.append.split(), f"init={INIT}", "--", script]
        with open(log, "wb") as errors, \
             subprocess.Popen(words, stdin=subprocess.DEVNULL, stderr=errors,
                              start_new_session=True) as process:
            try:
                process.wait(job.timeout)
            except subprocess.TimeoutExpired:
                note(f"User-mode Linux: time limit of {job.timeout} s")
                return EXIT_TIMEOUT
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
        return verdict(process, log)
