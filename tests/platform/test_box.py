#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The inside of a box (devbox-server --box-socket), with this test as its platform."""
import json
import os
import signal
import subprocess
import time
import unittest

import tap
from agent import PROGRAM, frame
from box import Box


class BoxTest(unittest.TestCase):
    def box(self, **options):
        box = Box(**options)
        self.addCleanup(box.stop)
        return box

    def assert_ends(self, box, status=0):
        self.assertIsNone(box.hear())
        self.assertEqual(box.process.wait(20), status)

    def test_serves(self):
        box = self.box()
        self.assertEqual(box.request("GET", "/health").status, 200)
        self.assertEqual(box.post("/files/write", {"path": "a", "content": "in the box"}).status, 200)
        self.assertEqual(box.read("a"), b"in the box")
        self.assertEqual(box.request("POST", "/process/exec", {"command": "true"}, headers={"Authorization": "Bearer nonsense"}).status, 401)
        box.channel.close()
        self.assertEqual(box.process.wait(20), 0)
        self.assertEqual(box.read_screen(), "")
        self.assertEqual(box.read_errors(), "")

    def test_environment(self):
        value = "x" * 100000 + "\n\"ü"
        box = self.box(environment={"MINE": value, "PATH": "/opt/bin:/usr/bin:/bin", "EMPTY": ""})
        box.run("env -0 > env")
        variables = dict(item.split("=", 1) for item in box.read("env").decode().split("\0") if item)
        self.assertEqual(variables.pop("MINE"), value)
        self.assertEqual(variables.pop("PATH"), "/opt/bin:/usr/bin:/bin")
        self.assertEqual(variables.pop("EMPTY"), "")
        self.assertEqual(variables.pop("HOME"), box.home)
        self.assertTrue(variables.pop("USER"))
        self.assertTrue(variables.pop("LANG"))
        self.assertEqual(set(variables) - {"PWD", "SHLVL", "_", "OLDPWD"}, set())
        self.assertNotIn(box.token, subprocess.run(["cat", f"/proc/{box.process.pid}/cmdline", f"/proc/{box.process.pid}/environ"],
                                                   capture_output=True, text=True, check=True).stdout)

    def test_host_is_its_own(self):
        box = self.box()
        for host, status in ((f"127.0.0.1:{box.port}", 200), ("localhost", 200)):
            self.assertEqual(box.request("GET", "/health", headers={"Host": host}).status, status)

    def test_platform_hangs_up(self):
        """Whatever runs dies with the socket."""
        box = self.box()
        with box.connect() as connection:
            body = json.dumps({"command": "echo $$ > pid; trap '' TERM; sleep 987 & wait", "shell": True}).encode()
            connection.sendall(b"POST /process/exec HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               + f"Authorization: Bearer {box.token}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
            pid = self.wait_for_number(box, "pid")
            started = time.monotonic()
            box.channel.close()
            self.assertEqual(box.process.wait(20), 0)
            self.wait_for_death(pid)
            self.assertLess(time.monotonic() - started, 4)

    def wait_for_number(self, box, name):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            if os.path.exists(box.path(name)) and (text := box.read(name).strip()):
                return int(text)
            time.sleep(0.01)
        self.fail(f"no {name}")

    def wait_for_death(self, pid):
        deadline = time.monotonic() + 20
        while os.path.exists(f"/proc/{pid}"):
            self.assertLess(time.monotonic(), deadline, "it lives on")
            time.sleep(0.01)

    def start_slow_request(self, box):
        connection = box.connect()
        self.addCleanup(connection.close)
        body = json.dumps({"command": "echo $$ > pid; sleep 1; echo done", "shell": True}).encode()
        connection.sendall(b"POST /process/exec HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           + f"Authorization: Bearer {box.token}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        return connection, self.wait_for_number(box, "pid")

    def test_stop_lets_requests_end(self):
        for order in ("stop", "signal"):
            box = self.box()
            connection, _ = self.start_slow_request(box)
            if order == "stop":
                box.say({"type": "stop"})
                box.say({"type": "stop"})
            else:
                box.process.send_signal(signal.SIGTERM)
            reply = b""
            while piece := connection.recv(65536):
                reply += piece
            self.assertIn(b"done", reply)
            self.assert_ends(box)

    def test_platform_hangs_up_while_it_stops(self):
        box = self.box()
        connection, pid = self.start_slow_request(box)
        box.say({"type": "stop"})
        time.sleep(0.1)
        started = time.monotonic()
        box.channel.close()
        self.assertEqual(box.process.wait(20), 0)
        self.assertLess(time.monotonic() - started, 0.5)
        self.wait_for_death(pid)

    def test_stop_before_start(self):
        box = self.box(start=False)
        box.say({"type": "stop"})
        self.assert_ends(box)

    def test_hang_up_before_start(self):
        box = self.box(start=False)
        box.channel.close()
        self.assertEqual(box.process.wait(20), 0)

    def test_no_workspace(self):
        box = self.box(start=False)
        box.configure(workspace="/nowhere/at/all")
        box.say({"type": "start"})
        told = box.hear()
        self.assertEqual(told["type"], "failed")
        self.assertIn("/nowhere/at/all", told["error"])
        self.assert_ends(box, 1)

    def test_nonsense(self):
        for packet in (b"", b"nonsense", b"[]", b"{}", b'{"type":"nonsense"}', b'{"type":7}', b'{"type":"start"}', b'{"type":"configure"}',
                       b'{"type":"environment"}', b" " * 65536):
            with self.subTest(packet=packet[:20]):
                box = self.box(start=False)
                box.say(packet)
                self.assert_ends(box, 0 if packet == b"" else 1)

    def test_configured_wrongly(self):
        configuration = {"type": "configure", "token": "secret", "workspace": "/", "home": "/"}
        for changes in ({"token": ""}, {"token": None}, {"workspace": 7}, {"home": None}, {}):
            with self.subTest(changes=changes):
                box = self.box(start=False)
                box.say({**configuration, **changes}, *[box.listener.fileno()] if changes else [])
                self.assert_ends(box, 1)

    def test_twice(self):
        box = self.box()
        box.say({"type": "start"})
        self.assert_ends(box, 1)

    def test_too_many_descriptors(self):
        box = self.box(start=False)
        box.say({"type": "configure", "token": "secret", "workspace": box.workspace, "home": box.home}, box.listener.fileno(), box.listener.fileno())
        self.assert_ends(box, 1)

    def test_environment_is_no_file(self):
        reader, writer = os.pipe()
        self.addCleanup(os.close, reader)
        self.addCleanup(os.close, writer)
        with open("/dev/zero", "rb") as zero:
            for fd in (reader, zero.fileno()):
                box = self.box(start=False)
                box.say({"type": "environment"}, fd)
                self.assert_ends(box, 1)
        box = self.box(start=False)
        box.say_environment(b"A=" + b"x" * 300000 + b"\0")
        self.assert_ends(box, 1)

    def test_wrong_descriptor(self):
        """A person who finds the hidden option is told what it wants."""
        for number in ("999", "word"):
            ended = subprocess.run([PROGRAM, f"--box-socket={number}"], capture_output=True, text=True, timeout=20)
            self.assertEqual(ended.returncode, 2)
            self.assertIn(number, ended.stderr)
        self.assertNotIn("box-socket", subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout)

    def assert_counted(self, box, n_in, n_out):
        """Bytes can be here before they are counted there."""
        deadline = time.monotonic() + 5
        while box.count() != (n_in, n_out) and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(box.count(), (n_in, n_out))

    def test_counts(self):
        """Every byte of HTTP and of WebSockets, both ways."""
        box = self.box()
        self.assertEqual(box.count(), (0, 0))
        request = b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        reply = box.raw(request)
        self.assert_counted(box, len(request), len(reply))
        web_socket = box.web_socket()
        self.assertEqual(web_socket.status, 101)
        n_out = len(reply) + len(web_socket.head) + 4
        n_in = box.count()[0]
        self.assert_counted(box, n_in, n_out)
        message = frame(0x81, json.dumps({"type": "watch", "path": "."}).encode())
        web_socket.send_raw(message)
        answer = web_socket.receive_frame()[1]
        self.assert_counted(box, n_in + len(message), n_out + 2 + len(answer))
        box.write("large", bytes(3 << 20))
        before = box.count()
        box.request("GET", "/api/v1/files/read?path=large")
        self.assertGreaterEqual(box.count()[1] - before[1], 3 << 20)
        web_socket.close()

    def test_inherits_nothing(self):
        """No command has a descriptor of the box's own."""
        box = self.box()
        listed = box.run("ls -l /proc/self/fd")["stdout"]
        self.assertNotIn("socket:", listed)


if __name__ == "__main__":
    tap.main()
