#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The error table of docs/wire.md, end to end: a real cause for each row and code, and what a client sees of it."""
import http.client
import json
import os
import resource
import signal
import time
import unittest

import tap
from agent import Agent, Reply

MAX_COMMANDS = 1000
JSON = {"Content-Type": "application/json"}


def unprivileged():
    """What root may do everywhere is taken from it: it cannot read a file without permissions, as nobody else can."""
    return ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []


def with_small_disk(workspace):
    """Mounts a tmpfs over the workspace, where nobody else sees it."""
    user = [] if os.geteuid() == 0 else ["--map-root-user"]
    return ["unshare", "--mount", *user, "sh", "-ec", 'mount -t tmpfs -o size=64k none "$0"; exec "$@"', workspace]


# Codes that no route of an agent answers with, and why; test_rows.py knows of them.
NOT_BY_AN_AGENT = {
    "INVALID_KUBECONFIG": "of the client and the platform", "CONNECTION_FAILED": "of the client, or a gateway (502)",
    "CONNECTION_TIMEOUT": "of the client, or a gateway (504)", "CONNECTION_POOL_EXHAUSTED": "of the client", "DEVBOX_NOT_FOUND": "of the platform",
    "DEVBOX_CREATION_FAILED": "of the platform", "DEVBOX_NOT_READY": "of the platform", "DEVBOX_OPERATION_FAILED": "of the platform",
    "SERVER_UNAVAILABLE": "to nobody: an agent that stops, or has no descriptor left, answers 503 without a body",
    "HEALTH_CHECK_FAILED": "of the client: a health check has no error body", "UNAUTHORIZED": "of today's agent", "INVALID_TOKEN": "of today's agent",
    "TOKEN_EXPIRED": "of the platform", "FILE_TRANSFER_FAILED": "to nobody: it follows an error that was told",
    "CONFLICT": "only in the current dialect", "SESSION_NOT_FOUND": "only in the current dialect",
}


class ErrorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent("--max-file-size", "1000")
        cls.addClassCleanup(cls.agent.stop)
        cls.agent.write("file", b"content")

    def assert_classic(self, reply, status, code):
        answer = reply.json()
        self.assertEqual((reply.status, answer["code"], answer["success"]), (status, code, False), answer)
        self.assertRegex(answer["error"], r"\w")
        self.assertRegex(answer["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(reply.headers.get_content_type(), "application/json")
        self.assertEqual(reply.headers["WWW-Authenticate"], "Bearer" if status == 401 else None)
        self.assertEqual(reply.headers["Retry-After"] is not None, status == 429)
        self.assertEqual(reply.headers["Allow"] is not None, status == 405)

    # Causes: each returns the reply

    def unauthorized(self):
        with Agent(environment={"TOKEN": "s3same"}) as agent:
            return agent.post("/files/read", {"path": "file"})

    def unreadable(self):
        with Agent(wrapper=unprivileged()) as agent:
            agent.write("secret", b"secret")
            os.chmod(agent.path("secret"), 0)
            return agent.post("/files/read", {"path": "secret"})

    def full_disk(self):
        folder = self.agent.path("disk")
        os.mkdir(folder)
        with Agent("--max-file-size", "0", workspace=folder, wrapper=with_small_disk(folder)) as agent:
            return agent.post("/files/write", {"path": "large", "content": "x" * (1 << 20)})

    def full_table(self):
        """One command more than may run."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        with Agent() as agent:
            body = b'{"command":"sleep","args":["600"],"timeout":600000}'
            connections = []
            for _ in range(MAX_COMMANDS):
                connections.append(agent.connect())
                self.addCleanup(connections[-1].close)
                connections[-1].sendall(b"POST /process/exec HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            reply = self.exec_until(agent, lambda status: status != 200)
            for connection in connections:
                connection.close()
            self.exec_until(agent, lambda status: status == 200)
            return reply

    def test_unhealthy(self):
        """classic: 503: a workspace that is gone"""
        with Agent() as agent:
            os.rmdir(agent.workspace)
            deadline = time.monotonic() + 10
            while (reply := agent.request("GET", "/health")).status == 200:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            self.assertEqual((reply.status, reply.json()["status"]), (503, "unhealthy"))

    def exec_until(self, agent, condition):
        deadline = time.monotonic() + 30
        while not condition((reply := agent.post("/process/exec", {"command": "true"})).status):
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        return reply

    def killed_launcher(self):
        with Agent() as agent, agent.connect() as connection:
            body = b'{"command":"echo $PPID > parent; sleep 600","shell":true}'
            connection.sendall(b"POST /process/exec HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            deadline = time.monotonic() + 10
            while not os.path.exists(agent.path("parent")) or not agent.read("parent").endswith(b"\n"):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            os.kill(int(agent.read("parent")), signal.SIGKILL)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return Reply(response)


# The row of the table, then the request, or the function that causes the error.
CLASSIC = {
    (400, "VALIDATION_ERROR", "malformed JSON"): ("POST", "/files/read", "{", JSON),
    (400, "VALIDATION_ERROR", "a missing member"): ("POST", "/files/read", "{}", JSON),
    (400, "VALIDATION_ERROR", "a folder instead of a file"): ("POST", "/files/read", '{"path":"."}', JSON),
    (401, "AUTHENTICATION_FAILED", "no token"): ErrorTest.unauthorized,
    (403, "PATH_TRAVERSAL_DETECTED", "a path that leaves"): ("POST", "/files/read", '{"path":"../file"}', JSON),
    (403, "PATH_TRAVERSAL_DETECTED", "a path elsewhere"): ("POST", "/files/read", '{"path":"/etc/passwd"}', JSON),
    (403, "AUTHENTICATION_FAILED", "a page of another origin"): ("POST", "/files/read", '{"path":"file"}', {**JSON, "Origin": "http://evil.example"}),
    (403, "INSUFFICIENT_PERMISSIONS", "what the system forbids"): ErrorTest.unreadable,
    (404, "FILE_NOT_FOUND", "a file"): ("POST", "/files/read", '{"path":"nothing"}', JSON),
    (404, "FILE_NOT_FOUND", "an address"): ("GET", "/nothing", None, {}),
    (404, "PROCESS_NOT_FOUND", "a process"): ("GET", "/process/status/1", None, {}),
    (405, "VALIDATION_ERROR", "a method"): ("GET", "/files/read", None, {}),
    (408, "OPERATION_TIMEOUT", "a command"): ("POST", "/process/exec", '{"command":"sleep","args":["600"],"timeout":50}', JSON),
    (413, "FILE_TOO_LARGE", "a file"): ("POST", "/files/write", json.dumps({"path": "large", "content": "x" * 1001}), JSON),
    (413, "FILE_TOO_LARGE", "a body"): ("POST", "/files/read", json.dumps({"path": "x" * (1 << 20)}), JSON),
    (415, "VALIDATION_ERROR", "no JSON from a page"): ("POST", "/files/read", '{"path":"file"}', {"Content-Type": "text/plain", "Origin": "own"}),
    (421, "VALIDATION_ERROR", "another host"): ("POST", "/files/read", '{"path":"file"}', {**JSON, "Host": "evil.example"}),
    (429, "RATE_LIMITED", "a full table of processes"): ErrorTest.full_table,
    (500, "INTERNAL_ERROR", "a killed launcher"): ErrorTest.killed_launcher,
    (507, "DISK_FULL", "a full disk"): ErrorTest.full_disk,
}


def add_classic(row, cause):
    status, code, what = row

    def test(self):
        if callable(cause):
            reply = cause(self)
        else:
            method, path, body, headers = cause
            own = {"Origin": self.agent.url} if headers.get("Origin") == "own" else {}
            reply = self.agent.request(method, path, body, {**headers, **own})
        self.assert_classic(reply, status, code)

    test.__doc__ = f"classic: {status} {code}: {what}"
    setattr(ErrorTest, f"test_classic_{status}_{code}_{what.replace(' ', '_')}", test)


for row, cause in CLASSIC.items():
    add_classic(row, cause)


if __name__ == "__main__":
    tap.main()
