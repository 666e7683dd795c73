# SPDX-License-Identifier: GPL-2.0-only
"""The kernels the tests run on: Debian's 6.1 and 6.12, and kernels with checkers.

Nothing is installed.  Packages are downloaded with apt and unpacked in the
cache; debug and kcsan are built there, from Debian's linux-source-6.1.
"""

import contextlib
import dataclasses
import fcntl
import functools
import glob
import hashlib
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME")
                     or os.path.expanduser("~/.cache"), "af_zmq")
NAMES = ("6.1", "6.12", "debug", "kcsan")
SOURCE = "linux-source-6.1"
NEEDED_OF_BUILD = (".config", "Kbuild", "Makefile", "Module.symvers", "System.map", "arch",
                   "include", "scripts", "tools", "vmlinux", "wanted.config")


@dataclasses.dataclass
class Recipe:
    """How a kernel is built."""
    fragments: tuple    # configuration, beyond allnoconfig
    flags: tuple = ()   # for make


BUILT = {
    "debug": Recipe(("debug.config",)),
    # Kbuild's switch, for everything: the kernel itself is not instrumented.
    "kcsan": Recipe(("debug.config", "kcsan.config"), ("KCSAN_SANITIZE=n",)),
}


class KernelError(Exception):
    """No such kernel, with the reason a person can act on."""


@dataclasses.dataclass
class Kernel:
    """One kernel ready to boot and to build modules for."""
    name: str           # as the user calls it
    release: str        # as uname -r will
    image: str          # bzImage
    build: str          # KDIR
    modules: str        # directory with modules.dep; "" if all is built in


def note(message):
    """Progress, for the one who waits."""
    print(f"vm: {message}", file=sys.stderr, flush=True)


def run(*command, **options):
    """Runs a command; its output is shown only if it fails."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False, **options)
    if done.returncode:
        raise KernelError(f"{' '.join(command)} failed:\n{done.stdout[-4000:]}")
    return done.stdout


@contextlib.contextmanager
def cache_lock(name):
    """Only one process at a time fills a part of the cache."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, f".lock-{name}"), "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            note(f"waiting for another process that prepares {name}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def version_key(text):
    """Sort key that puts 6.1.0-9 before 6.1.0-56."""
    return [int(part) for part in re.findall(r"\d+", text)]


def known_packages(prefix):
    """Names of the packages apt could install."""
    return subprocess.run(["apt-cache", "pkgnames", prefix], text=True, check=False,
                          stdout=subprocess.PIPE).stdout.split()


def installed_version(package):
    """The version of an installed package, or None."""
    done = subprocess.run(["dpkg-query", "-W", "-f", "${Status} ${Version}", package],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          text=True, check=False)
    words = done.stdout.split()
    return words[3] if words[:3] == ["install", "ok", "installed"] else None


@functools.cache
def update_package_lists():
    """Once is enough."""
    run("apt-get", "-q", "-o", "DPkg::Lock::Timeout=600", "update")


def unpack(packages, target):
    """Downloads packages and unpacks them, all or nothing, below target."""
    work = target + ".tmp"
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(os.path.join(work, "root"))
    note(f"downloading {', '.join(packages)}")
    download = ("apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *packages)
    try:
        run(*download, cwd=work)
    except KernelError:
        update_package_lists()
        run(*download, cwd=work)
    for package in glob.glob(os.path.join(work, "*.deb")):
        run("dpkg-deb", "-x", package, os.path.join(work, "root"))
        os.unlink(package)
    os.rename(work, target)


def from_image(name, release, root, build):
    """The Kernel in an unpacked image package."""
    modules = os.path.join(root, "lib/modules", release)
    if not os.path.exists(os.path.join(modules, "modules.dep")):
        link = os.path.join(modules, "build")
        if os.path.islink(link):
            os.unlink(link)
        os.symlink(build, link)
        run("depmod", "-b", root, release)
    return Kernel(name, release, os.path.join(root, "boot/vmlinuz-" + release),
                  build, modules)


def stock_releases(series):
    """Releases of a series of Debian's kernels that apt can give, newest first."""
    pattern = re.compile(rf"linux-image-({re.escape(series)}\.\d+[-+][\w+.]*?\d*-?amd64)$")
    releases = [match[1] for match in map(pattern.match, known_packages(f"linux-image-{series}."))
                if match and not re.search(r"(cloud|rt)-amd64", match[1])]
    return sorted(releases, key=version_key, reverse=True)


def find_6_1():
    """Debian 12's kernel: the image of the newest headers that are installed."""
    headers = [path.split("linux-headers-")[1]
               for path in glob.glob("/usr/src/linux-headers-6.1.*-amd64")]
    headers = [release for release in headers if not re.search(r"(cloud|rt)-amd64", release)]
    for release in sorted(headers, key=version_key, reverse=True):
        target = os.path.join(CACHE, "kernels", release)
        build = "/usr/src/linux-headers-" + release
        if not os.path.isdir(target):
            version = installed_version("linux-headers-" + release)
            try:
                unpack([f"linux-image-{release}" + (f"={version}" if version else "")], target)
            except KernelError as error:
                note(str(error))
                continue
        return from_image("6.1", release, os.path.join(target, "root"), build)
    raise KernelError("no linux-headers-6.1.*-amd64 whose image can be downloaded: "
                      "run apt-get update && apt-get install linux-headers-amd64")


def relocate_headers(root):
    """Makes unpacked headers packages usable where they are."""
    for makefile in glob.glob(os.path.join(root, "usr/src/linux-headers-*-amd64/Makefile")):
        with open(makefile, encoding="ascii") as text:
            content = text.read()
        with open(makefile, "w", encoding="ascii") as text:
            text.write(content.replace("/usr/src/", os.path.join(root, "usr/src/")))


def find_6_12():
    """Debian 12's backported kernel, newest; headers come into the cache, too."""
    releases = stock_releases("6.12")
    if not releases:
        update_package_lists()
        releases = stock_releases("6.12")
    for release in releases:
        abi = release.removesuffix("-amd64")
        target = os.path.join(CACHE, "kernels", release)
        root = os.path.join(target, "root")
        if not os.path.isdir(target):
            try:
                unpack([f"linux-image-{release}", f"linux-headers-{release}",
                        f"linux-headers-{abi}-common", f"linux-kbuild-{abi}"], target)
            except KernelError as error:
                note(str(error))
                continue
            relocate_headers(root)
        return from_image("6.12", release, root,
                          os.path.join(root, "usr/src/linux-headers-" + release))
    raise KernelError("apt knows no linux-image-6.12.*-amd64: run apt-get update")


def fragment_lines(names):
    """The settings of configuration fragments; a later one replaces an earlier one.

    What is to be off is left out, as it is off in what they are added to.
    """
    settings = {}
    for name in names:
        with open(os.path.join(HERE, name), encoding="utf-8") as fragment:
            for line in fragment.read().splitlines():
                if setting := re.match(r"(CONFIG_\w+)=", line):
                    settings[setting[1]] = line
    return [line for line in settings.values() if not line.endswith("=n")]


def find_built(name):
    """Our own build of Debian's 6.1 source with checkers on."""
    version = installed_version(SOURCE)
    if not version:
        raise KernelError(f"the {name} kernel needs the package {SOURCE}")
    key = hashlib.sha256(version.encode())
    for fragment in BUILT[name].fragments:
        with open(os.path.join(HERE, fragment), "rb") as config:
            key.update(config.read())
    target = os.path.join(CACHE, "kernels", f"{name}-{version}-{key.hexdigest()[:12]}")
    if not os.path.isdir(target):
        build(name, target)
    return Kernel(name, release_of(target), os.path.join(target, "arch/x86/boot/bzImage"),
                  target, "")


def release_of(build_dir):
    """What uname -r says of a kernel that was built there."""
    path = os.path.join(build_dir, "include/generated/utsrelease.h")
    with open(path, encoding="ascii") as text:
        return re.search('UTS_RELEASE "(.*)"', text.read())[1]


def build(name, target):
    """Builds it; about 12 minutes on two processors."""
    work = target + ".tmp"
    log = target + ".log"
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    note(f"building the {name} kernel, about 12 minutes, once; log: {log}")
    run("tar", "-C", work, "--strip-components=1", "-xf", f"/usr/src/{SOURCE}.tar.xz")
    compile_tree(work, log, BUILT[name].fragments, ("bzImage", "modules"), BUILT[name].flags)
    prune(work)
    os.rename(work, target)


def compile_tree(work, log, fragments, goals, flags):
    """Configures and builds the source in work."""
    wanted = fragment_lines(fragments)
    with open(os.path.join(work, "wanted.config"), "w", encoding="utf-8") as config:
        config.write("\n".join(wanted) + "\n")
    make(work, log, *flags, "KCONFIG_ALLCONFIG=wanted.config", "allnoconfig")
    check_config(work, wanted)
    make(work, log, f"-j{os.cpu_count()}", *flags, *goals)


def make(work, log, *words):
    """Runs make there, its output appended to a log."""
    with open(log, "a", encoding="utf-8") as output:
        done = subprocess.run(["make", *words], cwd=work, stdout=output, check=False,
                              stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
    if done.returncode:
        raise KernelError(f"make {' '.join(words)} failed: see {log}")


def prune(work, needed=NEEDED_OF_BUILD):
    """Leaves of a built tree what booting and building modules need."""
    for name in os.listdir(work):
        if name not in needed:
            path = os.path.join(work, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            else:
                os.unlink(path)


def check_config(work, wanted):
    """Every line that is wanted must have survived dependency resolution."""
    with open(os.path.join(work, ".config"), encoding="utf-8") as config:
        got = set(config.read().splitlines())
    lost = [line for line in wanted if line not in got]
    if lost:
        raise KernelError("the configuration asks for what this source cannot give: "
                          + ", ".join(lost))


# Of linux-source, for tests and checks; in no package that could be installed.
SOURCE_FILES = ("scripts/checkpatch.pl", "scripts/spelling.txt",
                "scripts/const_structs.checkpatch",
                "tools/testing/selftests/kselftest.h",
                "tools/testing/selftests/kselftest_harness.h")


def find_source():
    """A directory with SOURCE_FILES."""
    version = installed_version(SOURCE)
    if not version:
        raise KernelError(f"needs the package {SOURCE}")
    target = os.path.join(CACHE, f"{SOURCE}-{version}")
    with cache_lock("source"):
        if not os.path.isdir(target):
            work = target + ".tmp"
            shutil.rmtree(work, ignore_errors=True)
            os.makedirs(work)
            run("tar", "-C", work, "--strip-components=1", "-xf",
                f"/usr/src/{SOURCE}.tar.xz",
                *(f"{SOURCE}/{name}" for name in SOURCE_FILES))
            os.rename(work, target)
    return target


def find(name):
    """The Kernel of that name, fetched or built if it is not there yet."""
    finders = {"6.1": find_6_1, "6.12": find_6_12}
    if name not in NAMES:
        raise KernelError(f"no kernel {name}: one of {', '.join(NAMES)}")
    with cache_lock(name):
        return find_built(name) if name in BUILT else finders[name]()
