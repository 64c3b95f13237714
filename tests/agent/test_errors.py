#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The error table of docs/wire.md, end to end: a real cause for each row and code, and what a client sees of it."""
import contextlib
import functools
import http.client
import json
import os
import re
import signal
import time
import unittest

import tap
from agent import Agent, unprivileged, with_small_disk
from program import Reply

MAX_COMMANDS = 1000
CLASSIC_FORM = "classic"  # what is refused before it gets to a dialect
JSON = {"Content-Type": "application/json"}


# Codes that no route of an agent answers with, and why; test_rows.py knows of them.
NOT_BY_AN_AGENT = {
    "INVALID_KUBECONFIG": "of the client and the platform", "CONNECTION_FAILED": "of the client, or a gateway (502)",
    "CONNECTION_TIMEOUT": "of the client, or a gateway (504)", "CONNECTION_POOL_EXHAUSTED": "of the client", "DEVBOX_NOT_FOUND": "of the platform",
    "DEVBOX_CREATION_FAILED": "of the platform", "DEVBOX_NOT_READY": "of the platform", "DEVBOX_OPERATION_FAILED": "of the platform",
    "SERVER_UNAVAILABLE": "to nobody: an agent that stops, or has no descriptor left, answers 503 without a body",
    "HEALTH_CHECK_FAILED": "of the client: a health check has no error body", "UNAUTHORIZED": "of today's agent", "INVALID_TOKEN": "of today's agent",
    "TOKEN_EXPIRED": "of the platform", "FILE_TRANSFER_FAILED": "to nobody: it follows an error that was told",
    "CONFLICT": "only in the current dialect", "SESSION_NOT_FOUND": "only in the current dialect",
    "PAYMENT_REQUIRED": "of the live platform",
}


class ErrorTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent("--max-file-size", "1000")
        cls.addClassCleanup(cls.agent.stop)
        for name in ("file", "other", "folder/file"):
            cls.agent.write(name, b"content")

    def assert_current(self, reply, status, envelope, code=None):
        """envelope None: there is no body."""
        self.assertEqual(reply.status, status, reply.body)
        if envelope is None:
            self.assertEqual(reply.body, b"")
        elif envelope is CLASSIC_FORM:
            self.assertIs(reply.json()["success"], False)
        else:
            answer = reply.json()
            self.assertEqual(answer["status"], envelope, answer)
            self.assertRegex(answer["message"], r"\w")
            self.assertNotIn("success", answer)
            if code is not None:
                self.assertEqual(answer["code"], code)
        self.assert_headers(reply)

    def assert_headers(self, reply):
        self.assertEqual(reply.headers["WWW-Authenticate"], "Bearer" if reply.status == 401 else None)
        self.assertEqual(reply.headers["Retry-After"] is not None, reply.status == 429)
        self.assertEqual(reply.headers["Allow"] is not None, reply.status == 405)

    def assert_classic(self, reply, status, code):
        answer = reply.json()
        self.assertEqual((reply.status, answer["code"], answer["success"]), (status, code, False), answer)
        self.assertRegex(answer["error"], r"\w")
        self.assertRegex(answer["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual(reply.headers.get_content_type(), "application/json")
        self.assert_headers(reply)

    # Causes: each returns the reply

    def unauthorized(self, path):
        with Agent(environment={"TOKEN": "s3same"}) as agent:
            return agent.post(path, {"path": "file"})

    def unreadable(self):
        with Agent(wrapper=unprivileged()) as agent:
            agent.write("secret", b"secret")
            os.chmod(agent.path("secret"), 0)
            return agent.post("/files/read", {"path": "secret"})

    def full_disk(self, path):
        folder = self.agent.path("disk" + path.replace("/", "-"))
        os.mkdir(folder)
        with Agent("--max-file-size", "0", workspace=folder, wrapper=with_small_disk(folder)) as agent:
            return agent.post(path, {"path": "large", "content": "x" * (1 << 20)})

    @classmethod
    @functools.cache
    def full_table(cls):
        """What both dialects say to one command more than may run."""
        with Agent() as agent:
            with contextlib.closing(http.client.HTTPConnection("127.0.0.1", agent.port, timeout=20)) as connection:
                for _ in range(MAX_COMMANDS):
                    connection.request("POST", "/api/v1/process/exec", '{"command":"sleep","args":["600"]}', JSON)
                    reply = json.load(connection.getresponse())
                    assert reply["status"] == 0, reply
            paths = ("/process/exec", "/api/v1/process/exec")
            refused = {path: agent.post(path, {"command": "true"}) for path in paths}
            agent.post(f"/api/v1/process/{reply['processId']}/kill", None)
            deadline = time.monotonic() + 10
            while agent.post(paths[0], {"command": "true"}).status != 200:
                assert time.monotonic() < deadline, "there is still no room"
                time.sleep(0.01)
            return refused

    def killed_launcher(self, path):
        with Agent() as agent, agent.connect() as connection:
            body = b'{"command":"sh","args":["-c","echo $PPID > parent; sleep 600"]}'
            connection.sendall(b"POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                               % (path.encode(), len(body)) + body)
            deadline = time.monotonic() + 10
            while not os.path.exists(agent.path("parent")) or not agent.read("parent").endswith(b"\n"):
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.01)
            os.kill(int(agent.read("parent")), signal.SIGKILL)
            response = http.client.HTTPResponse(connection)
            response.begin()
            return Reply(response)

    def test_not_authenticated(self):
        """current: 1401: is told as HTTP 401, also where a token is a wrong one"""
        with Agent(environment={"TOKEN": "s3same"}) as agent:
            for token in ("Bearer wrong", "Bearer ", "Basic s3same"):
                self.assert_current(agent.request("GET", "/api/v1/process/list", headers={"Authorization": token}), 401, None)
            self.assertEqual(agent.request("GET", "/api/v1/process/list", headers={"Authorization": "Bearer s3same"}).json()["status"], 0)

    def test_unhealthy(self):
        """classic: 503: a workspace that is gone"""
        with Agent() as agent:
            os.rmdir(agent.workspace)
            deadline = time.monotonic() + 10
            while (reply := agent.request("GET", "/health")).status == 200:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            self.assertEqual((reply.status, reply.json()["status"]), (503, "unhealthy"))

    def kill_ended(self):
        process = self.agent.post("/api/v1/process/exec", {"command": "true"}).json()["processId"]
        deadline = time.monotonic() + 10
        while self.agent.request("GET", f"/api/v1/process/{process}/status").json()["processStatus"] == "running":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.01)
        return self.agent.post(f"/api/v1/process/{process}/kill", None)

    def kill_oddly(self):
        process = self.agent.post("/api/v1/process/exec", {"command": "sleep", "args": ["600"]}).json()["processId"]
        refused = self.agent.post(f"/api/v1/process/{process}/kill?signal=SIGNOTHING", None)
        self.assertEqual(self.agent.post(f"/api/v1/process/{process}/kill", None).json()["status"], 0)
        return refused


# The row of the table, then the request, or the function that causes the error.
CLASSIC = {
    (400, "VALIDATION_ERROR", "malformed JSON"): ("POST", "/files/read", "{", JSON),
    (400, "VALIDATION_ERROR", "a missing member"): ("POST", "/files/read", "{}", JSON),
    (400, "VALIDATION_ERROR", "a folder instead of a file"): ("POST", "/files/read", '{"path":"."}', JSON),
    (401, "AUTHENTICATION_FAILED", "no token"): lambda test: test.unauthorized("/files/read"),
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
    (429, "RATE_LIMITED", "a full table of processes"): lambda test: test.full_table()["/process/exec"],
    (500, "INTERNAL_ERROR", "a killed launcher"): lambda test: test.killed_launcher("/process/exec"),
    (431, "VALIDATION_ERROR", "a long head"): ("GET", "/health", None, {"X": "x" * 20000}),
    (507, "DISK_FULL", "a full disk"): lambda test: test.full_disk("/files/write"),
}


# HTTP's status, the envelope's or None for no body, and what is wrong; each under the name of the one that tells.
# What an envelope's status leaves open.
CODES = {"a folder that is not empty": "CONFLICT", "a full disk": "DISK_FULL"}

CURRENT = {
    (400, 1400, "malformed JSON"): ("POST", "/api/v1/process/exec", "{", JSON),
    (401, None, "no token"): lambda test: test.unauthorized("/api/v1/process/exec"),
    (403, CLASSIC_FORM, "a page of another origin"): ("POST", "/api/v1/process/exec", '{"command":"true"}', {**JSON, "Origin": "http://evil.example"}),
    (404, None, "an address"): ("GET", "/api/v1/nothing", None, {}),
    (405, None, "a method"): ("GET", "/api/v1/process/exec", None, {}),
    (413, CLASSIC_FORM, "a body"): ("POST", "/api/v1/process/exec", json.dumps({"command": "x" * (1 << 20)}), JSON),
    (415, 415, "another content type"): ("POST", "/api/v1/process/exec", '{"command":"true"}', {"Content-Type": "text/plain"}),
    (421, CLASSIC_FORM, "another host"): ("POST", "/api/v1/process/exec", '{"command":"true"}', {**JSON, "Host": "evil.example"}),
    (422, 1422, "a missing member"): ("POST", "/api/v1/process/exec", "{}", JSON),
    (422, 1422, "a member of the wrong type"): ("POST", "/api/v1/process/exec", '{"command":[]}', JSON),
    (429, 429, "a full table of processes"): lambda test: test.full_table()["/api/v1/process/exec"],
    (200, 1400, "a signal that is none"): ErrorTest.kill_oddly,
    (200, 1403, "a path that leaves"): ("POST", "/api/v1/files/search", '{"dir":"..","pattern":"x"}', JSON),
    (200, 1404, "a folder"): ("POST", "/api/v1/files/search", '{"dir":"nothing","pattern":"x"}', JSON),
    (200, 1404, "a process"): ("GET", "/api/v1/process/nothing1/status", None, {}),
    (200, 1404, "a file"): ("GET", "/api/v1/files/read?path=nothing", None, {}),
    (200, 1404, "a session"): ("GET", "/api/v1/sessions/nothing1", None, {}),
    (200, 1409, "a process that has ended"): ErrorTest.kill_ended,
    (200, 1409, "a destination that exists"): ("POST", "/api/v1/files/move", '{"source":"file","destination":"other"}', JSON),
    (200, 1422, "an empty pattern"): ("POST", "/api/v1/files/search", '{"dir":".","pattern":""}', JSON),
    (200, 1500, "a command's time-out"): ("POST", "/api/v1/process/exec-sync", '{"command":"sleep","args":["600"],"timeout":1}', JSON),
    (200, 1500, "a folder that is not empty"): ("POST", "/api/v1/files/delete", '{"path":"folder"}', JSON),
    (200, 1500, "a full disk"): lambda test: test.full_disk("/api/v1/files/write"),
    (200, 1500, "a killed launcher"): lambda test: test.killed_launcher("/api/v1/process/exec-sync"),
    (200, 1600, "a command that cannot start"): ("POST", "/api/v1/process/exec", '{"command":"/nothing"}', JSON),
}


def add_test(dialect, told, what, cause, check):
    def test(self):
        if callable(cause):
            reply = cause(self)
        else:
            method, path, body, headers = cause
            own = {"Origin": self.agent.url} if headers.get("Origin") == "own" else {}
            reply = self.agent.request(method, path, body, {**headers, **own})
        check(self, reply)

    test.__doc__ = f"{dialect}: {told}: {what}"
    setattr(ErrorTest, "test_" + re.sub(r"\W", "_", f"{dialect}_{told}_{what}"), test)


for (status, code, what), cause in CLASSIC.items():
    add_test("classic", f"{status} {code}", what, cause, lambda test, reply, status=status, code=code: test.assert_classic(reply, status, code))
for (status, envelope, what), cause in CURRENT.items():
    add_test("current", envelope if status == 200 else status, what, cause,
             lambda test, reply, status=status, envelope=envelope: test.assert_current(reply, status, envelope, CODES.get(what)))


if __name__ == "__main__":
    tap.main()
