# SPDX-License-Identifier: GPL-2.0-only
"""What the demo shows, in order."""

import dataclasses
import os
from typing import Callable

import kernel
from stage import SLOW, Failure, run

STEPS = []
MODULE = "/sys/module/af_zmq"
WORK = 5050         # milliseconds in the ventilator's tasks
TASKS = 100
ZIP_CODES = (10001, 10123, 10345, 10567, 10789)


@dataclasses.dataclass
class Step:
    """One of them."""
    title: str
    play: Callable
    prose: str
    handshakes: int     # how many, at least, the kernel must have done
    module: bool        # has no sense without the module
    always: bool        # even when only some are wanted


def step(title, handshakes=0, module=False, always=False):
    """Makes a function with a docstring a step."""
    def add(function):
        STEPS.append(Step(title, function, function.__doc__, handshakes, module, always))
        return function
    return add


@step("Into the running kernel", module=True, always=True)
def load(stage):
    """AF_ZMQ is a module of its own; nothing else of the kernel changes."""
    if os.path.isdir(MODULE):
        raise Failure("af_zmq is loaded already: rmmod af_zmq first")
    do(stage, "insmod", stage.module)
    family = " ".join(kernel.read(MODULE + "/parameters/family"))
    stage.check(family.isdigit(), f"ZeroMQ sockets are socket family {family}")


def do(stage, *words):
    """A command that is done at once."""
    stage.transcript.command("", words)
    code, output = run(words)
    for line in output.splitlines():
        stage.transcript.output("", line)
    stage.require(code == 0, f"{words[0]} succeeds, its exit code is {code}")
    return output


def show_sockets(stage):
    """cat /proc/net/zmq"""
    stage.transcript.command("", ["cat", kernel.ZMQ])
    for line in kernel.read(kernel.ZMQ):
        stage.transcript.output("", line)


# Hello World

def plain_hello(stage, server_endpoint, client_endpoint, count):
    """Two programs without any library."""
    server = stage.start("server", "plain_server", server_endpoint, shim=False)
    stage.hear(server, "^waiting on")
    client = stage.start("client", "plain_client", client_endpoint, str(count), shim=False)
    stage.end(client)
    stage.interrupt(server)
    stage.check(answers(client) == count, f"{count} requests, {count} answers")


def answers(client):
    """How many a client has got."""
    return sum("Hello - World" in line for line in client.lines)


def hello(stage, server_shim, client_shim, count=3):
    """The same by libzmq's functions."""
    server = stage.start("server", "hello_server", "tcp://*:5555", shim=server_shim)
    stage.hear(server, "^waiting on")
    client = stage.start("client", "hello_client", "tcp://localhost:5555", str(count),
                         shim=client_shim)
    stage.end(client)
    stage.interrupt(server)
    stage.check(answers(client) == count, f"{count} requests, {count} answers")


@step("Hello World with socket calls alone", handshakes=2, module=True)
def plain_tcp(stage):
    """socket(AF_ZMQ, SOCK_SEQPACKET, ZMQ_AF_REP), bind(), recv(), send(): no library is
    involved."""
    do(stage, "ldd", stage.path("plain_server"))
    plain_hello(stage, "tcp://*:5555", "tcp://127.0.0.1:5555", 5)


@step("The same over ipc", handshakes=2, module=True)
def plain_ipc(stage):
    """The transport is a matter of the endpoint's name."""
    plain_hello(stage, "ipc://hello", "ipc://hello", 3)


@step("Socket calls here, libzmq there", handshakes=2, module=True)
def plain_mixed(stage):
    """The kernel speaks ZeroMQ's wire protocol: the peers may be ordinary ZeroMQ programs."""
    server = stage.start("server", "plain_server", "tcp://*:5555", shim=False)
    stage.hear(server, "^waiting on")
    client = stage.start("client", "hello_client", "tcp://localhost:5555", "3", shim=False)
    stage.end(client)
    stage.interrupt(server)
    stage.require(answers(client) == 3, "libzmq's client has three answers")
    server = stage.start("server", "hello_server", "tcp://*:5555", shim=False)
    stage.hear(server, "^waiting on")
    client = stage.start("client", "plain_client", "tcp://127.0.0.1:5555", "3", shim=False)
    stage.end(client)
    stage.interrupt(server)
    stage.check(answers(client) == 3, "three answers in each direction")


@step("Ordinary programs, another library")
def version(stage):
    """Programs for libzmq, built with Debian's zmq.h and linked to Debian's libzmq, need not be
    built again: preload our libzmq.so.5, which passes their calls to the kernel."""
    real = stage.start("version", "version", shim=False)
    stage.end(real)
    ours = stage.start("version", "version")
    stage.end(ours)
    stage.require(real.said("runs with 4"), "Debian's libzmq is some version 4")
    stage.check(bool(ours.said("over AF_ZMQ")) == bool(stage.shim),
                "the same program runs over AF_ZMQ")


@step("Hello World", handshakes=2)
def hello_ours(stage):
    """The guide's first pair of programs: REQ asks, REP answers."""
    hello(stage, True, True, count=10)


@step("Hello World, the client with libzmq", handshakes=1)
def hello_server_ours(stage):
    """Only the server runs through the kernel; the client cannot tell."""
    hello(stage, True, False)


@step("Hello World, the server with libzmq", handshakes=1)
def hello_client_ours(stage):
    """And the other way round."""
    hello(stage, False, True)


@step("Ctrl-C")
def ctrl_c(stage):
    """A signal interrupts whatever a program waits for; it cleans up and exits with 0."""
    server = stage.start("server", "hello_server", "tcp://*:5555")
    worker = stage.start("worker", "worker", "tcp://localhost:5557", "tcp://localhost:5558")
    sender = stage.start("sender", "weather_server", "tcp://*:5556")
    feed = stage.start("feed", "nasdaq_feed.py", "tcp://localhost:5561")
    stage.hear(server, "^waiting")
    stage.hear(sender, "^reporting")
    stage.hear(feed, "^pyzmq")
    stage.interrupt(server, worker, feed)
    stage.interrupt(sender, busy=True)
    stage.check(not any(program.process.returncode for program in stage.programs),
                "four clean exits, from zmq_recv(), zmq_send() and Python")


# Weather

def weather(stage, server_shim, client_shim, show=False):
    """A publisher and five subscribers."""
    updates = 100
    server = stage.start("server", "weather_server", "tcp://*:5556", shim=server_shim)
    stage.hear(server, "^reporting")
    clients = [stage.start(f"client {number}", "weather_client", "tcp://localhost:5556",
                           str(code), str(updates), shim=client_shim)
               for number, code in enumerate(ZIP_CODES, 1)]
    if show and stage.shim:
        # All five, unless a fast one is done already.
        stage.until(lambda: kernel.pipes("PUB", ":5556") == len(clients) or
                    any(client.ended() for client in clients), what="the subscribers")
        show_sockets(stage)
    for client in clients:
        stage.end(client, 120 * SLOW)
    stage.interrupt(server, busy=True)
    for client, code in zip(clients, ZIP_CODES):
        average = client.said(rf"^zip code {code}: (-?[\d.]+) degrees on average of {updates}\b")
        stage.require(average, f"{client.name} has {updates} updates")
        climate = code % 50 - 10
        stage.require(abs(float(average[1]) - climate) < 2,
                      f"zip code {code} has {climate} degrees on average")
    stage.check(True, f"{len(clients)} clients, each with {updates} updates of its own "
                "zip code alone and a likely average")


@step("Weather: a publisher and five subscribers", handshakes=10)
def weather_ours(stage):
    """PUB sends the weather at a thousand places as fast as it can; each SUB wants that of one
    zip code, and what nobody wants is not even sent."""
    weather(stage, True, True, show=True)


@step("Weather, the clients with libzmq", handshakes=5)
def weather_server_ours(stage):
    """The kernel filters for subscribers elsewhere."""
    weather(stage, True, False)


@step("Weather, the server with libzmq", handshakes=5)
def weather_clients_ours(stage):
    """And subscribes to publishers elsewhere."""
    weather(stage, False, True)


# Tasks

def tasks(stage, count, ventilator_shim=True, worker_shim=True):
    """A ventilator, some workers and a sink."""
    sink = stage.start("sink", "sink", "tcp://*:5558", str(TASKS), shim=worker_shim)
    stage.hear(sink, "^waiting")
    ventilator = stage.start("ventilator", "ventilator", "tcp://*:5557", "tcp://localhost:5558",
                             shim=ventilator_shim, typed=True)
    stage.hear(ventilator, "^press Enter")
    workers = [stage.start(f"worker {number}", "worker", "tcp://localhost:5557",
                           "tcp://localhost:5558", shim=worker_shim)
               for number in range(1, count + 1)]
    wait_for_workers(stage, count, bool(ventilator_shim and stage.shim))
    stage.press_enter(ventilator)
    stage.end(sink)
    stage.end(ventilator)
    stage.interrupt(*workers)
    took = int(sink.said(rf"^{TASKS} results in (\d+) ms")[1])
    shares = [int(worker.said(r"after (\d+) tasks")[1]) for worker in workers]
    stage.require(shares == [TASKS // count] * count,
                  f"each worker has {TASKS // count} tasks (they have {shares})")
    ideal = WORK / count
    stage.require(0.98 * ideal <= took <= 1.6 * ideal * SLOW,
                  f"{count} workers need about {ideal / 1000:.1f} s, not {took} ms")
    stage.check(True, f"{WORK / 1000:.2f} s of work took {took / 1000:.2f} s "
                f"with {count} worker{'s' * (count > 1)} of {TASKS // count} tasks each")


def wait_for_workers(stage, count, ours):
    """Until the ventilator knows of all: the kernel tells how many pipes its socket has.  Of a
    libzmq's we only see that its connections are there and quiet, for some time."""
    if ours:
        stage.until(lambda: kernel.pipes("PUSH", ":5557") == count, what="the workers")
    quiet = 0

    def ready():
        nonlocal quiet
        there = (kernel.connections(5557), kernel.connections(5558)) == (count, count + 1)
        quiet = quiet + 1 if there else 0
        return quiet > (0 if ours else 10 * SLOW)

    stage.until(ready, what="the connections")


@step("Parallel tasks with one worker", handshakes=6)
def one_worker(stage):
    """The ventilator PUSHes 100 tasks of 1 to 100 ms, workers PULL them and PUSH their results
    to the sink, which takes the time."""
    tasks(stage, 1)


@step("Parallel tasks with two workers", handshakes=10)
def two_workers(stage):
    """The ventilator's socket deals them out in turn."""
    tasks(stage, 2)


@step("Parallel tasks with four workers", handshakes=18)
def four_workers(stage):
    """Nobody had to be told that there are more of them."""
    tasks(stage, 4)


@step("Parallel tasks, workers and sink with libzmq", handshakes=3)
def ventilator_ours(stage):
    """The kernel deals out."""
    tasks(stage, 2, worker_shim=False)


@step("Parallel tasks, the ventilator with libzmq", handshakes=7)
def workers_ours(stage):
    """The kernel collects."""
    tasks(stage, 2, ventilator_shim=False)


# Python

@step("Stock quotes in Python", handshakes=7)
def quotes(stage):
    """Debian's pyzmq, unmodified.  Two tickers elsewhere have libzmq; here a feed subscribes to
    NASDAQ at both and publishes to this machine's subscribers on ipc://nasdaq-feed."""
    count = 200
    tickers = [stage.start(name, "ticker.py", f"tcp://127.0.0.1:{port}", name, shim=False)
               for name, port in (("London", 5561), ("Tokyo", 5562))]
    for ticker in tickers:
        stage.hear(ticker, "^quoting")
    feed = stage.start("feed", "nasdaq_feed.py", "tcp://127.0.0.1:5561", "tcp://127.0.0.1:5562")
    stage.hear(feed, "^pyzmq")
    subscribers = [stage.start(f"reader {number}", "subscriber.py", str(count))
                   for number in (1, 2)]
    subscribers.append(stage.start("reader 3", "subscriber.py", str(count), shim=False))
    for subscriber in subscribers:
        stage.end(subscriber, 60 * SLOW)
    stage.interrupt(*tickers, busy=True)
    stage.interrupt(feed)
    for subscriber in subscribers:
        told = subscriber.said(rf"^{count} quotes of NASDAQ: (\d+) from London and (\d+) from")
        stage.require(told, f"{subscriber.name} has {count} quotes of NASDAQ from both tickers")
        stage.require(min(int(told[1]), int(told[2])) > count / 10,
                      "each ticker has a fair share")
    stage.check(True, f"three readers, one of them with libzmq, each with {count} quotes "
                "of NASDAQ alone, from both tickers")


# Order and loss

@step("The client first", handshakes=2)
def client_first(stage):
    """In ZeroMQ nobody has to be there first: the client's kernel connects again until there is
    a server."""
    client = stage.start("client", "hello_client", "tcp://localhost:5555", "3")
    stage.until(client.asleep, what="the client to wait")
    if stage.shim:
        stage.until(lambda: [socket["txmsgs"] for socket in kernel.sockets()] == ["1"],
                    what="its request to be queued")
        show_sockets(stage)
    stage.require(not client.lines, "the client has no answer yet")
    server = stage.start("server", "hello_server", "tcp://*:5555")
    stage.end(client)
    stage.interrupt(server)
    stage.check(answers(client) == 3, "three answers by the late server")


@step("The server killed and started again", handshakes=4)
def server_killed(stage):
    """It dies over the fourth request.  The client's socket connects to the next server, and the
    program repeats its question."""
    server = stage.start("server 1", "hello_server", "tcp://*:5555", "200")
    stage.hear(server, "^waiting")
    client = stage.start("client", "patient_client", "tcp://localhost:5555", "6")
    stage.until(lambda: len(server.lines) >= 5, what="the fourth request")
    stage.kill(server)
    stage.hear(client, "request 4: no answer, once more")
    again = stage.start("server 2", "hello_server", "tcp://*:5555")
    stage.end(client)
    stage.interrupt(again)
    stage.check(answers(client) == 6, "six answers by two servers")


@step("The publisher killed and started again", handshakes=2)
def publisher_killed(stage):
    """The subscriber's socket connects and subscribes again; its program notices nothing."""
    updates = 100
    words = ("weather_server", "tcp://*:5556", "1", "100")
    server = stage.start("server 1", *words, shim=False)
    stage.hear(server, "^reporting")
    client = stage.start("client", "weather_client", "tcp://localhost:5556", "10000",
                         str(updates))
    stage.hear(client, "first update")
    stage.kill(server)
    stage.require(not client.said("average"), "the client wants more")
    again = stage.start("server 2", *words)
    stage.end(client)
    stage.interrupt(again, busy=True)
    stage.check(client.said(f"average of {updates} updates"),
                f"{updates} updates from two servers, the first with libzmq, the second with us")


@step("A sender that exits at once", handshakes=1, module=True)
def quick_sender(stage):
    """It sends, closes nothing, and is gone before there is a receiver.  The messages are not:
    they linger in the kernel."""
    sender = stage.start("sender", "quick_sender", "tcp://localhost:5559", "10")
    stage.end(sender)
    show_sockets(stage)
    lingering = [socket for socket in kernel.sockets() if socket["state"] == "lingering"]
    stage.require(len(lingering) == 1 and lingering[0]["type"] == "PUSH",
                  "one PUSH socket is lingering")
    receiver = stage.start("receiver", "receiver", "tcp://*:5559", "10", shim=False)
    stage.end(receiver)
    stage.check(receiver.said("^10 messages received"), "all of them have arrived")


@step("The same sender with libzmq", module=True)
def quick_sender_real(stage):
    """For comparison: libzmq's I/O thread ends with the process, and takes them along."""
    sender = stage.start("sender", "quick_sender", "tcp://localhost:5559", "10", shim=False)
    stage.end(sender)
    receiver = stage.start("receiver", "receiver", "tcp://*:5559", "10", "1")
    stage.end(receiver)
    stage.check(receiver.said("^0 messages received"), "none has arrived")


@step("Out of the kernel", module=True, always=True)
def unload(stage):
    """A module with sockets stays; without, it leaves nothing behind."""
    server = stage.start("server", "plain_server", "tcp://*:5555", shim=False)
    stage.hear(server, "^waiting on")
    stage.transcript.command("", ["rmmod", "af_zmq"])
    code, output = run(["rmmod", "af_zmq"])
    stage.transcript.output("", output)
    stage.require(code, "rmmod is refused")
    stage.interrupt(server)
    stage.until(lambda: not kernel.sockets(), what="the last socket to go")
    do(stage, "rmmod", "af_zmq")
    left = [path for path in (MODULE, kernel.ZMQ, kernel.STAT) if os.path.exists(path)]
    stage.check(not left, "refused while there was a socket, then gone without a trace")
