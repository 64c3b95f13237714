#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Forms that carry files, one or many, and what they share with the other ways to write: limits, full disks, bodies cut off."""
import base64
import io
import json
import os
import re
import shutil
import subprocess
import tarfile
import threading
import time
import unittest

import tap
from agent import Agent

MIB = 1 << 20
API = "/api/v1/files/"
SLOW = "DEVBOX_TEST_SLOW" in os.environ


def form(*parts, boundary="b0undary"):
    """A form of (header parameters, content), and the headers of its request."""
    body = b""
    for parameters, content in parts:
        body += f"--{boundary}\r\nContent-Disposition: form-data; ".encode() + parameters.encode() + b"\r\n"
        if "filename" in parameters:
            body += b"Content-Type: application/octet-stream\r\n"
        body += b"\r\n" + content + b"\r\n"
    return body + f"--{boundary}--\r\n".encode(), {"Content-Type": f"multipart/form-data; boundary={boundary}"}


def read_all(connection):
    """Until the agent closes, one way or the other."""
    pieces = []
    try:
        while piece := connection.recv(1 << 20):
            pieces.append(piece)
    except ConnectionResetError:
        pass
    return b"".join(pieces)


class TransferTest(unittest.TestCase):
    options = ("--max-file-size", str(MIB), "--max-batch-size", str(2 * MIB))

    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(*cls.options)
        cls.addClassCleanup(cls.agent.stop)

    def tearDown(self):
        self.assertEqual([name for name in self.all_files() if ".devbox-tmp-" in name], [])
        for name in os.listdir(self.agent.workspace):
            path = self.agent.path(name)
            shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)

    def all_files(self):
        return sorted(os.path.relpath(os.path.join(folder, name), self.agent.workspace)
                      for folder, _, names in os.walk(self.agent.workspace) for name in names)

    def assert_envelope(self, reply, status, http=200):
        self.assertEqual(reply.status, http, reply.body)
        answer = reply.json()
        self.assertEqual(answer["status"], status, answer)
        self.assertTrue(answer["message"])
        if status == 0:
            self.assertEqual(answer["message"], "success")
        return answer

    def raw_head(self, path, size, content_type="application/octet-stream"):
        return (f"POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {content_type}\r\n"
                f"Content-Length: {size}\r\n\r\n").encode().replace(b"Host: x", b"Host: 127.0.0.1")


class FormWriteTest(TransferTest):
    def assert_written(self, reply, path, content):
        answer = self.assert_envelope(reply, 0)
        self.assertEqual((answer["path"], answer["size"]), (self.agent.path(path), len(content)))
        self.assertEqual(self.agent.read(path), content)

    def post_form(self, *parts):
        return self.agent.post(f"{API}write", *form(*parts)[:1], headers=form(*parts)[1])

    def test_form(self):
        """current: POST /files/write: multipart, path and file in either order"""
        content = os.urandom(300_000) + b"\r\n--b0undary\r\n"[:-3] + b"\r\n--b0undar"
        path = ('name="path"', b"a/form")
        for name in ("file", "files"):
            file = (f'name="{name}"; filename="other"', content)
            for parts in ((path, file), (file, path), (("name=other", b"x"), file, ("name=other", b"y"), path)):
                self.assert_written(self.post_form(*parts), "a/form", content)
        self.assert_written(self.post_form(('name=file; filename="b/named"', b"")), "b/named", b"")
        self.assert_written(self.post_form(('name=file', b"no file name"), path), "a/form", b"no file name")

    def test_form_failures(self):
        """current: POST /files/write: multipart: 1422"""
        self.agent.write("x", b"old")
        path, file = ("name=path", b"x"), ("name=file; filename=x", b"new")
        for parts in ((), (path,), (("name=file", b"new"),), (path, path, file), (file, file), (("name=path", b""), file),
                      (("name=path", b"a\0b"), file), (file, ("name=path", b"a\0b")), (("name=path", b"x" * 5000), file)):
            self.assert_envelope(self.post_form(*parts), 1422)
        for path in (b"../y", b"/etc/y"):
            self.assert_envelope(self.post_form(("name=path", path), file), 1403)
            self.assert_envelope(self.post_form(file, ("name=path", path)), 1403)
        body, headers = form(file)
        for bad in (body[:-6], body.replace(b"form-data", b"attachment"), b"nothing"):
            self.assert_envelope(self.agent.post(f"{API}write", bad, headers=headers), 1422)
        self.assert_envelope(self.agent.post(f"{API}write", body, headers={"Content-Type": "multipart/form-data"}), 1422)
        self.assertEqual((self.agent.read("x"), self.all_files()), (b"old", ["x"]))

    def test_too_large(self):
        """current: POST /files/write: a file past the limit is HTTP 413 and the connection closes"""
        self.agent.write("x", b"old")
        large = b"\xa5" * (MIB + 1)
        document = {"path": "x", "encoding": "base64", "content": base64.b64encode(large).decode()}
        body, headers = form(("name=path", b"x"), ("name=file; filename=y", large))
        for reply in (self.agent.post(f"{API}write?path=x", large), self.agent.post(f"{API}write", document),
                      self.agent.post(f"{API}write", body, headers=headers),
                      self.agent.post(f"{API}write?path=x", iter([large]))):
            self.assert_envelope(reply, 413, http=413)
        for content_type in ("text/plain", "application/json", headers["Content-Type"]):
            with self.agent.connect() as connection:
                connection.sendall(self.raw_head(f"{API}write?path=x", 9 << 40, content_type))
                reply = read_all(connection)
            self.assertTrue(reply.startswith(b"HTTP/1.1 413"), reply)
            self.assertIn(b"Connection: close", reply)
        self.assertEqual(self.agent.read("x"), b"old")
        self.assert_envelope(self.agent.post(f"{API}write?path=x", large[:-1]), 0)

    def test_truncated(self):
        """Scorecard 8: truncated forms and raw bodies change nothing"""
        self.agent.write("x", b"old")
        body, headers = form(("name=path", b"x"), ("name=file; filename=y", b"n" * 300))
        document = json.dumps({"path": "x", "content": "n" * 300}).encode()
        for content_type, content in ((headers["Content-Type"], body), ("text/plain", b"n" * 300), ("application/json", document)):
            cuts = range(0, len(content), 1 if SLOW else 7)
            for cut in cuts:
                reply = self.agent.raw(self.raw_head(f"{API}write?path=x", len(content), content_type) + content[:cut], shut=True)
                self.assertTrue(reply.startswith(b"HTTP/1.1 4"), reply[:100])
                # The same, but the form itself says nothing of its length.
                chunked = self.raw_head(f"{API}write?path=x", 0, content_type).replace(
                    b"Content-Length: 0", b"Transfer-Encoding: chunked")
                reply = self.agent.raw(chunked + (b"%x\r\n%s\r\n" % (cut, content[:cut]) if cut else b""), shut=True)
                self.assertTrue(reply.startswith(b"HTTP/1.1 4"), reply[:100])
            self.assertEqual(self.all_files(), ["x"])
            self.assertEqual(self.agent.read("x"), b"old")


class FormBatchTest(TransferTest):
    def assert_results(self, answer, *expected):
        """expected: (path, size or code of the failure)"""
        found = [(result["path"], result["size"] if result["success"] else result["code"]) for result in answer["results"]]
        self.assertEqual(found, list(expected))
        self.assertEqual(answer["totalFiles"], len(expected))
        self.assertEqual(answer["successCount"], sum(isinstance(outcome, int) for _, outcome in expected))
        for result in answer["results"]:
            self.assertEqual("error" in result, not result["success"])

    def upload(self, *parts):
        body, headers = form(*parts)
        return self.agent.post(f"{API}batch-upload", body, headers=headers)

    def test_files(self):
        """current: POST /files/batch-upload: the path is the part's file name with its slashes"""
        content = os.urandom(200_000)
        reply = self.upload(('name="files"; filename="a/b/one.bin"', content), ('name="note"', b"ignored"),
                             ("name=file; filename*=UTF-8''%E4%BD%A0%2Fx", b"two"), ('name="files"; filename="q%22%0A"', b""),
                             ('name="files"; filename="你好"', b"raw"))
        path = self.agent.path
        self.assert_results(self.assert_envelope(reply, 0), (path("a/b/one.bin"), 200_000), (path("你/x"), 3), (path('q"\n'), 0),
                            (path("你好"), 3))
        self.assertEqual(self.agent.read("a/b/one.bin"), content)
        self.assertEqual(self.agent.read("你/x"), b"two")
        self.assert_results(self.assert_envelope(self.upload(), 0))

    def test_failures(self):
        """current: POST /files/batch-upload: one bad file does not fail the rest"""
        os.makedirs(self.agent.path("folder"))
        reply = self.upload(("name=files; filename=one", b"1"), ('name=files; filename="../x"', b"2" * 100_000),
                             ("name=files; filename=folder", b""), ("name=files", b"x"), ('name=files; filename=""', b""),
                             ("name=files; filename=large", b"x" * (MIB + 1)), ("name=files; filename=two", b"2"))
        wrong = "VALIDATION_ERROR"
        self.assert_results(self.assert_envelope(reply, 0), (self.agent.path("one"), 1), ("../x", "PATH_TRAVERSAL_DETECTED"),
                            ("folder", wrong), ("", wrong), ("", wrong), ("large", "FILE_TOO_LARGE"), (self.agent.path("two"), 1))
        self.assertEqual(self.all_files(), ["one", "two"])

    def test_refused(self):
        """current: POST /files/batch-upload: no multipart is HTTP 400, as is a malformed form"""
        body, headers = form(("name=files; filename=first", b"1"), ("name=files; filename=second", b"2" * 100))
        for content_type in ("application/json", "text/plain", "multipart/form-data", "multipart/mixed; boundary=b0undary"):
            self.assert_envelope(self.agent.post(f"{API}batch-upload", body, headers={"Content-Type": content_type}), 1400, http=400)
        self.assertEqual(self.all_files(), [])
        self.assert_envelope(self.agent.post(f"{API}batch-upload", body[:-20], headers=headers), 1400, http=400)
        self.assertEqual(self.all_files(), ["first"])

    def test_too_large(self):
        """current: POST /files/batch-upload: HTTP 413 past the limit of a batch"""
        reply = self.upload(*((f"name=files; filename={i}", b"x" * 700_000) for i in range(4)))
        self.assert_envelope(reply, 413, http=413)
        self.assertEqual(self.all_files(), ["0", "1"])

    def test_truncated(self):
        """Scorecard 8: a batch that is cut off has each file whole or not at all"""
        body, headers = form(("name=files; filename=a", b"1" * 50), ("name=files; filename=b", b"2" * 50))
        document = json.dumps({"files": [{"path": "a", "content": "1" * 50}, {"path": "b", "content": "2" * 50}]}).encode()
        for path, content_type, content in ((f"{API}batch-upload", headers["Content-Type"], body),
                                            ("/files/batch-upload", "application/json", document)):
            for cut in range(0, len(content), 1 if SLOW else 5):
                reply = self.agent.raw(self.raw_head(path, len(content), content_type) + content[:cut], shut=True)
                self.assertTrue(reply.startswith(b"HTTP/1.1 4"), reply[:100])
                for name in self.all_files():
                    self.assertEqual(self.agent.read(name), {"a": b"1", "b": b"2"}[name] * 50)

    def test_many(self):
        """Thousands of small files leave the main loop to others"""
        body, headers = form(*((f'name=files; filename="many/{i % 100}/{i}"', b"x") for i in range(5000)))
        slowest = 0
        done = threading.Event()

        def upload():
            answer = self.assert_envelope(self.agent.post(f"{API}batch-upload", body, headers=headers), 0)
            self.assertEqual(answer["successCount"], 5000)
            done.set()

        thread = threading.Thread(target=upload)
        thread.start()
        while not done.is_set() and thread.is_alive():
            begin = time.monotonic()
            self.assertEqual(self.agent.request("GET", "/health").status, 200)
            slowest = max(slowest, time.monotonic() - begin)
        thread.join()
        self.assertTrue(done.is_set())
        print(f"# 5,000 files in one form: the slowest answer to others took {slowest * 1000:.0f} ms")
        self.assertLess(slowest, 10 if self.agent.is_sanitized() else 1)


class ForeignClientTest(TransferTest):
    def curl(self, *arguments):
        return json.loads(subprocess.run(["curl", "--silent", "--show-error", "--max-time", "20", *arguments], check=True,
                                         stdout=subprocess.PIPE, cwd=self.agent.folder).stdout)

    def test_curl(self):
        """curl -F: names that need quoting, a large file, several files"""
        content = os.urandom(500_000)
        for name in ('quote"s.bin', "你好 x.bin"):
            with open(os.path.join(self.agent.folder, name), "wb") as file:
                file.write(content)
        url = f"{self.agent.url}{API}"
        answer = self.curl("-F", "path=a/b.bin", "-F", "file=@你好 x.bin", f"{url}write")
        self.assertEqual((answer["status"], answer["size"]), (0, 500_000))
        answer = self.curl("-F", 'files=@"quote\\"s.bin"', "-F", "files=@你好 x.bin", "-F", "files=@你好 x.bin;filename=c/d.bin",
                           f"{url}batch-upload")
        self.assertEqual(answer["successCount"], 3, answer)
        answer = self.curl("-H", "Content-Type: application/octet-stream", "--data-binary", "@你好 x.bin", f"{url}write?path=raw")
        self.assertEqual(answer["status"], 0)
        for name in ("a/b.bin", 'quote"s.bin', "你好 x.bin", "c/d.bin", "raw"):
            self.assertEqual(self.agent.read(name), content)

    def test_direct(self):
        """current: POST /files/batch-download: what the npm client calls direct; no temporary files in folders"""
        self.agent.write("a/x", b"x")
        self.agent.write("a/.devbox-tmp-12345678", b"a write that goes on")
        reply = self.agent.post(f"{API}batch-download", {"paths": ["a"], "format": "direct"})
        with tarfile.open(fileobj=io.BytesIO(reply.body), mode="r:gz") as tar:
            self.assertEqual(tar.getnames(), ["a", "a/x"])
        os.remove(self.agent.path("a/.devbox-tmp-12345678"))

    def test_node(self):
        """fetch and FormData of Node.js: names as browsers write them"""
        script = r"""
          const form = new FormData ();
          form.append ("files", new Blob (["1"]), "a/q\"\n%41 你.txt");
          form.append ("files", new Blob (["22"]), "b.txt");
          fetch (process.argv[1], { method: "POST", body: form }).then (r => r.text ()).then (text => console.log (text));
        """
        answer = json.loads(subprocess.run(["node", "-e", script, f"{self.agent.url}{API}batch-upload"], check=True, timeout=30,
                                           stdout=subprocess.PIPE).stdout)
        self.assertEqual([result["path"] for result in answer["results"]], [self.agent.path('a/q"\n%41 你.txt'), self.agent.path("b.txt")])
        self.assertEqual(self.agent.read('a/q"\n%41 你.txt'), b"1")


class DiskFullTest(unittest.TestCase):
    """Scorecard 15: a disk that is full leaves the old file and no temporaries."""

    def setUp(self):
        unshare = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--user", "--map-root-user", "--mount")
        self.agent = Agent(wrapper=(*unshare, "sh", "-c", 'mount -t tmpfs -o size=300k none "$7" && exec "$@"', "sh"))
        self.addCleanup(self.agent.stop)
        self.root = f"/proc/{self.agent.process.pid}/root{self.agent.workspace}"
        self.content = b"o" * 100_000
        with open(f"{self.root}/x", "wb") as file:
            file.write(self.content)

    def check(self, *names):
        self.assertEqual(sorted(os.listdir(self.root)), sorted(("x", *names)))
        with open(f"{self.root}/x", "rb") as file:
            self.assertEqual(file.read(), self.content)
        # The agent lets go of what it wrote a moment after it answered.
        deadline = time.monotonic() + 10
        while self.count_used_blocks() > self.count_blocks() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertEqual(self.count_used_blocks(), self.count_blocks())

    def count_used_blocks(self):
        status = os.statvfs(self.root)
        return status.f_blocks - status.f_bfree

    def count_blocks(self):
        """Of the files that have names."""
        return sum(os.stat(f"{self.root}/{name}").st_blocks * 512 // os.statvfs(self.root).f_bsize for name in os.listdir(self.root))

    def test_write(self):
        """current: POST /files/write: 1500 when the disk is full"""
        large = b"\xa5" * 400_000
        body, headers = form(("name=path", b"x"), ("name=file; filename=y", large))
        last_body, _ = form(("name=file; filename=y", large), ("name=path", b"x"))
        document = {"path": "x", "encoding": "base64", "content": base64.b64encode(large).decode()}
        for reply in (self.agent.post(f"{API}write", body, headers=headers), self.agent.post(f"{API}write", last_body, headers=headers),
                      self.agent.post(f"{API}write?path=x", large), self.agent.post(f"{API}write", document)):
            self.assertEqual((reply.status, reply.json()["status"]), (200, 1500), reply.body)
            self.check()

    def test_offsets(self):
        """50 lengths around the place where the disk is full"""
        for i in range(50):
            reply = self.agent.post(f"{API}write?path=y", b"n" * (190_000 + i * 1000))
            if reply.json()["status"] == 0:
                os.remove(f"{self.root}/y")
            self.check()
        self.assertEqual(reply.json()["status"], 1500)

    def test_batch(self):
        """A batch goes on with what fits"""
        contents = {"one": b"1" * 50_000, "x": b"2" * 400_000, "two": b"3" * 50_000}
        body, headers = form(*((f"name=files; filename={name}", content) for name, content in contents.items()))
        reply = self.agent.post(f"{API}batch-upload", body, headers=headers).json()
        self.assertEqual([result.get("code") for result in reply["results"]], [None, "DISK_FULL", None])
        self.check("one", "two")
        reply = self.agent.post("/files/batch-upload", {"files": [
            {"content": content.decode(), "path": name} for name, content in contents.items()]}).json()
        self.assertEqual([result.get("code") for result in reply["results"]], [None, "DISK_FULL", None])
        self.check("one", "two")


class MemoryTest(unittest.TestCase):
    """Content of 100 MiB, in every form, within 16 MiB above idle memory; of 24 MiB unless DEVBOX_TEST_SLOW is set."""
    SIZE = (100 if SLOW else 24) * MIB

    def setUp(self):
        self.agent = Agent("--max-file-size", "0", "--max-batch-size", "0")
        self.addCleanup(self.agent.stop)
        self.agent.post(f"{API}write?path=warm", b"x" * 4 * MIB)
        self.idle = self.agent.resident_kib()
        self.worst = 0

    def send(self, path, content_type, *pieces):
        """A request of pieces that are sent as they are; their sum is the body."""
        size = sum(len(piece) for piece in pieces)
        with open(f"/proc/{self.agent.process.pid}/clear_refs", "w") as file:
            file.write("5")
        with self.agent.connect(60) as connection:
            connection.sendall(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: {content_type}\r\n"
                               f"Content-Length: {size}\r\n\r\n".encode())
            for piece in pieces:
                connection.sendall(piece)
            reply = read_all(connection)
        self.assertTrue(reply.startswith(b"HTTP/1.1 200"), reply[:300])
        with open(f"/proc/{self.agent.process.pid}/status") as file:
            peak = int(re.search(r"VmHWM:\s+(\d+)", file.read()).group(1))
        self.worst = max(self.worst, peak - self.idle)
        if not self.agent.is_sanitized():
            self.assertLess(peak - self.idle, 16 * 1024)
        return reply

    def check_file(self, name, content):
        with open(self.agent.path(name), "rb") as file:
            self.assertTrue(file.read() == content)

    def test_others(self):
        """Scorecard 7: a form, in both orders and as a batch, and the raw body"""
        content = os.urandom(self.SIZE)
        head, middle = form(("name=path", b"x"), ("name=file; filename=y", b"\0" * 100))[0].split(b"\0" * 100)
        content_type = "multipart/form-data; boundary=b0undary"
        self.send(f"{API}write", content_type, head, content, middle)
        self.check_file("x", content)
        head, middle = form(("name=file; filename=y", b"\0" * 100), ("name=path", b"x"))[0].split(b"\0" * 100)
        self.send(f"{API}write", content_type, head, content, middle)
        head, middle = form(("name=files; filename=y", b"\0" * 100))[0].split(b"\0" * 100)
        self.send(f"{API}batch-upload", content_type, head, content, middle)
        self.check_file("y", content)
        self.send(f"{API}write?path=z", "application/octet-stream", content)
        self.check_file("z", content)
        print(f"# Forms and raw bodies of {self.SIZE // MIB} MiB: {self.worst} KiB above idle")


if __name__ == "__main__":
    tap.main()
