#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""/health, /files/read and /files/write of the classic dialect, against the program."""
import base64
import itertools
import json
import os
import stat
import unittest

import tap
from agent import Agent


class FilesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent("--max-file-size", str(4 << 20))
        cls.addClassCleanup(cls.agent.stop)

    def assert_error(self, reply, status, code):
        self.assertEqual(reply.status, status, reply.body)
        answer = reply.json()
        self.assertIs(answer["success"], False)
        self.assertEqual(answer["code"], code)
        self.assertRegex(answer["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
        self.assertTrue(answer["error"])

    def write(self, **members):
        return self.agent.post("/files/write", members)

    def read(self, **members):
        return self.agent.post("/files/read", members)

    def test_health(self):
        reply = self.agent.request("GET", "/health")
        self.assertEqual(reply.status, 200)
        answer = reply.json()
        self.assertEqual(answer["status"], "healthy")
        self.assertGreaterEqual(answer["uptime"], 0)
        self.assertIsInstance(answer["version"], str)
        self.assertIsInstance(answer["capabilities"], list)
        self.assertEqual(reply.headers["Content-Type"], "application/json")

    def test_health_head(self):
        reply = self.agent.request("HEAD", "/health")
        self.assertEqual((reply.status, reply.body), (200, b""))
        self.assertGreater(int(reply.headers["Content-Length"]), 50)

    def test_read_raw(self):
        """classic: POST /files/read: the raw bytes"""
        content = os.urandom(100_000)
        self.agent.write("a/raw.bin", content)
        for encoding in ({}, {"encoding": "binary"}, {"encoding": "utf8"}):
            reply = self.read(path="a/raw.bin", **encoding)
            self.assertEqual((reply.status, reply.body), (200, content))
        self.assertEqual(reply.headers["Content-Type"], "application/octet-stream")

    def test_read_content_type(self):
        """classic: POST /files/read: the content type by the name of the file"""
        self.agent.write("page.html", b"<p>")
        self.assertTrue(self.read(path="page.html").headers["Content-Type"].startswith("text/html"))

    def test_read_empty(self):
        self.agent.write("empty")
        self.assertEqual(self.read(path="empty").body, b"")
        self.assertEqual(self.read(path="empty", encoding="base64").json()["content"], "")

    def test_read_base64(self):
        """classic: POST /files/read: JSON with base64"""
        for size in (1, 2, 3, 191 * 1024, 700_001):
            content = os.urandom(size)
            self.agent.write("b64", content)
            answer = self.read(path="b64", encoding="base64").json()
            self.assertEqual(base64.b64decode(answer.pop("content")), content)
            self.assertEqual(answer, {"success": True, "path": "b64", "encoding": "base64", "size": size})

    def test_read_missing(self):
        """classic: POST /files/read: 404 when there is no such file"""
        self.assert_error(self.read(path="nowhere/x"), 404, "FILE_NOT_FOUND")

    def test_read_folder(self):
        """classic: POST /files/read: 400 for a folder"""
        os.makedirs(self.agent.path("folder"), exist_ok=True)
        self.assert_error(self.read(path="folder"), 400, "VALIDATION_ERROR")

    def test_read_fifo_does_not_hang(self):
        os.mkfifo(self.agent.path("fifo"))
        self.assert_error(self.read(path="fifo"), 400, "VALIDATION_ERROR")

    def test_paths_that_leave(self):
        os.symlink("/etc", self.agent.path("out"))
        for path in ("../x", "/etc/passwd", "a/../../x", "out/passwd", "..", "a/b/../../../etc/passwd"):
            with self.subTest(path=path):
                self.assert_error(self.read(path=path), 403, "PATH_TRAVERSAL_DETECTED")
                self.assert_error(self.write(path=path, content="x"), 403, "PATH_TRAVERSAL_DETECTED")
        self.assertFalse(os.path.exists(os.path.join(self.agent.folder, "x")))

    def test_paths_that_stay(self):
        self.agent.write("a/f", b"1")
        self.agent.write("f", b"2")
        self.assertEqual(self.read(path="a/../f").body, b"2")
        self.assertEqual(self.read(path=os.path.join(self.agent.workspace, "a/f")).body, b"1")
        self.assertEqual(self.read(path="./a//f").body, b"1")

    def test_write_utf8(self):
        """classic: POST /files/write: text"""
        reply = self.write(path="deep/er/text.txt", content="Grüße 你好 \"\\\n")
        answer = reply.json()
        self.assertEqual(reply.status, 200)
        self.assertEqual(answer["path"], "deep/er/text.txt")
        self.assertEqual(answer["size"], len("Grüße 你好 \"\\\n".encode()))
        self.assertIs(answer["success"], True)
        self.assertEqual(self.agent.read("deep/er/text.txt").decode(), "Grüße 你好 \"\\\n")

    def test_write_every_order_and_encoding(self):
        """classic: POST /files/write: members in every order, each encoding"""
        text = "abcd" * 1000
        binary = os.urandom(300_001)
        cases = [({"encoding": "utf8", "content": text}, text.encode()), ({"content": text}, text.encode()),
                 ({"encoding": "base64", "content": base64.b64encode(binary).decode()}, binary)]
        for members, expected in cases:
            for order in itertools.permutations([("path", "order"), *members.items()]):
                body = "{" + ",".join(f"{json.dumps(name)}:{json.dumps(value)}" for name, value in order) + "}"
                reply = self.agent.post("/files/write", body, headers={"Content-Type": "application/json"})
                self.assertEqual(reply.status, 200, reply.body)
                self.assertEqual(reply.json()["size"], len(expected))
                self.assertEqual(self.agent.read("order"), expected, [name for name, _ in order])

    def test_write_permissions(self):
        """classic: POST /files/write: permissions"""
        for permissions, mode in ((0o755, 0o755), ("0700", 0o700), ("640", 0o640), (0, 0)):
            self.assertEqual(self.write(path="mode", content="", permissions=permissions).status, 200)
            self.assertEqual(stat.S_IMODE(os.stat(self.agent.path("mode")).st_mode), mode)
        for permissions in (755, 644, 512, -1, "0888", "x", 1.5, True):
            with self.subTest(permissions=permissions):
                self.assert_error(self.write(path="mode", content="", permissions=permissions), 400, "VALIDATION_ERROR")

    def test_write_bad_members(self):
        """classic: POST /files/write: 400 for bad members"""
        self.agent.write("kept", b"old")
        for members in ({"content": "x"}, {"path": "kept"}, {"path": 1, "content": "x"}, {"path": "kept", "content": 5},
                        {"path": "", "content": "x"}, {"path": "kept", "content": "x", "encoding": "latin1"},
                        {"path": "kept", "content": "a", "encoding": "base64"}, {"path": "kept", "content": "ab!=", "encoding": "base64"},
                        {"path": "a\0b", "content": "x"}):
            with self.subTest(members=members):
                self.assert_error(self.write(**members), 400, "VALIDATION_ERROR")
        self.assertEqual(self.agent.read("kept"), b"old")

    def test_write_bad_json(self):
        self.agent.write("kept2", b"old")
        for body in (b"", b"[", b"{", b"[]", b"null", b"{'path':'kept2','content':'x'}", b'{"path":"kept2","content":"x"}x',
                     b'{"path":"kept2","content":"x"', b'{"path":"kept2","content":"\xff"}', b"[" * 200_000):
            with self.subTest(body=body[:40]):
                for path in ("/files/write", "/files/read", "/process/exec"):
                    self.assert_error(self.agent.post(path, body), 400, "VALIDATION_ERROR")
        self.assertEqual(self.agent.read("kept2"), b"old")

    def test_write_over_a_folder(self):
        os.makedirs(self.agent.path("afolder"), exist_ok=True)
        self.assert_error(self.write(path="afolder", content="x"), 400, "VALIDATION_ERROR")

    def test_write_too_large(self):
        """classic: POST /files/write: 413 past the limit"""
        self.agent.write("limit", b"old")
        exact = "x" * (4 << 20)
        self.assertEqual(self.write(path="limit", content=exact).status, 200)
        self.agent.write("limit", b"old")
        self.assert_error(self.write(path="limit", content=exact + "y"), 413, "FILE_TOO_LARGE")
        self.assert_error(self.write(path="limit", content=base64.b64encode(b"x" * ((4 << 20) + 1)).decode(), encoding="base64"),
                          413, "FILE_TOO_LARGE")
        self.assertEqual(self.agent.read("limit"), b"old")

    def test_declared_size_is_refused_at_once(self):
        head = b"POST /files/write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9000000000000\r\n\r\n"
        reply = self.agent.raw(head)
        self.assertTrue(reply.startswith(b"HTTP/1.1 413 "), reply[:80])

    def test_truncated_uploads_change_nothing(self):
        self.agent.write("whole", b"old")
        body = json.dumps({"path": "whole", "content": "x" * 5000}).encode()
        for round in range(100):
            cut = 1 + round * (len(body) - 2) // 100
            head = f"POST /files/write HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
            if round % 2:
                head = b"POST /files/write HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                reply = self.agent.raw(head + f"{cut:x}\r\n".encode() + body[:cut] + b"\r\n", shut=True)
            else:
                reply = self.agent.raw(head + body[:cut], shut=True)
            self.assertNotIn(b" 200 ", reply[:20])
        self.assertEqual(self.agent.read("whole"), b"old")
        self.assertEqual([name for name in os.listdir(self.agent.workspace) if name.startswith(".devbox")], [])

    def delete(self, **members):
        return self.agent.post("/files/delete", members)

    def test_delete(self):
        """classic: POST /files/delete: a file or a link"""
        self.agent.write("delete/file", b"content")
        self.agent.write("delete/kept", b"content")
        os.symlink("kept", self.agent.path("delete/link"))
        for path in ("delete/file", "delete/link"):
            reply = self.delete(path=path)
            self.assertEqual(reply.status, 200, reply.body)
            answer = reply.json()
            self.assertRegex(answer.pop("timestamp"), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
            self.assertEqual(answer, {"success": True, "path": path})
        self.assertEqual(os.listdir(self.agent.path("delete")), ["kept"])

    def test_delete_folder(self):
        """classic: POST /files/delete: 400 for a folder, unless recursive"""
        self.agent.write("delete-folder/sub/file", b"content")
        os.makedirs(self.agent.path("delete-empty"))
        for path in ("delete-folder", "delete-empty"):
            for members in ({}, {"recursive": False}, {"recursive": None}):
                reply = self.delete(path=path, **members)
                self.assert_error(reply, 400, "VALIDATION_ERROR")
                self.assertIn("is a directory", reply.json()["error"])
            self.assertEqual(self.delete(path=path, recursive=True).status, 200)
            self.assertFalse(os.path.exists(self.agent.path(path)))

    def test_delete_missing(self):
        """classic: POST /files/delete: 404 when there is nothing"""
        self.assert_error(self.delete(path="nowhere"), 404, "FILE_NOT_FOUND")
        self.assert_error(self.delete(path="nowhere/x", recursive=True), 404, "FILE_NOT_FOUND")

    def test_delete_leaving(self):
        """classic: POST /files/delete: 403 for a path that leaves the workspace"""
        self.agent.write("../delete-outside/secret", b"secret")
        os.symlink("../delete-outside", self.agent.path("delete-out"))
        outside = os.path.realpath(self.agent.path("../delete-outside"))
        for path in ("..", "../delete-outside", "delete-out/secret", outside, "made/../../delete-outside"):
            self.assert_error(self.delete(path=path, recursive=True), 403, "PATH_TRAVERSAL_DETECTED")
        self.assertEqual(self.delete(path="delete-out", recursive=True).status, 200)
        self.assertEqual(self.agent.read("../delete-outside/secret"), b"secret")

    def test_delete_bad_members(self):
        """classic: POST /files/delete: 400 for bad members, and for the workspace itself"""
        self.agent.write("delete-kept", b"content")
        for members in ({}, {"path": 1}, {"path": None}, {"path": ""}, {"path": "."}, {"path": self.agent.workspace},
                        {"path": "delete-kept/"}, {"path": "delete-kept", "recursive": 1}, {"path": "delete-kept", "pathBytes": "YQ=="},
                        {"pathBytes": "a"}, {"pathBytes": "YQBi"}, {"path": "a\0b"}):
            with self.subTest(members=members):
                self.assert_error(self.delete(**{"recursive": True, **members}), 400, "VALIDATION_ERROR")
        self.assertEqual(self.agent.read("delete-kept"), b"content")

    def test_names_that_are_not_text(self):
        """classic: POST /files/read: pathBytes in place of path, as in write and delete"""
        name = b"not-text-\xff"
        encoded = base64.b64encode(name).decode()
        answer = self.write(pathBytes=encoded, content="content").json()
        self.assertEqual((answer["path"], answer["pathBytes"]), ("not-text-\ufffd", encoded))
        self.assertEqual(self.read(pathBytes=encoded).body, b"content")
        answer = self.delete(pathBytes=encoded).json()
        self.assertEqual((answer["path"], answer["pathBytes"]), ("not-text-\ufffd", encoded))
        self.assertNotIn(name, os.listdir(os.fsencode(self.agent.workspace)))
        self.assert_error(self.read(pathBytes="a"), 400, "VALIDATION_ERROR")
        self.assert_error(self.read(pathBytes=encoded, path="x"), 400, "VALIDATION_ERROR")

    def test_unknown_route_and_method(self):
        self.assertEqual(self.agent.request("GET", "/nothing").status, 404)
        reply = self.agent.request("GET", "/files/write")
        self.assertEqual((reply.status, reply.headers["Allow"]), (405, "POST"))

    def test_malformed_request_says_where(self):
        reply = self.agent.raw(b"GET /health HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n")
        head, _, body = reply.partition(b"\r\n\r\n")
        self.assertTrue(head.startswith(b"HTTP/1.1 400 "))
        self.assertEqual(json.loads(body)["code"], "VALIDATION_ERROR")


if __name__ == "__main__":
    tap.main()
