#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Content in and out, beyond the single classic read and write: batches, raw bodies, downloads of whole trees."""
import base64
import email
import email.policy
import io
import itertools
import json
import os
import shutil
import socket
import struct
import subprocess
import tarfile
import threading
import time
import unittest

import tap
from agent import Agent

MIB = 1024 * 1024
SLOW = "DEVBOX_TEST_SLOW" in os.environ


class TransferTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent("--max-file-size", str(8 * MIB), "--max-batch-size", str(16 * MIB))
        cls.addClassCleanup(cls.agent.stop)

    def setUp(self):
        for name in os.listdir(self.agent.workspace):
            path = self.agent.path(name)
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)

    def assert_status(self, reply, status, http=200):
        self.assertEqual((reply.status, reply.json()["status"]), (http, status), reply.body)
        self.assertTrue(reply.json()["message"])
        return reply.json()


class ClassicBatchTest(TransferTest):
    def upload(self, files, **members):
        return self.agent.post("/files/batch-upload", {"files": files, **members})

    def test_several_files(self):
        """classic: POST /files/batch-upload: several files"""
        reply = self.upload([{"path": "a.txt", "content": "text"}, {"path": "deep/er/b.bin", "content": base64.b64encode(b"\0\xff").decode(), "encoding": "base64"},
                             {"encoding": "utf8", "content": "你好", "path": "c"}, {"path": "run.sh", "content": "", "permissions": 0o750}])
        self.assertEqual(reply.status, 200)
        self.assertEqual(reply.json(), {"success": True, "totalFiles": 4, "successCount": 4, "results": [
            {"path": "a.txt", "success": True, "size": 4}, {"path": "deep/er/b.bin", "success": True, "size": 2},
            {"path": "c", "success": True, "size": 6}, {"path": "run.sh", "success": True, "size": 0}]})
        self.assertEqual((self.agent.read("a.txt"), self.agent.read("deep/er/b.bin"), self.agent.read("c")), (b"text", b"\0\xff", "你好".encode()))
        self.assertEqual(os.stat(self.agent.path("run.sh")).st_mode & 0o777, 0o750)

    def test_one_bad_file_does_not_fail_the_rest(self):
        """classic: POST /files/batch-upload: one bad file does not fail the rest"""
        bad = [{"path": "../out", "content": "x"}, {"content": "x"}, {"path": "p"}, {"path": "x", "content": 5}, {"path": "x", "content": "!", "encoding": "base64"},
               {"path": "large", "content": "x" * (8 * MIB + 1)}, "text", 5, None, True, [], [{"path": "nested", "content": "x"}], {}, {"path": "", "content": "x"},
               {"path": "x", "content": "x", "encoding": "utf16"}, {"path": "x", "content": "x", "permissions": 755}]
        files = []
        for number, item in enumerate(bad):
            files += [item, {"path": f"good-{number}", "content": str(number)}]
        answer = self.upload(files).json()
        self.assertEqual((answer["success"], answer["totalFiles"], answer["successCount"]), (True, 2 * len(bad), len(bad)), answer)
        for number, (failed, good) in enumerate(zip(answer["results"][::2], answer["results"][1::2])):
            self.assertIs(failed["success"], False, failed)
            self.assertTrue(failed["error"])
            self.assertEqual(good, {"path": f"good-{number}", "success": True, "size": len(str(number))})
        self.assertEqual(answer["results"][0]["path"], "../out")
        self.assertEqual(sorted(os.listdir(self.agent.workspace)), sorted(f"good-{number}" for number in range(len(bad))))

    def test_other_members_are_skipped(self):
        """classic: POST /files/batch-upload: other members are skipped"""
        body = b'{"a":{"files":[{"path":"no","content":"x"}]},"b":["files",[1]],"files":[{"path":"yes","content":"x","more":{"path":"no2"}}],"c":null}'
        self.assertEqual(self.agent.post("/files/batch-upload", body).json()["successCount"], 1)
        self.assertEqual(os.listdir(self.agent.workspace), ["yes"])

    def test_no_batch(self):
        """classic: POST /files/batch-upload: no batch"""
        for body in (b"", b"[]", b"{}", b'{"files":{}}', b'{"files":"x"}', b'{"files":null}', b'{"files":[', b'{"files":[{"path":"x","content":"x"}]}x', b'{"files":[],"files":[]}'):
            reply = self.agent.post("/files/batch-upload", body)
            self.assertEqual((reply.status, reply.json()["code"]), (400, "VALIDATION_ERROR"), body)
        self.assertEqual(self.upload([]).json(), {"success": True, "results": [], "totalFiles": 0, "successCount": 0})

    def test_limit_of_the_batch(self):
        """classic: POST /files/batch-upload: limit of the batch"""
        reply = self.upload([{"path": f"f{i}", "content": "x" * (6 * MIB)} for i in range(3)])
        self.assertEqual((reply.status, reply.json()["code"]), (413, "FILE_TOO_LARGE"))

    def test_truncated(self):
        """classic: POST /files/batch-upload: truncated"""
        body = json.dumps({"files": [{"path": f"f{i}", "content": "x" * 100} for i in range(3)]}).encode()
        head = f"POST /files/batch-upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        for cut in range(1, len(body), 7):
            with self.agent.connect() as connection:
                connection.sendall(head + body[:cut])
        time.sleep(0.3)
        for name in os.listdir(self.agent.workspace):
            self.assertEqual(self.agent.read(name), b"x" * 100)

    def test_ten_thousand_files_flat(self):
        """classic: POST /files/batch-upload: ten thousand files flat"""
        before = self.agent.resident_kib()
        answer = self.upload([{"path": f"{i % 50}/{i}", "content": "x" * 1000} for i in range(10000)]).json()
        self.assertEqual(answer["successCount"], 10000)
        if not self.agent.is_sanitized():
            self.assertLess(self.agent.resident_kib() - before, 12 * 1024)

    def test_tiny_files_behind_a_large_one_hold_up_nobody(self):
        """What a large file took says nothing about the next thousands, which come in the same pieces."""
        files = [{"path": "large", "content": "x" * (1 << 20)}] + [{"path": f"t/{number}", "content": ""} for number in range(20_000)]
        waits = []
        uploading = threading.Thread(target=self.agent.post, args=("/files/batch-upload", {"files": files}))
        uploading.start()
        while uploading.is_alive():
            began = time.monotonic()
            self.agent.request("GET", "/health")
            waits.append(time.monotonic() - began)
        uploading.join()
        self.assertEqual(len(os.listdir(self.agent.path("t"))), 20_000)
        longest = sorted(waits)[-3:]
        print("# the longest that /health takes: " + ", ".join(f"{wait * 1000:.1f} ms" for wait in longest))
        if not self.agent.is_sanitized():
            self.assertLess(longest[-1], 0.15)


class CurrentReadTest(TransferTest):
    def get(self, path, route="read", **options):
        from urllib.parse import quote_from_bytes
        return self.agent.request("GET", f"/api/v1/files/{route}?path={quote_from_bytes(os.fsencode(path))}", **options)

    def check_bytes(self, route):
        content = os.urandom(3 * MIB)
        self.agent.write("a/large.bin", content)
        for path in ("a/large.bin", "./a//large.bin", self.agent.path("a/large.bin")):
            reply = self.get(path, route)
            self.assertEqual((reply.status, reply.body == content), (200, True))
            self.assertEqual(reply.headers["Content-Type"], "application/octet-stream")
            self.assertEqual(reply.headers["Content-Disposition"], "attachment; filename=\"large.bin\"; filename*=UTF-8''large.bin")

    def test_read_bytes(self):
        """current: GET /files/read: the bytes, with their name"""
        self.check_bytes("read")

    def test_download_bytes(self):
        """current: GET /files/download: the bytes, with their name"""
        self.check_bytes("download")

    def test_names(self):
        """current: GET /files/read: names"""
        for name, plain, escaped in (("a b.txt", "a b.txt", "a%20b.txt"), ('q"uo\\te', "q_uo_te", "q%22uo%5Cte"), ("你好", None, "%E4%BD%A0%E5%A5%BD"), ("l\r\nx: y", "l__x: y", "l%0D%0Ax%3A%20y")):
            self.agent.write(name, b"x")
            reply = self.get(name)
            self.assertEqual((reply.status, reply.body), (200, b"x"), name)
            disposition = reply.headers["Content-Disposition"]
            self.assertTrue(disposition.endswith("filename*=UTF-8''" + escaped), disposition)
            if plain:
                self.assertIn(f'filename="{plain}"', disposition)
        with open(os.path.join(os.fsencode(self.agent.workspace), b"\xff\xfe"), "wb") as file:
            file.write(b"bytes")
        self.assertEqual(self.get(b"\xff\xfe").body, b"bytes")

    def test_failures(self):
        """current: GET /files/read: failures"""
        os.mkdir(self.agent.path("folder"))
        os.mkfifo(self.agent.path("fifo"))
        os.symlink("/etc/passwd", self.agent.path("out"))
        for path, status in (("missing", 1404), ("missing/deeper", 1404), ("folder", 1422), (".", 1422), ("fifo", 1422), ("out", 1403), ("../x", 1403), ("/etc/passwd", 1403), ("", 1422)):
            for route in ("read", "download"):
                self.assert_status(self.get(path, route), status)
        for query in ("", "?other=1", "?path=%00", "?path=%zz"):
            self.assert_status(self.agent.request("GET", "/api/v1/files/read" + query), 1422, 422)

    def test_head(self):
        """current: GET /files/read: head"""
        self.agent.write("x", b"12345")
        reply = self.agent.request("HEAD", "/api/v1/files/read?path=x")
        self.assertEqual((reply.status, reply.body, reply.headers["Content-Length"]), (200, b"", "5"))


class CurrentWriteTest(TransferTest):
    def raw(self, path, body, content_type="application/octet-stream"):
        return self.agent.request("POST", f"/api/v1/files/write?path={path}", body, {"Content-Type": content_type} if content_type else {})

    def test_json(self):
        """current: POST /files/write: json"""
        answer = self.assert_status(self.agent.post("/api/v1/files/write", {"path": "a/b.txt", "content": "你好"}), 0)
        self.assertEqual((answer["path"], answer["size"]), (self.agent.path("a/b.txt"), 6))
        answer = self.assert_status(self.agent.post("/api/v1/files/write", {"content": "/w==", "path": self.agent.path("c"), "encoding": "base64"}), 0)
        self.assertEqual((answer["path"], answer["size"]), (self.agent.path("c"), 1))
        self.assertEqual((self.agent.read("a/b.txt"), self.agent.read("c")), ("你好".encode(), b"\xff"))

    def test_json_failures_are_1422(self):
        """current: POST /files/write: json failures are 1422"""
        for body in (b"", b"{", b"[]", b'{"path":"x"}', b'{"content":"x"}', b'{"path":5,"content":"x"}', b'{"path":"x","content":"!","encoding":"base64"}',
                     b'{"path":"x","content":"x","encoding":"rot13"}', b"[" * 200_000):
            self.assert_status(self.agent.request("POST", "/api/v1/files/write", body, {"Content-Type": "application/json"}), 1422)
        self.assertEqual(os.listdir(self.agent.workspace), [])

    def test_raw(self):
        """current: POST /files/write: raw"""
        content = os.urandom(2 * MIB + 3)
        for content_type in ("application/octet-stream", "text/plain", None):
            answer = self.assert_status(self.raw("deep/raw.bin", content, content_type), 0)
            self.assertEqual((answer["path"], answer["size"]), (self.agent.path("deep/raw.bin"), len(content)))
            self.assertEqual(self.agent.read("deep/raw.bin"), content)
        self.assert_status(self.raw("empty", b""), 0)
        self.assertEqual(self.agent.read("empty"), b"")

    def test_raw_mode(self):
        """current: POST /files/write: raw with a mode"""
        for mode, expected in (("0755", 0o755), ("600", 0o600)):
            self.assert_status(self.agent.request("POST", f"/api/v1/files/write?path=tool&mode={mode}", b"x"), 0)
            self.assertEqual(os.stat(self.agent.path("tool")).st_mode & 0o7777, expected)
        for mode in ("", "8", "1777", "rwx", "-1"):
            self.assert_status(self.agent.request("POST", f"/api/v1/files/write?path=tool&mode={mode}", b"y"), 1422)
        self.assertEqual(self.agent.read("tool"), b"x")

    def test_raw_chunked(self):
        """current: POST /files/write: raw chunked"""
        chunks = b"".join(b"%x\r\n%b\r\n" % (size, b"x" * size) for size in (1, 1000, 70000)) + b"0\r\n\r\n"
        reply = self.agent.raw(b"POST /api/v1/files/write?path=chunked HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        self.assertIn(b'"size":71001', reply)
        self.assertEqual(self.agent.read("chunked"), b"x" * 71001)

    def test_raw_failures(self):
        """current: POST /files/write: raw failures"""
        os.mkdir(self.agent.path("folder"))
        self.agent.write("kept", b"old")
        for path, status in (("folder", 1422), ("..", 1403), ("../x", 1403), ("/etc/x", 1403), ("", 1422), ("kept/below", None)):
            reply = self.raw(path, b"content")
            self.assertEqual(reply.status, 200)
            if status:
                self.assert_status(reply, status)
            else:
                self.assertNotEqual(reply.json()["status"], 0)
        self.assert_status(self.agent.request("POST", "/api/v1/files/write", b"x", {"Content-Type": "text/plain"}), 1422)
        self.assertEqual(self.agent.read("kept"), b"old")

    def test_past_the_limit_is_413_and_closes(self):
        """current: POST /files/write: past the limit is 413 and closes"""
        self.agent.write("kept", b"old")
        for head in (f"Content-Length: {8 * MIB + 1}", "Content-Length: 9000000000000", "Transfer-Encoding: chunked"):
            with self.agent.connect() as connection:
                connection.sendall(f"POST /api/v1/files/write?path=kept HTTP/1.1\r\nHost: localhost\r\n{head}\r\n\r\n".encode())
                try:
                    for _ in range(9 if "chunked" in head else 0):
                        connection.sendall(b"100000\r\n" + b"x" * MIB + b"\r\n")
                except (BrokenPipeError, ConnectionResetError):
                    pass
                reply = b""
                while piece := connection.recv(65536):
                    reply += piece
                self.assertTrue(reply.startswith(b"HTTP/1.1 413"), reply[:200])
        reply = self.agent.post("/api/v1/files/write", {"path": "kept", "content": "x" * (8 * MIB + 1)})
        self.assert_status(reply, 413, 413)
        self.assertEqual(self.agent.read("kept"), b"old")
        self.assertEqual(os.listdir(self.agent.workspace), ["kept"])

    def test_thousand_truncated_raw_uploads(self):
        """current: POST /files/write: thousand truncated raw uploads"""
        self.agent.write("old", b"old")
        for round in range(1000):
            with self.agent.connect() as connection:
                head = b"Transfer-Encoding: chunked\r\n\r\n4e20\r\n" if round % 3 == 0 else b"Content-Length: 20000\r\n\r\n"
                connection.sendall(b"POST /api/v1/files/write?path=old HTTP/1.1\r\nHost: localhost\r\n" + head + b"x" * (round * 19))
                if round % 2:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        deadline = time.monotonic() + 10
        while os.listdir(self.agent.workspace) != ["old"] and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertEqual(self.agent.read("old"), b"old")
        self.assertEqual(os.listdir(self.agent.workspace), ["old"])


class MemoryTest(unittest.TestCase):
    """All orders of the members, both encodings; 100 MiB each with DEVBOX_TEST_SLOW."""

    SIZE = (100 if SLOW else 12) * MIB

    def send(self, agent, route, members, order):
        pieces = [members[name] for name in order]
        length = sum(len(part) for piece in pieces for part in piece) + len(pieces) - 1 + 2
        with agent.connect(120) as connection:
            connection.sendall(f"POST {route} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n".encode() + b"{")
            for number, piece in enumerate(pieces):
                for part in ([b","] if number else []) + piece:
                    connection.sendall(part)
            connection.sendall(b"}")
            return connection.recv(65536)

    def test_memory_is_flat_whatever_the_order(self):
        text = b"Some text that is no base64. "
        block = text * (MIB // len(text) + 1)
        plain = [b'"content":"', *([block[:MIB]] * (self.SIZE // MIB)), b'"']
        coded = [b'"content":"', *([base64.b64encode(bytes(3 * MIB // 4))] * (self.SIZE // MIB)), b'"']
        with Agent("--max-file-size", "0") as agent:
            agent.post("/files/write", {"path": "x", "content": "x"})
            idle = agent.resident_kib()
            for route in ("/files/write", "/api/v1/files/write"):
                for encoding, content in (("utf8", plain), ("base64", coded), ("utf8", coded)):
                    members = {"path": [b'"path":"x"'], "content": content, "encoding": [f'"encoding":"{encoding}"'.encode()]}
                    for order in itertools.permutations(members):
                        reply = self.send(agent, route, members, order)
                        self.assertTrue(reply.startswith(b"HTTP/1.1 200"), reply[:300])
                        size = self.SIZE // 4 * 3 if encoding == "base64" else self.SIZE
                        self.assertEqual(os.path.getsize(agent.path("x")), size, (route, encoding, order))
            peak = agent.peak_kib()
            print(f"# {self.SIZE // MIB} MiB in 36 forms: {(peak - idle) / 1024:.1f} MiB above idle")
            if not agent.is_sanitized():
                self.assertLess(peak - idle, 16 * 1024)


class BatchDownloadTest(TransferTest):
    def download(self, paths, format=None, headers=None):
        return self.agent.post("/api/v1/files/batch-download", {"paths": paths, **({"format": format} if format else {})}, headers=headers)

    def make_tree(self):
        self.content = os.urandom(700_000)
        self.agent.write("tree/large.bin", self.content)
        self.agent.write("tree/deep/er/small.txt", b"small")
        self.agent.write("tree/.hidden", b"")
        os.chmod(self.agent.path("tree/deep/er/small.txt"), 0o640)
        os.utime(self.agent.path("tree/deep/er/small.txt"), (1_000_000_000, 1_000_000_000))
        os.symlink("deep/er/small.txt", self.agent.path("tree/link"))
        os.symlink("/etc/passwd", self.agent.path("tree/out"))
        os.mkfifo(self.agent.path("tree/fifo"))
        os.mkdir(self.agent.path("tree/empty"))
        self.agent.write("single", b"single")

    def check_tar(self, reply, content_type, mode):
        self.assertEqual((reply.status, reply.headers["Content-Type"]), (200, content_type))
        name = "files.tar" if content_type == "application/x-tar" else "files.tar.gz"
        self.assertEqual(reply.headers["Content-Disposition"], f'attachment; filename="{name}"')
        listed = subprocess.run(["tar", "-tz" if mode == "r:gz" else "-t"], input=reply.body, capture_output=True)
        self.assertEqual((listed.returncode, listed.stderr), (0, b""))
        with tarfile.open(fileobj=io.BytesIO(reply.body), mode=mode) as tar:
            members = {member.name: member for member in tar.getmembers()}
            self.assertEqual(sorted(members), sorted(["single", "tree", "tree/large.bin", "tree/deep", "tree/deep/er", "tree/deep/er/small.txt", "tree/.hidden", "tree/link",
                                                      "tree/out", "tree/empty"]))
            self.assertEqual(tar.extractfile("tree/large.bin").read(), self.content)
            self.assertEqual(tar.extractfile("single").read(), b"single")
            small = members["tree/deep/er/small.txt"]
            self.assertEqual((small.mode, small.mtime, small.size), (0o640, 1_000_000_000, 5))
            self.assertEqual((members["tree/link"].linkname, members["tree/out"].linkname), ("deep/er/small.txt", "/etc/passwd"))

    def test_tar(self):
        """current: POST /files/batch-download: tar"""
        self.make_tree()
        self.check_tar(self.download(["tree", "./single"], "tar"), "application/x-tar", "r:")
        self.check_tar(self.download([self.agent.path("tree"), "single"], "tar.gz"), "application/gzip", "r:gz")
        self.check_tar(self.download(["tree/", "single"]), "application/gzip", "r:gz")
        self.check_tar(self.download(["tree", "single"], "direct"), "application/gzip", "r:gz")
        self.check_tar(self.download(["tree", "single"], headers={"Accept": "application/x-tar"}), "application/x-tar", "r:")

    def test_multipart(self):
        """current: POST /files/batch-download: multipart"""
        self.make_tree()
        for format in ("multipart", "mixed"):
            reply = self.download(["single", "tree/deep"], format)
            self.assertEqual(reply.status, 200)
            message = email.message_from_bytes(b"Content-Type: " + reply.headers["Content-Type"].encode() + b"\r\n\r\n" + reply.body, policy=email.policy.HTTP)
            parts = {part.get_filename(): part.get_payload(decode=True) for part in message.iter_parts()}
            self.assertEqual(parts, {"single": b"single", "tree/deep/er/small.txt": b"small"})

    def test_the_workspace_itself(self):
        """current: POST /files/batch-download: the workspace itself"""
        self.make_tree()
        reply = self.download(["."], "tar")
        with tarfile.open(fileobj=io.BytesIO(reply.body)) as tar:
            self.assertIn("tree/deep/er/small.txt", tar.getnames())

    def test_names(self):
        """current: POST /files/batch-download: names"""
        names = [b"\xff\xfe", "你好".encode(), b"a\nb", b"q\"uote", b"x" * 250, b"/".join([b"d" * 100] * 20 + [b"f"])]
        for name in names:
            path = os.path.join(os.fsencode(self.agent.workspace), b"names", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(name)
        reply = self.download(["names"], "tar")
        with tarfile.open(fileobj=io.BytesIO(reply.body), encoding="utf-8", errors="surrogateescape") as tar:
            found = {os.fsencode(member.name): tar.extractfile(member).read() for member in tar if member.isfile()}
        self.assertEqual(found, {b"names/" + name: name for name in names})
        listed = subprocess.run(["tar", "--quoting-style=literal", "-tf", "-"], input=reply.body, capture_output=True, check=True)
        self.assertEqual(listed.stderr, b"")

    def test_what_was_downloaded_can_be_unpacked_again(self):
        """current: POST /files/batch-download: what was downloaded can be unpacked again"""
        self.make_tree()
        data = self.download(["tree"], "tar.gz").body
        reply = self.agent.request("PUT", "/api/v1/files/archive?path=copy", data)
        self.assertEqual([result["path"] for result in reply.json()["results"]], ["tree/out"])
        self.assertEqual(self.agent.read("copy/tree/large.bin"), self.content)

    def test_failures_come_before_the_stream(self):
        """current: POST /files/batch-download: failures come before the stream"""
        self.make_tree()
        self.assert_status(self.download([]), 1422)
        self.assert_status(self.download(["single", "missing"]), 1404)
        self.assert_status(self.download(["single", "../out"]), 1403)
        self.assert_status(self.download(["/etc/passwd"]), 1403)
        self.assert_status(self.download(["tree/out"]), 1403)
        self.assert_status(self.download(["tree/fifo"]), 1422)
        self.assert_status(self.download(["single"], "zip"), 1422)
        for body in ({}, {"paths": "x"}, {"paths": [5]}, {"paths": ["x"], "format": 5}):
            self.assert_status(self.agent.post("/api/v1/files/batch-download", body), 1422, 422)
        self.assertEqual(self.agent.request("POST", "/api/v1/files/batch-download", b"{}", {"Content-Type": "text/plain"}).status, 415)
        self.assertEqual(self.agent.request("POST", "/api/v1/files/batch-download", b"{", {"Content-Type": "application/json"}).status, 400)

    def test_a_slow_reader_costs_no_memory_and_holds_up_nobody(self):
        """current: POST /files/batch-download: a slow reader costs no memory and holds up nobody"""
        with open(self.agent.path("huge"), "wb") as file:
            file.truncate(200 * MIB)
        self.download(["huge"], "tar")
        before = self.agent.resident_kib()
        body = b'{"paths":["huge"],"format":"tar"}'
        slow = []
        for _ in range(10):
            connection = self.agent.connect()
            connection.sendall(b"POST /api/v1/files/batch-download HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            slow.append(connection)
        time.sleep(1)
        if not self.agent.is_sanitized():
            self.assertLess(self.agent.resident_kib() - before, 10 * 6 * 1024)
        self.assertEqual(self.agent.request("GET", "/health").status, 200)
        descriptors = self.agent.count_descriptors()
        for connection in slow:
            connection.close()
        deadline = time.monotonic() + 10
        while self.agent.count_descriptors() > descriptors - 20 and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertLessEqual(self.agent.count_descriptors(), descriptors - 20)

    def test_a_file_that_shrinks_breaks_the_connection(self):
        """current: POST /files/batch-download: a file that shrinks breaks the connection"""
        with open(self.agent.path("shrinks"), "wb") as file:
            file.truncate(100 * MIB)
        body = b'{"paths":["shrinks"],"format":"tar"}'
        with self.agent.connect() as connection:
            connection.sendall(b"POST /api/v1/files/batch-download HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            reply = connection.recv(65536)
            os.truncate(self.agent.path("shrinks"), MIB)
            while True:
                try:
                    piece = connection.recv(MIB)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                reply = reply[-100:] + piece
        self.assertFalse(reply.endswith(b"0\r\n\r\n"))


if __name__ == "__main__":
    tap.main()
