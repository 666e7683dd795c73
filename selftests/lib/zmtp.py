# SPDX-License-Identifier: GPL-2.0-only
"""ZMTP as bytes: what a peer sends, and what a receiver must make of it.

Written after the RFCs 13, 15, 23 and 37 and what libzmq does; it shares nothing
with the kernel's code, which is compared to it.
"""

MORE, LONG, COMMAND = 1, 2, 4
MESSAGE_MAX = 2**31 - 1     # net.zmq.msg_max
TOPIC_MAX = 1 << 14         # net.zmq.topic_max
READY_MAX = 8192            # longest handshake command
ID_MAX = 255

PEERS = {
    "PAIR": ("PAIR",),
    "PUB": ("SUB", "XSUB"), "SUB": ("PUB", "XPUB"),
    "REQ": ("REP", "ROUTER"), "REP": ("REQ", "DEALER"),
    "DEALER": ("REP", "DEALER", "ROUTER"), "ROUTER": ("REQ", "DEALER", "ROUTER"),
    "PUSH": ("PULL",), "PULL": ("PUSH",),
    "XPUB": ("SUB", "XSUB"), "XSUB": ("PUB", "XPUB"),
    "SERVER": ("CLIENT",), "CLIENT": ("SERVER",),
    "RADIO": ("DISH",), "DISH": ("RADIO",),
    "SCATTER": ("GATHER",), "GATHER": ("SCATTER",),
    "PEER": ("PEER",), "CHANNEL": ("CHANNEL",),
}


def signature(identity=b""):
    """The first ten octets; to a 1.0 peer the header of its identity frame."""
    return b"\xff" + (len(identity) + 1).to_bytes(8, "big") + b"\x7f"


def greeting(minor=1, mechanism=b"NULL", major=3, as_server=0):
    """64 octets of ZMTP 3."""
    return (signature() + bytes((major, minor)) + mechanism.ljust(20, b"\0")
            + bytes((as_server,)) + bytes(31))


def frame(body, flags=0, long=False):
    """A frame of ZMTP 2.0 and later."""
    if long or len(body) > 255:
        return bytes((flags | LONG,)) + len(body).to_bytes(8, "big") + body
    return bytes((flags, len(body))) + body


def frame_v1(body, more=0):
    """A frame of ZMTP 1.0: the length counts the flags."""
    if len(body) + 1 < 255:
        return bytes((len(body) + 1, more)) + body
    return b"\xff" + (len(body) + 1).to_bytes(8, "big") + bytes((more,)) + body


def command(name, data=b""):
    """A command frame."""
    return frame(bytes((len(name),)) + name + data, COMMAND)


def prop(name, value):
    """A property of READY."""
    return bytes((len(name),)) + name + len(value).to_bytes(4, "big") + value


def ready(socket_type, identity=None, more=b""):
    """The READY command."""
    data = prop(b"Socket-Type", socket_type)
    if identity is not None:
        data += prop(b"Identity", identity)
    return command(b"READY", data + more)


def hello(socket_type):
    """All a 3.1 peer says before its messages."""
    return greeting() + ready(socket_type)


class Stop(Exception):
    """The input ends here (reason "eof"), or is against the rules."""


class Receiver:
    """What a receiver of a type must make of a peer's bytes.

    After feed(), phase is "handshake" or "traffic", broken tells whether the
    peer broke the protocol, messages is what the user gets.  With lenient,
    malformed commands among the messages are ignored as libzmq does.
    """

    def __init__(self, socket_type, lenient=False):
        self.socket_type = socket_type
        self.lenient = lenient
        self.phase = "handshake"
        self.version = None
        self.broken = False
        self.messages = []
        self.data = b""
        self.at = 0
        self.greeted = 0        # where the handshake ends

    def feed(self, data):
        """All bytes the peer sends before it closes."""
        self.data = data
        try:
            self.handshake()
            self.phase = "traffic"
            self.greeted = self.at
            self.traffic()
        except Stop as reason:
            self.broken = str(reason) != "eof"
        return self

    def take(self, count):
        """The next bytes."""
        if self.at + count > len(self.data):
            raise Stop("eof")
        self.at += count
        return self.data[self.at - count:self.at]

    def handshake(self):
        """Greeting and mechanism."""
        if self.take(1) != b"\xff":
            self.at = 0
            return self.identity(1)
        if not self.take(9)[8] & 1:
            self.at = 0
            return self.identity(1)
        major = self.take(1)[0]
        if major < 2:
            self.take(1)        # socket type, not looked at
            return self.identity(1 if major == 0 else 2)
        rest = self.take(53)
        if rest[1:21] != b"NULL".ljust(20, b"\0"):
            raise Stop("mechanism")
        self.version = 3
        return self.ready()

    def header(self, body_max):
        """Flags and length of the next frame."""
        if self.version == 1:
            length = self.take(1)[0]
            if length == 255:
                length = int.from_bytes(self.take(8), "big")
            if not 0 < length < 2**63:
                raise Stop("length")
            flags = self.take(1)[0] & MORE
            length -= 1
        else:
            flags = self.take(1)[0]
            if not self.lenient and flags & MORE and flags & COMMAND:
                raise Stop("flags")
            length = int.from_bytes(self.take(8 if flags & LONG else 1), "big")
            flags &= MORE | COMMAND
        if length >= 2**63 or not flags & COMMAND and length > body_max:
            raise Stop("length")
        return flags, length

    def identity(self, version):
        """The identity frame of ZMTP 1.0 and 2.0."""
        self.version = version
        _, length = self.header(ID_MAX)
        if length > ID_MAX:
            raise Stop("identity")
        self.take(length)

    def ready(self):
        """The READY command."""
        _, length = self.header(READY_MAX)
        if length > READY_MAX:
            raise Stop("length")
        body = self.take(length)
        if not body or body[0] > len(body) - 1:
            raise Stop("command")
        if body[:6] != b"\5READY":
            raise Stop("not READY")
        at = 6
        while at < len(body):
            end = at + 1 + body[at]
            if end + 4 > len(body):
                raise Stop("property")
            name = body[at + 1:end].lower()
            size = int.from_bytes(body[end:end + 4], "big")
            at = end + 4 + size
            if at > len(body):
                raise Stop("property")
            value = body[end + 4:at].decode("latin-1")
            if name == b"socket-type" and value not in PEERS[self.socket_type]:
                raise Stop("type")
            if name == b"identity" and size > ID_MAX:
                raise Stop("identity")

    def traffic(self):
        """Messages and commands."""
        parts = []
        while True:
            flags, length = self.header(MESSAGE_MAX)
            if flags & COMMAND:
                if length > TOPIC_MAX + 16:
                    raise Stop("command too long")
                self.command(self.take(length))
                continue
            parts.append(self.take(length))
            if not flags & MORE:
                self.messages.append(parts)
                parts = []

    def command(self, body):
        """A command among the messages."""
        if self.lenient:
            return
        if not body or body[0] > len(body) - 1:
            raise Stop("command")
        name, data = body[1:1 + body[0]], body[1 + body[0]:]
        if name in (b"READY", b"ERROR"):
            raise Stop("command out of place")
        if name == b"PING" and not 2 <= len(data) <= 18:
            raise Stop("PING")
        if name == b"PONG" and len(data) > 16:
            raise Stop("PONG")
