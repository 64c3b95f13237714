#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a client, a command or a file can do to the agent by being odd: nothing stalls, nothing leaks, nothing is mixed up."""
import base64
import json
import os
import time
import unittest

import tap
from agent import Agent

MIB = 1 << 20


def exec_request(command, **members):
    body = json.dumps({"command": command, "shell": True, **members}).encode()
    return (b"POST /process/exec HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n" % len(body)) + body


class AbuseTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)

    def setUp(self):
        self.descriptors = self.agent.count_descriptors()
        self.addCleanup(self.settle)

    def settle(self, timeout=10):
        """The agent answers, and holds no more descriptors than before the test."""
        self.assertEqual(self.agent.request("GET", "/health").status, 200)
        deadline = time.monotonic() + timeout
        while self.agent.count_descriptors() > self.descriptors:
            self.assertLess(time.monotonic(), deadline, f"{self.agent.count_descriptors()} descriptors")
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


if __name__ == "__main__":
    tap.main()
