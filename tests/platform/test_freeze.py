#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A box that is frozen for a while and goes on: nothing that was pending is lost, and no time-out counts the time."""
import concurrent.futures
import contextlib
import json
import os
import signal
import time
import unittest

import tap
from box import Box

LONG = 11.5  # longer than the deadlines of heads and bodies
SHORT = 4


def descendants(pid):
    """The process and all below it, the parents first."""
    found = [pid]
    for number in found:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in os.listdir(f"/proc/{number}/task"):
                with open(f"/proc/{number}/task/{task}/children") as file:
                    found += map(int, file.read().split())
    return found


class FreezeTest(unittest.TestCase):
    def setUp(self):
        self.box = Box()
        self.addCleanup(self.box.stop)
        self.pool = concurrent.futures.ThreadPoolExecutor(8)
        self.addCleanup(self.pool.shutdown)

    @contextlib.contextmanager
    def frozen(self):
        """All processes of the box, as the freezer does, so that none sees another stand still."""
        frozen = []
        for pid in descendants(self.box.process.pid):
            # A command may have ended since.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
                frozen.append(pid)
        yield
        for pid in reversed(frozen):
            os.kill(pid, signal.SIGCONT)

    def head(self, method, path, *lines):
        return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {self.box.token}", *lines, "", ""]).encode()

    def connect(self):
        connection = self.box.connect()
        self.addCleanup(connection.close)
        return connection

    def read_reply(self, connection):
        """Head and body of a reply with Content-Length."""
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(65536)
            self.assertTrue(piece, data)
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:"))
        while len(body) < length:
            piece = connection.recv(65536)
            self.assertTrue(piece, "the reply ends early")
            body += piece
        return int(head.split()[1]), body

    def test_connections(self):
        """A head and a body half sent, a reply half read, a connection between two requests, a WebSocket with events on their way."""
        size = 32 << 20
        self.box.write("large", bytes(size))
        request = self.head("GET", "/health")
        body = json.dumps({"path": "written", "content": "x" * 5000}).encode()

        half_head = self.connect()
        half_head.sendall(request[:20])
        half_body = self.connect()
        half_body.sendall(self.head("POST", "/files/write", "Content-Type: application/json", f"Content-Length: {len(body)}") + body[:100])
        half_read = self.connect()
        half_read.sendall(self.head("GET", "/api/v1/files/read?path=large"))
        start = half_read.recv(1000)
        idle = self.connect()
        idle.sendall(request)
        self.assertEqual(self.read_reply(idle)[0], 200)
        web_socket = self.box.web_socket()
        self.addCleanup(web_socket.close)
        self.assertTrue(web_socket.ask({"type": "watch", "path": "."})["success"])
        fresh = self.connect()
        self.box.write("made", b"")
        with self.frozen():
            time.sleep(LONG / 2)
            self.box.write("meanwhile", b"")
            sent_meanwhile = self.connect()
            sent_meanwhile.sendall(request)
            time.sleep(LONG / 2)

        time.sleep(1.2)  # a sweep
        half_head.sendall(request[20:])
        self.assertEqual(self.read_reply(half_head)[0], 200)
        half_body.sendall(body[100:])
        self.assertEqual(self.read_reply(half_body)[0], 200)
        self.assertEqual(self.box.read("written"), b"x" * 5000)
        idle.sendall(request)
        self.assertEqual(self.read_reply(idle)[0], 200)
        fresh.sendall(request)
        self.assertEqual(self.read_reply(fresh)[0], 200)
        self.assertEqual(self.read_reply(sent_meanwhile)[0], 200)
        n_read = len(start)
        while n_read < size:
            piece = half_read.recv(1 << 20)
            self.assertTrue(piece, f"the reply ends after {n_read} bytes")
            n_read += len(piece)
        web_socket.events_until([("add", "made"), ("add", "meanwhile")])

    def run_slowly(self, tenths, **members):
        """A command that runs that long while it is not frozen: sleep would count the time."""
        line = f"touch started; i=0; while [ $i -lt {tenths} ]; do sleep 0.1; i=$((i+1)); done; echo done"
        return self.pool.submit(self.box.post, "/process/exec", {"command": line, "shell": True, **members}, timeout=40)

    def wait_for(self, name):
        deadline = time.monotonic() + 10
        while not os.path.exists(self.box.path(name)):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)

    def test_commands(self):
        """Time-outs of commands and sessions count while they run, and no longer; and then they still count."""
        quick = self.run_slowly(15, timeout=2000)
        session = self.box.post("/api/v1/sessions/create", {"shell": "/bin/sh", "workingDir": self.box.workspace}).json()
        session = session["data"]["sessionId"] if "data" in session else session["sessionId"]
        line = "i=0; while [ $i -lt 15 ]; do sleep 0.1; i=$((i+1)); done; echo done"
        in_session = self.pool.submit(self.box.post, f"/api/v1/sessions/{session}/exec", {"command": line, "timeout": 2}, timeout=40)
        endless = self.run_slowly(10000, timeout=2000)
        self.wait_for("started")
        time.sleep(0.8)
        with self.frozen():
            time.sleep(SHORT)
        thawed = time.monotonic()
        self.assertEqual(quick.result().json()["stdout"], "done\n")
        told = in_session.result().json()
        self.assertIn("done", json.dumps(told))
        self.assertEqual(endless.result().json()["code"], "OPERATION_TIMEOUT")
        self.assertLess(time.monotonic() - thawed, 4)

    def test_often(self):
        """Row 22: many short pauses with requests pending lose none."""
        for i in range(30):
            pending = [self.pool.submit(self.box.post, "/process/exec", {"command": "echo", "args": [str(i)]}) for _ in range(3)]
            pending.append(self.pool.submit(self.box.request, "GET", "/health"))
            with self.frozen():
                time.sleep(0.03)
            self.assertEqual([reply.result().status for reply in pending], [200] * 4)


if __name__ == "__main__":
    tap.main()
