#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""TLS in front of the engine, against Python's ssl: SERVER"""
import http.client
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

import tap

SERVER = sys.argv.pop(1)

IS_SANITIZED = b"__asan_init" in Path(SERVER).read_bytes()
FOLDER = tempfile.TemporaryDirectory(prefix="devbox-tls-")
CERTIFICATE, KEY = Path(FOLDER.name, "certificate.pem"), Path(FOLDER.name, "key.pem")
subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", KEY, "-out", CERTIFICATE], check=True, stderr=subprocess.DEVNULL)


class Server:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([SERVER, CERTIFICATE, KEY, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def ask(self, command):
        self.process.stdin.write(f"{command}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def count(self):
        return tuple(int(word) for word in self.ask("count").split())

    def wait_for_count(self, expected):
        for _ in range(500):
            if (found := self.count()) == expected:
                return
            time.sleep(0.01)
        raise AssertionError(f"{found} connections, not {expected}")

    def get_status(self, name):
        return int(re.search(rf"^{name}:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text(), re.M).group(1))

    def close(self):
        self.process.stdin.close()
        code = self.process.wait(20)
        self.process.stdout.close()
        return code


def make_context(version=None):
    context = ssl.create_default_context(cafile=CERTIFICATE)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


CONTEXT = make_context()
UNTRUSTING = ssl.create_default_context()


def connect(server, context=None, buffer=None):
    plain = socket.socket()
    plain.settimeout(10)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if buffer:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
    plain.connect(("127.0.0.1", server.port))
    return (context or CONTEXT).wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)


def read_to_end(stream):
    pieces = []
    while piece := stream.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server()

    @classmethod
    def tearDownClass(cls):
        assert cls.server.close() == 0

    def tearDown(self):
        self.server.wait_for_count((0, 0))

    def ask_for(self, path, method="GET", body=None, version=None):
        connection = http.client.HTTPSConnection("localhost", self.server.port, timeout=20, context=CONTEXT)
        connection.sock = connect(self.server, make_context(version) if version else CONTEXT)
        connection.request(method, path, body)
        reply = connection.getresponse()
        content = reply.read()
        connection.close()
        return reply.status, content

    def test_hello(self):
        for version in None, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3:
            self.assertEqual(self.ask_for("/hello", version=version), (200, b"hello"))

    def test_curl(self):
        output = subprocess.run(["curl", "--silent", "--show-error", "--cacert", CERTIFICATE, "--data-binary", "@-",
                                 f"https://localhost:{self.server.port}/echo", "--resolve", f"localhost:{self.server.port}:127.0.0.1"],
                                input=b"x" * 300000, check=True, stdout=subprocess.PIPE).stdout
        self.assertEqual(output, b"x" * 300000)

    def test_application_protocol(self):
        context = make_context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with connect(self.server, context) as stream:
            self.assertEqual(stream.selected_alpn_protocol(), "http/1.1")

    def test_remote_address(self):
        with connect(self.server) as stream:
            own = "%s:%u" % stream.getsockname()
            stream.sendall(b"GET /who HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(f"\r\n\r\n{own} ".encode(), stream.recv(4096))
            self.assertEqual(self.server.count(), (1, 1))

    def test_keep_alive(self):
        with connect(self.server) as stream:
            for _ in range(50):
                stream.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
                self.assertTrue(stream.recv(4096).endswith(b"\r\n\r\nhello"))
            # One byte a record, pipelined
            for byte in b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n" * 2:
                stream.sendall(bytes([byte]))
            content = b""
            while content.count(b"hello") < 2:
                content += stream.recv(4096)

    def test_large_bodies(self):
        size = 32 * 1024 * 1024
        self.assertEqual(self.ask_for("/sink", "POST", b"a" * size), (200, str(size).encode()))
        for path in "/big", "/fd", "/stream", "/sized":
            status, content = self.ask_for(f"{path}?size={size}")
            self.assertEqual((status, len(content)), (200, size), path)
            self.assertEqual(content[:26], b"abcdefghijklmnopqrstuvwabc")

    def test_both_ways_at_once(self):
        """The reply of an echo that streams both ways must not wait for the end of the request."""
        size = 8 * 1024 * 1024
        status, content = self.ask_for(f"/echo?limit={size}", "POST", os.urandom(size))
        self.assertEqual((status, len(content)), (200, size))

    def test_close_notify(self):
        with connect(self.server) as stream:
            stream.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            self.assertTrue(read_to_end(stream).endswith(b"hello"))  # a ragged end would raise

    def test_truncation(self):
        """An end without close_notify may be anybody's: nothing more goes out."""
        with connect(self.server) as stream:
            stream.sendall(b"GET /late?ms=200 HTTP/1.1\r\nHost: x\r\n\r\n")
            with socket.socket(fileno=os.dup(stream.fileno())) as plain:
                plain.shutdown(socket.SHUT_WR)
            try:
                self.assertEqual(stream.recv(4096), b"")
            except (ConnectionResetError, ssl.SSLEOFError):
                pass

    def test_half_close(self):
        """A client that says that it has said everything gets its reply."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = CONTEXT.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with socket.create_connection(("127.0.0.1", self.server.port), 10) as plain:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    plain.sendall(outgoing.read())
                    incoming.write(plain.recv(65536))
            tls.write(b"GET /late?ms=200 HTTP/1.1\r\nHost: x\r\n\r\n")
            with self.assertRaises(ssl.SSLWantReadError):
                tls.unwrap()
            plain.sendall(outgoing.read())
            incoming.write(read_to_end(plain))
        self.assertIn(b"\r\n\r\nlate", tls.read(65536))

    def test_early_refusal(self):
        """A client that is refused while it sends gets to read why."""
        for path in "/refuse", "/early":
            with connect(self.server) as stream:
                stream.sendall(b"POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" % path.encode())
                try:
                    for _ in range(40):
                        stream.sendall(b"x" * 100000)
                except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
                    pass
                self.assertIn(b"403 Forbidden", stream.recv(4096))

    def test_reset(self):
        ended, aborted = (int(word) for word in self.server.ask("bodies").split())
        stream = connect(self.server)
        stream.sendall(b"POST /sink HTTP/1.1\r\nHost: x\r\nContent-Length: 4000000\r\n\r\n" + b"x" * 100000)
        time.sleep(0.1)  # a reset takes what was not read
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        stream.close()
        for _ in range(500):
            if (found := self.server.ask("bodies")) == f"{ended} {aborted + 1}":
                break
            time.sleep(0.01)
        self.assertEqual(found, f"{ended} {aborted + 1}")

    def test_gone_while_waiting(self):
        for _ in range(5):
            with connect(self.server) as stream:
                stream.sendall(b"GET /wait HTTP/1.1\r\nHost: x\r\n\r\n")
                time.sleep(0.02)
        self.server.wait_for_count((0, 0))

    def test_websocket(self):
        with connect(self.server) as stream:
            stream.sendall(b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                           b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
            self.assertIn(b"101 Switching Protocols", stream.recv(4096))
            stream.sendall(b"\x82\x85\0\0\0\0hello")
            self.assertEqual(stream.recv(4096), b"\x82\x05hello")
            stream.sendall(b"\x88\x80\0\0\0\0")
            self.assertEqual(stream.recv(4096)[:1], b"\x88")

    def test_without_tls(self):
        with socket.create_connection(("127.0.0.1", self.server.port), 10) as plain:
            plain.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            head, _, body = read_to_end(plain).partition(b"\r\n\r\n")
            self.assertIn(b"400 Bad Request", head)
            self.assertEqual(int(re.search(rb"Content-Length: (\d+)", head).group(1)), len(body))

    def test_nonsense(self):
        hello = b"\x16\x03\x01\x00\x05"
        for data in b"\0", b"\x80\x2e\x01", b"\x16\x03\x01\xff\xff", hello + b"\x02\0\0\x01\0", b"\xff" + os.urandom(3000):
            with socket.create_connection(("127.0.0.1", self.server.port), 10) as plain:
                plain.sendall(data)
                try:
                    reply = read_to_end(plain)
                except ConnectionResetError:
                    reply = b""
                self.assertNotIn(b"200", reply)

    def test_untrusted(self):
        with self.assertRaises(ssl.SSLCertVerificationError):
            connect(self.server, UNTRUSTING)

    def test_renegotiation(self):
        """Neither a stall nor a crash, whatever the library says to it."""
        client = subprocess.Popen(["openssl", "s_client", "-tls1_2", "-connect", f"127.0.0.1:{self.server.port}", "-CAfile", CERTIFICATE], stdin=subprocess.PIPE,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(5):
            try:
                client.stdin.write(b"R\n")
                client.stdin.flush()
            except BrokenPipeError:
                break
            time.sleep(0.05)
        self.assertEqual(self.ask_for("/hello"), (200, b"hello"))
        client.terminate()
        client.wait()
        client.stdin.close()

    def test_silence_before_the_handshake(self):
        """Connections that say nothing, or half a hello, keep nobody out, not even when there are more of them than are waited for."""
        silent = [socket.create_connection(("127.0.0.1", self.server.port), 10) for _ in range(300)]
        for plain in silent[::2]:
            plain.sendall(b"\x16\x03\x01\x02\x00half")
        begin = time.monotonic()
        self.assertEqual(self.ask_for("/hello"), (200, b"hello"))
        self.assertLess(time.monotonic() - begin, 5)
        self.assertLessEqual(self.server.count()[1], 256 + 1)
        for plain in silent:
            plain.close()

    def test_handshakes_that_stop(self):
        """More handshakes than run at once stop in the middle; the others wait, but not longer than the deadline."""
        hello = ssl.MemoryBIO()
        tls = CONTEXT.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        hello = hello.read()
        stopped = [socket.create_connection(("127.0.0.1", self.server.port), 10) for _ in range(20)]
        for plain in stopped:
            plain.sendall(hello)
        time.sleep(0.2)
        begin = time.monotonic()
        self.assertEqual(self.server.count()[0], 0)
        if os.environ.get("DEVBOX_TEST_SLOW"):
            self.assertEqual(self.ask_for("/hello"), (200, b"hello"))
            self.assertLess(time.monotonic() - begin, 15)
        for plain in stopped:
            plain.close()

    def test_idle_connections_are_cheap(self):
        n_connections = 100
        connect(self.server).close()
        self.server.wait_for_count((0, 0))
        memory = self.server.get_status("VmRSS")
        threads = self.server.get_status("Threads")
        idle = []
        for _ in range(n_connections):
            stream = connect(self.server)
            stream.sendall(b"GET /hello HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertIn(b"200 OK", stream.recv(4096))
            idle.append(stream)
        self.assertEqual(self.server.count(), (n_connections, n_connections))
        each = (self.server.get_status("VmRSS") - memory) / n_connections
        print(f"# {each:.1f} KiB each, {threads} threads before and {self.server.get_status('Threads')} then")
        if not IS_SANITIZED:
            self.assertLess(each, 100)
        ticks = self.get_ticks()
        time.sleep(0.5)
        self.assertLessEqual(self.get_ticks() - ticks, 2)
        for stream in idle:
            stream.close()

    def get_ticks(self):
        fields = Path(f"/proc/{self.server.process.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def test_bounded_buffers(self):
        """A client that does not read costs what the engine queues, not what it asked for."""
        self.ask_for("/hello")
        memory = self.server.get_status("VmRSS")
        with connect(self.server, buffer=4096) as stream:
            stream.sendall(b"GET /stream?size=400000000 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.5)
            grown = self.server.get_status("VmRSS") - memory
            print(f"# {grown} KiB more")
            if not IS_SANITIZED:
                self.assertLess(grown, 8 * 1024)

    def test_descriptors(self):
        """Nothing is left behind by any end."""
        folder = Path(f"/proc/{self.server.process.pid}/fd")
        self.ask_for("/hello")
        self.server.wait_for_count((0, 0))
        before = len(list(folder.iterdir()))
        for i in range(40):
            if i % 4 == 0:
                self.ask_for("/hello")
            elif i % 4 == 1:
                socket.create_connection(("127.0.0.1", self.server.port)).close()
            elif i % 4 == 2:
                connect(self.server).close()
            else:
                with self.assertRaises(ssl.SSLCertVerificationError):
                    connect(self.server, UNTRUSTING)
        self.server.wait_for_count((0, 0))
        # Of tests before this one some may have ended since.
        self.assertLessEqual(len(list(folder.iterdir())), before)

    def test_crowd(self):
        failures = []

        def work():
            try:
                for _ in range(10):
                    assert self.ask_for("/big?size=100000")[1][:3] == b"abc"
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])


class Ends(unittest.TestCase):
    def test_write_stall(self):
        server = Server("1000")
        with connect(server, buffer=4096) as stream:
            stream.sendall(b"GET /stream?size=400000000 HTTP/1.1\r\nHost: x\r\n\r\n")
            begin = time.monotonic()
            server.wait_for_count((1, 1))
            server.wait_for_count((0, 0))
            self.assertLess(time.monotonic() - begin, 5)
        self.assertEqual(server.close(), 0)

    def test_stop_lets_replies_out(self):
        server = Server()
        with connect(server) as stream, connect(server) as idle, socket.create_connection(("127.0.0.1", server.port)):
            stream.sendall(b"GET /late?ms=300 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.05)
            begin = time.monotonic()
            server.process.stdin.write("stop 5000\n")
            server.process.stdin.flush()
            self.assertEqual(read_to_end(idle), b"")
            self.assertIn(b"\r\n\r\nlate", read_to_end(stream))
            idle.close()
            stream.close()
            self.assertEqual(server.process.stdout.readline(), "stopped\n")
            self.assertLess(time.monotonic() - begin, 4)
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", server.port))
        self.assertEqual(server.close(), 0)

    def test_stop_is_bounded(self):
        server = Server()
        with connect(server) as stream:
            stream.sendall(b"GET /late?ms=1500 HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.05)
            begin = time.monotonic()
            self.assertEqual(server.ask("stop 200"), "stopped")
            self.assertLess(time.monotonic() - begin, 2)
            time.sleep(1.5)
        self.assertEqual(server.close(), 0)

    def test_end_with_everything_open(self):
        server = Server()
        hello = b"\x16\x03\x01\x02\x00half"
        with connect(server) as busy, connect(server), socket.create_connection(("127.0.0.1", server.port)) as half:
            busy.sendall(b"GET /stream?size=400000000 HTTP/1.1\r\nHost: x\r\n\r\n")
            half.sendall(hello)
            time.sleep(0.2)
            self.assertEqual(server.close(), 0)


if __name__ == "__main__":
    tap.main()
