# SPDX-License-Identifier: GPL-2.0-only
"""Endpoints: syntax, bind, connect, and their ends."""

import os

from .library import (Context, NAMES, OUT, PAIR, PULL, PUSH, STREAM, say, scenario, short, tcp,
                      until)


@scenario
def errors_of_endpoints():
    for kind in (PAIR, STREAM):
        context = Context()
        socket = context.socket(kind, LINGER=0)
        for endpoint in ("", "a", "://", "inproc://", "inproc:", "inproc:/a", "tcp://", "://a", "foo://a",
                         "tcp://127.0.0.1", "tcp://127.0.0.1:", "tcp://127.0.0.1:x",
                         "tcp://127.0.0.1:65536", "tcp://127.0.0.1:-1", "tcp://:5555",
                         "tcp://127.0.0.1:0", "tcp://*", "tcp://256.1.1.1:5555",
                         "tcp://1.2.3:77777", "tcp://nic9:*", "tcp://[::1:5", "tcp://127.0.0.1:*x",
                         "tcp://10.255.255.1:5555",
                         "ipc://", "ipc://@", "ipc://" + "x" * 107, "ipc://" + "x" * 108,
                         "ipc:///nonexistent/dir/x", "udp://127.0.0.1:5555", "vmci://1:2", "vsock://1:2",
                         "INPROC://a", "Tcp://127.0.0.1:*", "inproc://" + "n" * 300, "inproc:// a",
                         "tcp:// 127.0.0.1:*", "tcp://127.0.0.1 :*"):
            short = endpoint if len(endpoint) < 40 else f"{endpoint[:10]}..{len(endpoint)}"
            os.chdir("/tmp")
            # A bad handle of neither may stay: one at a time.
            say(NAMES[kind], short, "bind", socket.bind(endpoint), "unbind", socket.unbind(endpoint))
        for endpoint in ("", "a", "://", "inproc://", "tcp://", "foo://a", "tcp://127.0.0.1",
                         "tcp://127.0.0.1:", "tcp://127.0.0.1:x", "tcp://127.0.0.1:65536",
                         "tcp://:5555", "tcp://127.0.0.1:0", "tcp://*:5555", "tcp://127.0.0.1:*",
                         "tcp://127.0.0.1:5x", "tcp://;127.0.0.1:9", "tcp://127.0.0.1;127.0.0.1:9",
                         "tcp://127.0.0.1:0;127.0.0.1:9", "tcp://-a:5", "tcp://[::1]:9",
                         "tcp://127.0.0.1:9 ", "ipc://", "ipc://@", "ipc://*", "ipc://" + "x" * 108,
                         "ipc:///nonexistent/dir/x", "udp://127.0.0.1:5555", "inproc://nobody"):
            short = endpoint if len(endpoint) < 40 else f"{endpoint[:10]}..{len(endpoint)}"
            say(NAMES[kind], short, "connect", socket.connect(endpoint), "disconnect",
                socket.disconnect(endpoint), socket.disconnect(endpoint))
        say(socket.close(), context.term())


@scenario
def endpoints_tcp():
    context = Context()
    pull, push = context.socket(PULL, LINGER=0), context.socket(PUSH, LINGER=0)
    say(pull.bind("tcp://127.0.0.1:*"))
    endpoint = pull.last()
    port = endpoint.split(":")[-1]
    say(pull.unbind("tcp://127.0.0.1:*"), push.connect(f"tcp://localhost:{port}"), push.last() == f"tcp://localhost:{port}",
        push.send(b"1", flags=0), pull.recv(), push.disconnect(f"tcp://127.0.0.1:{port}"), push.disconnect(f"tcp://localhost:{port}"))
    say(context.socket(PULL).bind(endpoint), pull.bind(endpoint), pull.unbind(endpoint), pull.unbind(endpoint), until(lambda: pull.bind(endpoint) == 0),
        pull.last() == endpoint)
    say(pull.bind("tcp://*:*"), pull.last().rsplit(":", 1)[0], pull.bind("tcp://lo:*"), pull.last().rsplit(":", 1)[0],
        pull.bind("tcp://0.0.0.0:0"), pull.last().rsplit(":", 1)[0], pull.bind("tcp://localhost:*"),
        pull.last().rsplit(":", 1)[0], pull.bind("tcp://0x7f000001:*"), pull.last().rsplit(":", 1)[0])
    say(push.connect(f"tcp://127.0.0.1:{port}"), push.connect(f"tcp://127.0.0.1:{port}"), push.disconnect(f"tcp://127.0.0.1:{port}"),
        push.disconnect(f"tcp://127.0.0.1:{port}"))
    say(push.connect("tcp://127.0.0.1:1"), push.unbind("tcp://127.0.0.1:1"), pull.disconnect(endpoint), pull.last() == endpoint)


@scenario
def endpoints_ipc():
    os.chdir("/tmp")
    context = Context()
    pull, push = context.socket(PULL, LINGER=0), context.socket(PUSH, LINGER=0)
    for path in ("/tmp/scenario-a", "scenario-b", "@scenario-c"):
        say(path, pull.bind(f"ipc://{path}"), pull.last(), push.connect(f"ipc://{path}"), push.last(), push.send(b"x", flags=0), pull.recv(),
            pull.unbind(f"ipc://{path}"), os.path.exists(path), pull.unbind(f"ipc://{path}"), push.disconnect(f"ipc://{path}"))
    other = context.socket(PULL)
    say(pull.bind("ipc:///tmp/scenario-a"), until(lambda: other.bind("ipc://@scenario-c") == 0), pull.bind("ipc://@scenario-c"), pull.bind("ipc://*"), pull.last()[:6], pull.close())


@scenario
def tcp_hwm_and_linger():
    context, (pull, endpoint) = tcp(PULL)
    push = context.socket(PUSH, IMMEDIATE=1, LINGER=0)
    say(push.connect("tcp://127.0.0.1:1"), push.events(), push.send(b"x"), push.wait(OUT, 100))
    say(push.connect(endpoint), push.wait(OUT), push.send(b"x"), pull.recv())
    other = context.socket(PUSH, SNDHWM=3, LINGER=0)
    say(other.connect("tcp://127.0.0.1:1"), other.events(), other.fill(), other.events())
    last = context.socket(PUSH)
    say(last.connect(endpoint), [last.send(b"%d" % n) for n in range(5)], last.close(), [pull.recv() for _ in range(5)])
    say(pull.close(), push.close(), other.close(), context.term())
