# SPDX-License-Identifier: GPL-2.0-only
"""The initramfs of the virtual machine: busybox, init, the few modules the
kernel needs to reach the host's files, and the command to run."""

import lzma
import os
import stat

HERE = os.path.dirname(os.path.abspath(__file__))

# What the guest cannot do without before its root is mounted.
BOOT_MODULES = ("virtio_pci", "9pnet_virtio", "9p", "overlay",
                "virtio_console", "virtio_rng")


class Cpio:
    """Writes a "newc" archive, the format of Documentation/driver-api/early-userspace."""

    def __init__(self):
        self.data = bytearray()
        self.inode = 0

    def _member(self, name, mode, content=b"", rdev=(0, 0)):
        self.inode += 1
        name = name.encode() + b"\0"
        fields = (self.inode, mode, 0, 0, 1, 0, len(content), 0, 0,
                  rdev[0], rdev[1], len(name), 0)
        self.data += b"070701" + b"".join(b"%08X" % f for f in fields) + name
        self.data += b"\0" * (-len(self.data) % 4)
        self.data += content
        self.data += b"\0" * (-len(self.data) % 4)

    def directory(self, name):
        self._member(name, stat.S_IFDIR | 0o755)

    def device(self, name, major, minor):
        self._member(name, stat.S_IFCHR | 0o600, rdev=(major, minor))

    def file(self, name, content, mode=0o755):
        self._member(name, stat.S_IFREG | mode, content)

    def finish(self):
        self._member("TRAILER!!!", 0)
        return bytes(self.data)


def module_closure(modules_dir, names):
    """Files of the named modules, each after those it depends on."""
    depends = {}
    with open(os.path.join(modules_dir, "modules.dep"), encoding="ascii") as dep:
        for line in dep:
            path, _, needs = line.partition(":")
            depends[path] = needs.split()
    by_name = {os.path.basename(path).split(".ko")[0].replace("-", "_"): path
               for path in depends}
    order = []
    for name in names:
        path = by_name.get(name.replace("-", "_"))
        if not path:
            continue            # built in
        for needed in [*reversed(depends[path]), path]:
            if needed not in order:
                order.append(needed)
    return [os.path.join(modules_dir, path) for path in order]


def read_module(path):
    """A module's bytes; Debian compresses them from 6.12 on."""
    with open(path, "rb") as module:
        content = module.read()
    return lzma.decompress(content) if path.endswith(".xz") else content


def build(path, modules_dir, params, command):
    """Writes the archive.  params: dict of shell variables; command: a shell script."""
    archive = Cpio()
    for name in ("bin", "dev", "proc", "sys", "modules.d"):
        archive.directory(name)
    archive.device("dev/console", 5, 1)
    for source, name in (("/bin/busybox", "bin/busybox"),
                         (os.path.join(HERE, "init"), "init"),
                         (os.path.join(HERE, "stage2"), "stage2")):
        with open(source, "rb") as content:
            archive.file(name, content.read())
    modules = module_closure(modules_dir, BOOT_MODULES) if modules_dir else []
    listing = []
    for module in modules:
        name = "modules.d/" + os.path.basename(module).removesuffix(".xz")
        archive.file(name, read_module(module))
        listing.append("/" + name)
    archive.file("modules", "\n".join(listing).encode())
    archive.file("params", params.encode())
    archive.file("command", command.encode())
    with open(path, "wb") as out:
        out.write(archive.finish())
