#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Unmodified Debian programs on our libzmq.so.5, their peers on the real one, and so on.

A Jupyter kernel executes a notebook, scripts of php-zmq and of Perl's ZMQ::FFI serve pyzmq
clients, and ffmpeg sends a stream to ffmpeg.  The scripts are in programs/.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "lib"))
# pylint: disable=wrong-import-position
import tap
from tap import LIMIT, test

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "programs")
PYTHON = sys.executable
MIXES = (("ours", "real"), ("real", "ours"), ("ours", "ours"), ("real", "real"))
if os.environ.get("AF_ZMQ_BACKEND") == "libzmq":
    MIXES = (("real", "real"),)
LONG = 15 * LIMIT         # seconds for a program: Jupyter loads hundreds of files


def environ(library, **more):
    """For a program that is to use that library."""
    env = {**os.environ, **more}
    env.pop("LD_PRELOAD", None)
    if library == "ours":
        env["LD_PRELOAD"] = os.environ["AF_ZMQ_SHIM"]
    return env


class Program:
    """A program that runs, and ends with the block if not before."""

    def __init__(self, library, *command, **more):
        self.process = subprocess.Popen(command, env=environ(library, **more),
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.killer = threading.Timer(LONG, self.process.kill)
        self.killer.start()

    def line(self):
        """Its next line."""
        line = self.process.stdout.readline()
        assert line, f"it ended with {self.process.wait()}"
        return line.strip()

    def rest(self):
        """What it still says, and that it ends well."""
        text = self.process.stdout.read()
        code = self.process.wait()
        assert code == 0, f"exit code {code}: {text[-2000:]}"
        return text

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.killer.cancel()
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


CLIENT = """
import sys, zmq
req = zmq.Context().socket(zmq.REQ)
req.connect(sys.argv[1])
for n in range(int(sys.argv[2])):
    parts = [b"part %d" % i * (n + 1) for i in range(n % 3 + 1)]
    req.send_multipart(parts)
    assert req.recv_multipart() == [part.upper() for part in parts], n
req.send(b"end")
assert req.recv() == b"END"
print("served")
"""

WORKER = """
import sys, zmq
rep = zmq.Context().socket(zmq.REP)
rep.connect(sys.argv[1])
parts = None
while parts != [b"end"]:
    parts = rep.recv_multipart()
    rep.send_multipart([part.upper() for part in parts])
"""

SENDER = """
import sys, zmq
context = zmq.Context()
pub, push = context.socket(zmq.XPUB), context.socket(zmq.PUSH)
for sock in pub, push:
    sock.bind("tcp://127.0.0.1:*")
    print(sock.getsockopt_string(zmq.LAST_ENDPOINT).rstrip(chr(0)), flush=True)
assert pub.recv() == b"\\x01a"
for i in range(50):
    pub.send_multipart([b"a%d" % i, b"wanted"])
    pub.send_multipart([b"b%d" % i, b"unwanted"])
    push.send(b"work %d" % i)
pub.send(b"a")
push.send(b"end")
context.destroy(linger=5000)
"""


def php(library, script, *args):
    """A PHP script."""
    return Program(library, "php", os.path.join(SCRIPTS, script), *args)


def serve_php(ours, theirs):
    """REQ to a REP in PHP."""
    with php(ours, "rep.php", "tcp://127.0.0.1:*") as server, \
         Program(theirs, PYTHON, "-c", CLIENT, server.line(), "50") as client:
        assert client.rest() == "served\n"
        server.rest()


def poll_php(ours, theirs):
    """ZMQPoll: a SUB, then a PULL."""
    with Program(theirs, PYTHON, "-c", SENDER) as sender, \
         php(ours, "poll.php", sender.line(), sender.line()) as receiver:
        lines = receiver.rest().splitlines()
    assert lines == [f"a{i}|wanted" for i in range(50)] + ["a"] + \
        [f"work {i}" for i in range(50)] + ["end"], lines


def serve_perl(ours, theirs):
    """A broker in Perl, with ZMQ_FD and select(); client and worker on the other library."""
    with Program(ours, "perl", os.path.join(SCRIPTS, "router.pl")) as broker:
        front, back = broker.line(), broker.line()
        with Program(theirs, PYTHON, "-c", WORKER, back), \
             Program(theirs, PYTHON, "-c", CLIENT, front, "50") as client:
            assert client.rest() == "served\n"
            broker.rest()


FFMPEG = ("ffmpeg", "-hide_banner", "-nostdin", "-loglevel", "error")


def stream(ours, theirs):
    """Pictures from ffmpeg's PUB to ffmpeg's SUB: those that come are numbered as they were."""
    with tempfile.TemporaryDirectory() as directory:
        listing = os.path.join(directory, "frames")
        endpoint = "zmq:tcp://127.0.0.1:5999"
        with Program(ours, *FFMPEG, "-re", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=25",
                     "-c:v", "mpeg2video", "-g", "5", "-b:v", "200k", "-f", "mpegts",
                     endpoint), \
             Program(theirs, *FFMPEG, "-analyzeduration", "500000", "-probesize", "20000",
                     "-i", endpoint, "-frames:v", "25", "-f", "framecrc", listing) as receiver:
            receiver.rest()
        with open(listing, encoding="ascii") as file:
            frames = [line.split(",") for line in file if not line.startswith("#")]
    assert len(frames) == 25, frames
    assert all(int(frame[4]) == 64 * 48 * 3 // 2 for frame in frames), frames


def kernelspec(directory, library):
    """Where Jupyter finds the kernel, and by which library it talks."""
    where = os.path.join(directory, "kernels/tested")
    os.makedirs(where)
    preload = f"LD_PRELOAD={os.environ.get('AF_ZMQ_SHIM')}" if library == "ours" \
        else "-uLD_PRELOAD"
    with open(os.path.join(where, "kernel.json"), "w", encoding="utf-8") as file:
        json.dump({"argv": ["env", preload, PYTHON, "-m", "ipykernel_launcher", "-f",
                            "{connection_file}"],
                   "display_name": "tested", "language": "python"}, file)


def outputs(path):
    """The text of each cell's outputs."""
    with open(path, encoding="utf-8") as file:
        cells = json.load(file)["cells"]
    return [["".join(out.get("text") or out["data"]["text/plain"]) for out in cell["outputs"]]
            for cell in cells]


def notebook(ours, theirs):
    """nbconvert has a kernel execute a notebook."""
    with tempfile.TemporaryDirectory() as directory:
        kernelspec(directory, ours)
        with Program(theirs, PYTHON, "-m", "nbconvert", "--to", "notebook", "--execute",
                     "--ExecutePreprocessor.startup_timeout=%d" % LONG,
                     "--output-dir", directory, "--output", "done.ipynb",
                     os.path.join(SCRIPTS, "notebook.ipynb"),
                     JUPYTER_PATH=directory, HOME=directory, JUPYTER_PLATFORM_DIRS="0",
                     PYTHONDONTWRITEBYTECODE="1") as client:
            client.rest()
        cells = outputs(os.path.join(directory, "done.ipynb"))
    assert cells[0] == ["5050"], cells[0]
    printed = "".join(cells[1])
    assert all(f"line {i}\n" in printed for i in range(200)) and "err\n" in printed, printed
    assert cells[2] == ["from a thread\n", "5051"], cells[2]
    assert cells[3] == [repr("x" * 300000)], len(cells[3][0])
    assert cells[4] == [repr(ours == "ours")], cells[4]


for mix in MIXES:
    for function, label in ((serve_php, "php.rep"), (poll_php, "php.poll"),
                            (serve_perl, "perl.broker"), (stream, "ffmpeg"),
                            (notebook, "jupyter")):
        test(lambda function=function, mix=mix: function(*mix), ".".join((label,) + mix))

if __name__ == "__main__":
    tap.run()
