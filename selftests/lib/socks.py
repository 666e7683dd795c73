# SPDX-License-Identifier: GPL-2.0-only
"""A SOCKS 5 server that does what a test wants."""

import socket
import struct
import threading


class SocksServer:
    """Serves in threads; requests is what was asked for, as (user, password, host, port)."""

    def __init__(self, user=None, password=None, hosts=None, reply=None, piece=1 << 16):
        self.user, self.password = user, password
        self.hosts = hosts or {}        # names it knows, to addresses
        self.reply = reply              # send these bytes instead of the answer to the request
        self.piece = piece              # most bytes sent at a time
        self.requests = []
        self.refused = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        """Until the listener is closed."""
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def send(self, client, data):
        """In pieces, each a packet of its own."""
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for at in range(0, len(data), self.piece):
            client.sendall(data[at:at + self.piece])

    def negotiate(self, client):
        """(user, password), or None if the client is to be sent away."""
        version, count = read(client, 2)
        assert version == 5
        wanted = 0 if self.user is None else 2
        if wanted not in read(client, count):
            self.send(client, b"\x05\xff")
            return None
        self.send(client, bytes((5, wanted)))
        if not wanted:
            return (None, None)
        assert read(client, 1) == b"\x01"
        user = read(client, read(client, 1)[0])
        password = read(client, read(client, 1)[0])
        good = (user, password) == (self.user, self.password)
        self.send(client, b"\x01\x00" if good else b"\x01\x01")
        return (user, password) if good else None

    def serve(self, client):
        """One client."""
        try:
            who = self.negotiate(client)
            if who is None:
                self.refused += 1
                return
            assert read(client, 3) == b"\x05\x01\x00"
            host = self.read_host(client)
            port = struct.unpack("!H", read(client, 2))[0]
            self.requests.append(who + (host, port))
            if self.reply is not None:
                self.send(client, self.reply)
                return
            try:
                peer = socket.create_connection((self.hosts.get(host, host), port))
            except OSError:
                self.send(client, b"\x05\x05\x00\x01" + bytes(6))
                return
            self.send(client, b"\x05\x00\x00\x03\x04name\x12\x34")
            back = threading.Thread(target=copy, args=(peer, client), daemon=True)
            back.start()
            copy(client, peer)
            back.join()
        except (EOFError, OSError):
            pass
        finally:
            client.close()

    @staticmethod
    def read_host(client):
        """Text of any kind of address."""
        kind = read(client, 1)[0]
        if kind == 3:
            return read(client, read(client, 1)[0]).decode()
        return socket.inet_ntop(*((socket.AF_INET, read(client, 4)) if kind == 1 else
                                  (socket.AF_INET6, read(client, 16))))

    def close(self):
        """No more clients."""
        self.listener.close()


def read(sock, count):
    """Exactly so many bytes."""
    data = b""
    while len(data) < count:
        more = sock.recv(count - len(data))
        if not more:
            raise EOFError
        data += more
    return data


def copy(source, to):
    """Until the end."""
    try:
        while data := source.recv(1 << 16):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        pass
