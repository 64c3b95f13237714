#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files as streams, between a client in Python and a real agent: their content, their memory, and their ends."""
import asyncio
import base64
import hashlib
import http.server
import io
import json
import os
import signal
import tarfile
import threading
import time
import unittest

import gi
gi.require_version("Devbox", "1")
from gi.repository import Devbox, Gio, GLib

import tap
from agent import Agent

MIB = 1024 * 1024
SIZE = 256 * MIB


def read_status(name):
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith(name + ":"))


class Memory:
    """How far the memory of this process went beyond what it was before."""

    def __enter__(self):
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        self.before = read_status("VmRSS")
        return self

    def __exit__(self, *exc_info):
        self.growth = read_status("VmHWM") - self.before


def pieces_of(stream, size=256 * 1024):
    while piece := stream.read_bytes(size, None).get_data():
        yield piece


def stream_of(content):
    return Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(content))


class StreamTest(unittest.TestCase):
    def setUp(self):
        self.client = Devbox.Client.new()
        self.addCleanup(self.client.close)

    def use(self, *options):
        self.agent = Agent(*options)
        self.addCleanup(self.agent.stop)
        self.box = Devbox.Instance.new_for_agent_with_client(self.client, self.agent.url, None)

    def assert_fails(self, code, call, *arguments):
        with self.assertRaises(GLib.Error) as caught:
            call(*arguments)
        self.assertTrue(caught.exception.matches(Devbox.error_quark(), code), caught.exception)
        return caught.exception

    def assert_idle(self):
        pool = self.client.get_pool()
        deadline = time.monotonic() + 10
        while pool.get_n_active() > 0 and time.monotonic() < deadline:
            time.sleep(0.005)
        self.assertEqual(pool.get_n_active(), 0)


class RealAgentTest(StreamTest):
    def test_memory_is_flat(self):
        self.use("--max-file-size", "0")
        with open(self.agent.path("big"), "wb") as file:
            file.truncate(SIZE)
        self.box.open_file_sync("big").read_bytes(MIB)
        with Memory() as down:
            self.assertEqual(sum(map(len, pieces_of(self.box.open_file_sync("big")))), SIZE)
        with Memory() as up:
            contents = Gio.File.new_for_path(self.agent.path("big")).read(None)
            self.assertTrue(self.box.replace_file_from_stream_sync("copy", contents))
        self.assertEqual(os.path.getsize(self.agent.path("copy")), SIZE)
        self.assert_idle()
        print(f"# down: {down.growth // 1024} KiB, up: {up.growth // 1024} KiB")
        if not self.agent.is_sanitized():
            self.assertLess(down.growth, 16 * MIB)
            self.assertLess(up.growth, 16 * MIB)

    def test_from_box_to_box(self):
        """The stream of one call is the source of another one."""
        self.use()
        content = os.urandom(5 * MIB + 1)
        self.agent.write("a", content)
        self.assertTrue(self.box.replace_file_from_stream_sync("deep/b", self.box.open_file_sync("a"), mode=0o640))
        self.assertEqual(self.agent.read("deep/b"), content)
        self.assertEqual(os.stat(self.agent.path("deep/b")).st_mode & 0o7777, 0o640)

    def test_awaited(self):
        self.use()

        async def main():
            await self.box.replace_file_from_stream_async("a", stream_of(b"abc" * 1000000), mode=0o600)
            stream = await self.box.open_file_async("a")
            return b"".join(pieces_of(stream))
        self.assertEqual(asyncio.run(main()), b"abc" * 1000000)

    def test_archive(self):
        self.use()
        files = {f"tree/{number}/file": os.urandom(number * 1000) for number in range(20)}
        for name, content in files.items():
            self.agent.write(name, content)
        for format in (Devbox.ArchiveFormat.TAR, Devbox.ArchiveFormat.TAR_GZ):
            archive = b"".join(pieces_of(self.box.download_files_sync(["tree"], format)))
            with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
                self.assertEqual({member.name: tar.extractfile(member).read() for member in tar if member.isfile()}, files)
            self.assertEqual(archive[:2] == b"\x1f\x8b", format == Devbox.ArchiveFormat.TAR_GZ)
        self.assert_fails(Devbox.Error.FILE_NOT_FOUND, self.box.download_files_sync, ["missing"], Devbox.ArchiveFormat.TAR)
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.box.download_files_sync, [], Devbox.ArchiveFormat.TAR)
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, self.box.download_files_sync, ["tree", "../x"], Devbox.ArchiveFormat.TAR)

    def test_errors(self):
        self.use("--max-file-size", str(MIB))
        error = self.assert_fails(Devbox.Error.FILE_NOT_FOUND, self.box.open_file_sync, "missing")
        self.assertEqual(error.info.get_path(), "missing")
        self.agent.write("folder/file")
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.box.open_file_sync, "folder")
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, self.box.open_file_sync, "../x")
        self.assert_fails(Devbox.Error.PATH_TRAVERSAL_DETECTED, self.box.replace_file_from_stream_sync, "../x", stream_of(b""))
        for size in (8 * MIB, -1):
            self.assert_fails(Devbox.Error.FILE_TOO_LARGE, self.box.replace_file_from_stream_sync, "folder/file", stream_of(bytes(8 * MIB)), size)
        self.assert_idle()

    def test_file_stays_as_it_was(self):
        self.use("--max-file-size", "0")
        self.agent.write("a", b"old")
        self.assert_fails(Devbox.Error.FILE_TRANSFER_FAILED, self.box.replace_file_from_stream_sync, "a", stream_of(bytes(4 * MIB)), 5 * MIB)
        closed = stream_of(b"new")
        closed.close()
        error = self.assert_fails(Devbox.Error.FILE_TRANSFER_FAILED, self.box.replace_file_from_stream_sync, "a", closed)
        self.assertTrue(error.info.get_cause().matches(Gio.io_error_quark(), Gio.IOErrorEnum.CLOSED))
        reader, writer = os.pipe()
        self.addCleanup(os.close, writer)
        os.write(writer, b"half")
        cancellable = Gio.Cancellable()
        threading.Timer(0.1, cancellable.cancel).start()
        with self.assertRaises(GLib.Error) as caught:
            self.box.replace_file_from_stream_sync("a", Gio.UnixInputStream.new(reader, True), -1, 0, cancellable)
        self.assertTrue(caught.exception.matches(Gio.io_error_quark(), Gio.IOErrorEnum.CANCELLED))
        self.assert_idle()
        self.assertEqual(self.agent.read("a"), b"old")
        self.assertEqual(os.listdir(self.agent.workspace), ["a"])

    def test_connections_come_back(self):
        self.use()
        with open(self.agent.path("big"), "wb") as file:
            file.truncate(64 * MIB)
        for close in (lambda stream: stream.close(), lambda stream: None):
            streams = [self.box.open_file_sync("big") for _ in range(15)]
            self.assertEqual(self.client.get_pool().get_n_active(), 15)
            for stream in streams:
                self.assertEqual(len(stream.read_bytes(10, None).get_data()), 10)
                close(stream)
            del streams, stream
            self.assert_idle()
        self.assertTrue(self.box.is_healthy_sync())

    def test_stopped_agent(self):
        """Whatever a call is at, a peer that does nothing more ends it."""
        self.use("--max-file-size", "0")
        with open(self.agent.path("big"), "wb") as file:
            file.truncate(64 * MIB)
        stream = self.box.open_file_sync("big")
        stream.read_bytes(10, None)
        self.client.set_timeout(300)
        self.agent.freeze()
        try:
            start = time.monotonic()
            self.assert_fails(Devbox.Error.OPERATION_TIMEOUT, self.box.open_file_sync, "big")
            self.assert_fails(Devbox.Error.OPERATION_TIMEOUT, self.box.replace_file_from_stream_sync, "copy", stream_of(bytes(MIB)))
            self.assertLess(time.monotonic() - start, 2)
        finally:
            self.agent.thaw()
        self.client.set_timeout(30000)
        self.assertEqual(sum(map(len, pieces_of(stream))), 64 * MIB - 10)

    def test_stopped_in_the_middle(self):
        self.use()
        with open(self.agent.path("big"), "wb") as file:
            file.truncate(64 * MIB)
        self.client.set_timeout(300)
        stream = self.box.open_file_sync("big")
        self.agent.freeze()
        try:
            self.assert_fails(Devbox.Error.OPERATION_TIMEOUT, list, pieces_of(stream))
        finally:
            self.agent.thaw()

    def test_killed_in_the_middle(self):
        self.use()
        with open(self.agent.path("big"), "wb") as file:
            file.truncate(64 * MIB)
        streams = [self.box.open_file_sync("big"), self.box.download_files_sync(["big"], Devbox.ArchiveFormat.TAR)]
        for stream in streams:
            stream.read_bytes(10, None)
        os.kill(self.agent.process.pid, signal.SIGKILL)
        for stream in streams:
            self.assert_fails(Devbox.Error.CONNECTION_FAILED, list, pieces_of(stream))


class OtherAgent(http.server.BaseHTTPRequestHandler):
    """An agent that speaks one dialect alone, and keeps what it was sent."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, body, content_type="application/json"):
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.server.seen.append(("GET", self.path, None))
        if self.path == "/health":
            self.answer(self.server.health)
        elif self.path.endswith("path=missing"):
            self.answer({"status": 1404, "message": "no such file"})
        else:
            self.answer(b'{"status":0}', "application/octet-stream")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append(("POST", self.path, body))
        if self.path == "/files/read":
            self.answer(b'{"status":1404}')
        elif self.path == "/files/write":
            self.answer({"success": True, "size": len(base64.b64decode(json.loads(body)["content"], validate=True))})
        else:
            self.answer({"status": 0, "message": "success", "size": len(body)})


class OtherAgentTest(StreamTest):
    def serve(self, health):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherAgent)
        server.daemon_threads = True
        server.health = health
        server.seen = []
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.box = Devbox.Instance.new_for_agent_with_client(self.client, f"http://127.0.0.1:{server.server_port}", None)
        return server.seen

    def test_classic(self):
        seen = self.serve({"status": "healthy", "version": "1", "uptime": 1, "timestamp": "2026-11-23T00:00:00Z"})
        content = os.urandom(3 * MIB + 2)
        self.assertTrue(self.box.replace_file_from_stream_sync("a \"b\"", stream_of(content), len(content), 0o755))
        self.assertEqual(seen[-1][:2], ("POST", "/files/write"))
        body = json.loads(seen[-1][2])
        self.assertEqual((body["path"], body["encoding"], body["permissions"]), ('a "b"', "base64", 0o755))
        self.assertEqual(hashlib.sha256(base64.b64decode(body["content"], validate=True)).digest(), hashlib.sha256(content).digest())
        # What looks like a failure is the content of a file here.
        self.assertEqual(b"".join(pieces_of(self.box.open_file_sync("x"))), b'{"status":1404}')
        self.assert_fails(Devbox.Error.VALIDATION_ERROR, self.box.download_files_sync, ["x"], Devbox.ArchiveFormat.TAR)

    def test_current(self):
        seen = self.serve({"status": 0, "message": "success", "healthStatus": "ok", "uptime": "1s", "version": "1"})
        content = os.urandom(2 * MIB + 1)
        self.assertTrue(self.box.replace_file_from_stream_sync("a&b", stream_of(content), len(content), 0o755))
        self.assertEqual([path for _, path, _ in seen], ["/health", "/api/v1/files/write?path=a%26b", "/api/v1/files/chmod"])
        self.assertEqual(seen[1][2], content)
        self.assertEqual(json.loads(seen[2][2]), {"path": "a&b", "mode": "0755"})
        self.assert_fails(Devbox.Error.FILE_NOT_FOUND, self.box.open_file_sync, "missing")
        self.assertEqual(b"".join(pieces_of(self.box.open_file_sync("x"))), b'{"status":0}')


if __name__ == "__main__":
    tap.main()
