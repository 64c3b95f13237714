#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a client, a command or a file can do to the agent by being odd: nothing stalls, nothing leaks, nothing is mixed up."""
import base64
import json
import os
import re
import signal
import socket
import struct
import subprocess
import time
import unittest

import tap
from agent import Agent

MIB = 1 << 20


def json_request(route, *headers, **members):
    body = json.dumps(members)
    lines = [f"POST {route} HTTP/1.1", "Host: localhost", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def exec_request(command):
    return json_request("/process/exec", command=command, shell=True)


class AbuseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)
        # The file for output that does not fit into memory, which stays while there is any.
        cls.agent.post("/process/exec", {"command": "head", "args": ["-c", "4000000", "/dev/zero"]})

    def setUp(self):
        self.descriptors = self.agent.count_descriptors()
        self.addCleanup(self.settle)

    def settle(self):
        self.assert_well(self.agent, self.descriptors)

    def assert_well(self, agent, descriptors, timeout=10):
        """The agent answers, and soon holds no more descriptors than before."""
        self.assertEqual(agent.request("GET", "/health").status, 200)
        deadline = time.monotonic() + timeout
        while agent.count_descriptors() > descriptors:
            self.assertLess(time.monotonic(), deadline, f"{agent.count_descriptors()} descriptors instead of {descriptors}")
            time.sleep(0.02)

    def exec(self, command, **members):
        return self.agent.post("/process/exec", {"command": command, "shell": True, **members}, timeout=60)

    # Output of commands

    def test_output_in_pieces(self):
        patterns = ["abc\n".encode(), "é".encode(), "x€".encode(), "😀".encode(), b"\x01\"\\", b"\x80", b"\xf0\x9f\x98", b"a\0\xe2\x82"]
        for pattern in patterns:
            for shift in (0, 1, 2):
                content = b"s" * shift + pattern * (200_000 // len(pattern))
                self.agent.write("output", content)
                reply = self.exec("cat output; tail -c +2 output >&2").json()
                for stream, expected in (("stdout", content), ("stderr", content[1:])):
                    text = expected.decode(errors="replace").replace("\0", "\ufffd")
                    self.assertEqual(reply[stream], text)
                    exact = "\ufffd" not in text
                    self.assertEqual(stream + "Base64" in reply, not exact)
                    if not exact:
                        self.assertEqual(base64.b64decode(reply[stream + "Base64"], validate=True), expected)
                self.assertNotIn("truncated", reply)

    def test_output_in_pieces_after_a_time_out(self):
        reply = self.exec("yes | head -c 1000000; exec sleep 60", timeout=500)
        self.assertEqual((reply.status, reply.json()["code"]), (408, "OPERATION_TIMEOUT"))
        self.assertEqual(reply.json()["stdout"], "y\n" * 500_000)

    def test_output_that_is_read_in_part(self):
        for _ in range(10):
            with self.agent.connect() as connection:
                connection.sendall(exec_request("head -c 3000000 /dev/urandom"))
                self.assertTrue(connection.recv(1000).startswith(b"HTTP/1.1 200 "))

    def test_output_that_is_never_read(self):
        """What waits is bounded, and other commands are still heard."""
        connections = [self.agent.connect() for _ in range(20)]
        for connection in connections:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(exec_request("head -c 10000000 /dev/zero; head -c 10000000 /dev/zero >&2; echo"))
        for connection in connections:
            self.assertTrue(connection.recv(100).startswith(b"HTTP/1.1 200 "))
        self.assertEqual(self.exec("echo heard").json()["stdout"], "heard\n")
        if not self.agent.is_sanitized():
            self.assertLess(self.agent.resident_kib(), 400 * 1024)
        for connection in connections:
            connection.close()

    # Clients that go

    def test_clients_that_leave(self):
        self.agent.write("large", b"x" * (8 * MIB))
        requests = [json_request("/files/read", path="large", encoding="base64"), json_request("/files/read", path="large"),
                    exec_request("head -c 1000000 /dev/urandom; sleep 0.05"), exec_request("sleep 341.25"),
                    json_request("/files/write", path="new", content="x" * 300_000)[:-7]]
        for round in range(60):
            with self.agent.connect() as connection:
                connection.sendall(requests[round % len(requests)] * (1 + round % 3))
                if round % 4 == 1 and round % len(requests) < 3:
                    connection.recv(1 << (round % 20))
                elif round % 4 == 2:
                    time.sleep(0.05)
                if round % 2:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.settle()
        self.assertFalse(os.path.exists(self.agent.path("new")))
        self.assertNotIn("341.25", subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout)

    # Files that are not what they seem

    def test_file_that_shrinks_or_grows(self):
        for encoding in ("utf8", "base64"):
            for new_size in (1000, 16 * MIB):
                self.agent.write("moving", b"x" * (12 * MIB))
                with self.agent.connect() as connection:
                    connection.sendall(json_request("/files/read", "Connection: close", path="moving", encoding=encoding))
                    reply = connection.recv(10_000)
                    os.truncate(self.agent.path("moving"), new_size)
                    try:
                        while piece := connection.recv(1 << 20):
                            reply += piece
                    except ConnectionResetError:
                        pass
                head, _, body = reply.partition(b"\r\n\r\n")
                announced = int(re.search(rb"Content-Length: (\d+)", head).group(1))
                if new_size > 12 * MIB:
                    self.assertEqual(len(body), announced)
                else:
                    self.assertLess(len(body), announced)

    def test_special_files(self):
        os.mkfifo(self.agent.path("fifo"))
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(self.agent.path("socket"))
        for name in ("fifo", "socket"):
            for route, members in (("read", {}), ("read", {"encoding": "base64"}), ("write", {"content": "x"})):
                reply = self.agent.post(f"/files/{route}", {"path": name, **members}, timeout=5)
                self.assertEqual((reply.status, reply.json()["code"]), (400, "VALIDATION_ERROR"))

    def test_links_out(self):
        for name, target in (("root", "/"), ("proc", "/proc/self/root"), ("up", "../.."), ("cwd", "/proc/self/cwd"), ("file", "/etc/passwd")):
            os.symlink(target, self.agent.path(name))
            for path in (name, name + "/etc/passwd", name + "/new"):
                for reply in (self.agent.post("/files/read", {"path": path}), self.agent.post("/files/write", {"path": path, "content": "x"}),
                              self.agent.post("/process/exec", {"command": "true", "cwd": path})):
                    self.assertIn(reply.status, (400, 403) if name == "file" else (403,), (path, reply.body))

    # Scarcity

    def test_few_descriptors(self):
        """Connections leave room for commands and files; what finds none is refused, and all is well afterwards."""
        with Agent(wrapper=("prlimit", "--nofile=64:64")) as agent:
            descriptors = agent.count_descriptors()
            idle = [agent.connect() for _ in range(100)]
            self.assertEqual(agent.post("/process/exec", {"command": "true"}).status, 200)
            self.assertEqual(agent.post("/files/write", {"path": "f", "content": "x"}).status, 200)
            for connection in idle:
                connection.close()
            self.assert_well(agent, descriptors)

            busy = [agent.connect() for _ in range(30)]
            for connection in busy:
                connection.sendall(exec_request("sleep 0.2; echo done"))
            replies = [connection.recv(4096) for connection in busy]
            self.assertTrue(all(reply[:13] in (b"HTTP/1.1 200 ", b"HTTP/1.1 500 ", b"HTTP/1.1 503 ") for reply in replies), replies)
            self.assertTrue(any(b'"stdout":"done\\n"' in reply for reply in replies), replies)
            for connection in busy:
                connection.close()
            self.assertEqual(agent.post("/process/exec", {"command": "true"}).status, 200)
            self.assert_well(agent, descriptors)

    def test_launcher_killed_under_load(self):
        connections = [self.agent.connect() for _ in range(50)]
        for connection in connections:
            connection.sendall(exec_request("sleep 0.3"))
        with open(f"/proc/{self.agent.process.pid}/task/{self.agent.process.pid}/children") as file:
            children = file.read().split()
        for thread in os.listdir(f"/proc/{self.agent.process.pid}/task"):
            with open(f"/proc/{self.agent.process.pid}/task/{thread}/children") as file:
                children += file.read().split()
        self.assertTrue(children)
        for child in set(children):
            os.kill(int(child), signal.SIGKILL)
        for connection in connections:
            self.assertIn(connection.recv(4096)[:13], (b"HTTP/1.1 200 ", b"HTTP/1.1 500 "))
            connection.close()
        self.assertEqual(self.exec("echo alive").json()["stdout"], "alive\n")


if __name__ == "__main__":
    tap.main()
