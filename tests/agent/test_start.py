#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How the program starts, refuses to start, and stops."""
import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import tap
from agent import PROGRAM, Agent


CONFIGURATION = ("ADDR", "HOST", "PORT", "WORKSPACE_PATH", "ENABLE_CORS", "MAX_FILE_SIZE", "MAX_CONNECTIONS", "MAX_CONCURRENT_READS", "TOKEN", "DEVBOX_JWT_SECRET")


class StartTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="devbox-test-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def run_program(self, *options, environment=None):
        variables = {**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})}
        return subprocess.run([PROGRAM, *options], env=variables, capture_output=True, text=True, timeout=20)

    def assert_refused(self, status, pattern, *options, environment=None):
        ended = self.run_program(*options, environment=environment)
        self.assertEqual(ended.returncode, status, ended.stderr)
        self.assertRegex(ended.stderr, pattern)
        self.assertEqual(len(ended.stderr.strip().splitlines()), 1, ended.stderr)

    def test_missing_workspace(self):
        self.assert_refused(1, "devbox-server: .*nowhere", "--host", "127.0.0.1", "--port", "0", "--workspace-path", self.folder + "/nowhere")

    def test_workspace_is_a_file(self):
        path = os.path.join(self.folder, "file")
        open(path, "w").close()
        self.assert_refused(1, "devbox-server: .*file", "--host", "127.0.0.1", "--port", "0", "--workspace-path", path)

    def test_workspace_not_writable(self):
        for read_only in ("/proc", "/sys"):
            if os.path.ismount(read_only):
                self.assert_refused(1, f"devbox-server: .*{read_only}", "--host", "127.0.0.1", "--port", "0", "--workspace-path", read_only)

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = str(taken.getsockname()[1])
            self.assert_refused(1, f"devbox-server: .*{port}", "--host", "127.0.0.1", "--port", port, "--workspace-path", self.folder)

    def test_bad_options(self):
        for options, pattern in ((["--nonsense"], "nonsense"), (["--port", "70000"], "70000"), (["--port", "x"], "port"),
                                 (["--max-file-size", "-1"], "max-file-size"), (["--process-retention", "1h"], "process-retention"), (["--output-limit", "10M"], "output-limit"), (["word"], "word"), (["--addr", "nonsense"], "addr"),
                                 (["--listen-fd", "x"], "listen-fd"), (["--max-concurrent-reads=0"], "max-concurrent-reads"), (["--max-concurrent-reads", "x"], "max-concurrent-reads"),
                                 (["--max-connections", "0"], "max-connections"), (["--addr=127.0.0.1"], "addr"), (["--addr", "[::1]:x"], "addr"),
                                 (["--addr"], "addr"), (["--token="], "token"), (["--token", "a b"], "token")):
            with self.subTest(options=options):
                self.assert_refused(2, pattern, *options)

    def test_bad_environment(self):
        for name, value in (("PORT", "abc"), ("MAX_FILE_SIZE", "1 MB"), ("ENABLE_CORS", "maybe"), ("ADDR", "12"),
                            ("MAX_CONCURRENT_READS", "0"), ("MAX_CONCURRENT_READS", "-1"), ("MAX_CONNECTIONS", "0"),
                            ("TOKEN", "secret\n"), ("DEVBOX_JWT_SECRET", " ")):
            with self.subTest(name=name):
                self.assert_refused(2, name, environment={name: value, "WORKSPACE_PATH": self.folder})

    def test_bad_host(self):
        self.assert_refused(1, "devbox-server: .*not an address", "--host", "not an address", "--port", "0", "--workspace-path", self.folder)

    def test_version_and_help(self):
        self.assertRegex(self.run_program("--version").stdout, r"^devbox-server \d+\.\d+\.\d+\n$")
        text = self.run_program("--help").stdout
        for name in CONFIGURATION:
            option = name.lower().replace("_", "-") if name != "DEVBOX_JWT_SECRET" else "token"
            self.assertRegex(text, rf"(?m)^  --{option}(=\w\S*)? +\S.*\b{name}\b")
        self.assertLessEqual(max(map(len, text.splitlines())), 160)

    @contextlib.contextmanager
    def started(self, *options, environment=None):
        """The program with nothing but these: its port, and a function that writes a file of so many bytes and returns the status."""
        variables = {name: value for name, value in os.environ.items() if name not in CONFIGURATION}
        process = subprocess.Popen([PROGRAM, *options], env={**variables, "LC_ALL": "C.UTF-8", **(environment or {})}, stdout=subprocess.PIPE, text=True)
        try:
            while not (listening := re.match(r"Listening: .*:(\d+)$", process.stdout.readline())):
                self.assertIsNone(process.poll())
            port = int(listening.group(1))

            def write(size, token=None):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
                headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
                connection.request("POST", "/files/write", json.dumps({"path": "f", "content": "x" * size}), headers)
                with contextlib.closing(connection):
                    return connection.getresponse().status

            yield port, write
        finally:
            process.terminate()
            self.assertEqual(process.wait(20), 0)
            process.stdout.close()

    def test_environment_configures(self):
        with self.started(environment={"HOST": "127.0.0.1", "PORT": "0", "WORKSPACE_PATH": self.folder, "MAX_FILE_SIZE": "10", "ENABLE_CORS": "true"}) as (port, write):
            self.assertEqual([write(10), write(11)], [200, 413])
            self.assertTrue(os.path.exists(os.path.join(self.folder, "f")))
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
            connection.request("GET", "/health", headers={"Origin": "http://localhost:1"})
            self.assertEqual(connection.getresponse().headers["Access-Control-Allow-Origin"], "http://localhost:1")
            connection.close()

    def test_environment_of_the_current_dialect(self):
        environment = {"ADDR": "127.0.0.1:0", "HOST": "nonsense", "PORT": "nonsense", "WORKSPACE_PATH": self.folder, "MAX_FILE_SIZE": "10",
                       "TOKEN": "first", "DEVBOX_JWT_SECRET": "second", "MAX_CONCURRENT_READS": "2"}
        with self.started(environment=environment) as (_, write):
            self.assertEqual([write(1), write(1, "second"), write(10, "first"), write(11, "first")], [401, 401, 200, 413])
        del environment["TOKEN"]
        with self.started(environment=environment) as (_, write):
            self.assertEqual([write(1), write(1, "first"), write(10, "second")], [401, 401, 200])

    def test_options_of_both_dialects(self):
        """Each with "=" and with a space, and each beats the environment."""
        environment = {"ADDR": "nonsense", "HOST": "nonsense", "PORT": "nonsense", "WORKSPACE_PATH": "/nowhere", "MAX_FILE_SIZE": "nonsense", "TOKEN": "other",
                       "DEVBOX_JWT_SECRET": "other", "MAX_CONCURRENT_READS": "nonsense", "MAX_CONNECTIONS": "nonsense"}
        common = (("workspace-path", self.folder), ("max-file-size", "10"), ("token", "secret"), ("max-concurrent-reads", "2"), ("max-connections", "100"))
        for address in ((("addr", "127.0.0.1:0"),), (("host", "127.0.0.1"), ("port", "0"))):
            for options in ([f"--{name}={value}" for name, value in (*address, *common)],
                            [word for name, value in (*address, *common) for word in (f"--{name}", value)]):
                with self.subTest(options=options), self.started(*options, environment=environment) as (_, write):
                    self.assertEqual([write(1), write(1, "other"), write(10, "secret"), write(11, "secret")], [401, 401, 200, 413])

    def test_empty_variables_are_unset(self):
        environment = {"ADDR": "", "HOST": "127.0.0.1", "PORT": "0", "WORKSPACE_PATH": self.folder, "MAX_FILE_SIZE": "", "TOKEN": "", "DEVBOX_JWT_SECRET": "",
                       "MAX_CONCURRENT_READS": "", "ENABLE_CORS": ""}
        with self.started(environment=environment) as (_, write):
            self.assertEqual(write(1000), 200)

    def test_inherited_socket(self):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            process = subprocess.Popen([PROGRAM, "--listen-fd", str(listening.fileno()), "--workspace-path", self.folder],
                                       pass_fds=[listening.fileno()], stdout=subprocess.PIPE, text=True)
            address = listening.getsockname()
        try:
            with socket.create_connection(address) as connection:
                connection.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
                self.assertTrue(connection.recv(1000).startswith(b"HTTP/1.1 200"))
        finally:
            process.terminate()
            self.assertEqual(process.wait(20), 0)
            process.stdout.close()

    def test_access_log(self):
        agent = Agent("--access-log", environment={"TOKEN": "s3same"})
        agent.request("GET", "/health?secret=1")
        agent.request("GET", "/a%0ab\x01".replace("\x01", "%01"), headers={"Authorization": "Bearer s3same"})
        agent.raw(b'GET /x"\xe4\\y HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
        agent.process.send_signal(signal.SIGTERM)
        log = b""
        while piece := os.read(agent.process.stdout.fileno(), 65536):
            log += piece
        agent.stop()
        lines = [line for line in log.decode("ascii", "backslashreplace").splitlines() if "GET" in line]
        self.assertRegex(lines[0], r"127\.0\.0\.1 GET /health 200 \d+ B \d+")
        self.assertRegex(lines[1], r"GET /a%0ab%01 404 ")
        self.assertNotIn("s3same", "".join(lines))
        self.assertNotIn("secret", "".join(lines))

    def test_stop_lets_requests_end(self):
        agent = Agent()
        replies = []
        thread = threading.Thread(target=lambda: replies.append(agent.post("/process/exec", {"command": "sleep", "args": ["0.6"]})))
        thread.start()
        time.sleep(0.3)
        began = time.monotonic()
        self.assertEqual(agent.stop(), 0)
        thread.join()
        self.assertEqual(replies[0].status, 200)
        self.assertLess(time.monotonic() - began, 5)

    def test_stop_is_quick_with_idle_clients(self):
        agent = Agent()
        idle = [agent.connect() for _ in range(20)]
        web_socket = agent.web_socket()
        web_socket.ask({"type": "watch", "path": ""})
        began = time.monotonic()
        self.assertEqual(agent.stop(), 0)
        self.assertLess(time.monotonic() - began, 3)
        for connection in [*idle, web_socket]:
            connection.close()

    def test_commands_end_with_the_agent(self):
        agent = Agent()
        pid = int(agent.post("/process/exec", {"command": "sleep 600 & echo $!", "shell": True}).json()["stdout"])
        agent.process.send_signal(signal.SIGKILL)
        agent.stop()
        deadline = time.monotonic() + 5
        while os.path.exists(f"/proc/{pid}"):
            self.assertLess(time.monotonic(), deadline, "a command outlived the killed agent")
            time.sleep(0.02)


if __name__ == "__main__":
    tap.main()
