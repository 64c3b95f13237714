#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that mean harm, against the program: it lives, nothing changed, memory and descriptors stay flat."""
import json
import os
import resource
import select
import socket
import statistics
import struct
import time
import unittest

import tap
from agent import Agent, frame

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class HostileTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        raise_descriptor_limit()
        cls.agent = Agent("--max-file-size", str(1 << 20))
        cls.addClassCleanup(cls.agent.stop)

    def assert_alive(self):
        self.assertEqual(self.agent.request("GET", "/health").status, 200)

    def assert_grew_less_than(self, before_kib, limit_kib):
        # The sanitizers keep freed memory in quarantine: the figure says nothing there.
        if not self.agent.is_sanitized():
            self.assertLess(self.agent.resident_kib() - before_kib, limit_kib)

    def settle(self, descriptors, timeout=10):
        """Waits until the agent holds no more descriptors than before."""
        deadline = time.monotonic() + timeout
        while self.agent.count_descriptors() > descriptors:
            self.assertLess(time.monotonic(), deadline, f"{self.agent.count_descriptors()} descriptors instead of {descriptors}")
            time.sleep(0.05)

    def latency_ms(self, count=200):
        times = []
        with self.agent.connect() as connection:
            for _ in range(count):
                began = time.perf_counter()
                connection.sendall(HEALTH)
                connection.recv(4096)
                times.append((time.perf_counter() - began) * 1000)
        return statistics.median(times)

    def test_deep_json(self):
        for opening in (b"[", b'{"a":'):
            for route in ("/files/read", "/files/write", "/process/exec"):
                began = time.monotonic()
                reply = self.agent.post(route, opening * 200_000)
                self.assertEqual((reply.status, reply.json()["code"]), (400, "VALIDATION_ERROR"))
                self.assertLess(time.monotonic() - began, 1)
        self.assert_alive()

    def test_thousand_truncated_uploads(self):
        self.agent.write("old", b"old")
        descriptors = self.agent.count_descriptors()
        body = json.dumps({"path": "old", "content": "x" * 20_000}).encode()
        head = f"POST /files/write HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        for round in range(1000):
            with self.agent.connect() as connection:
                connection.sendall(head + body[:1 + round * (len(body) - 2) // 1000])
                if round % 2:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.settle(descriptors)
        self.assertEqual(self.agent.read("old"), b"old")
        self.assertEqual(os.listdir(self.agent.workspace), ["old"])

    def test_endless_and_tiny_chunks(self):
        before = self.agent.resident_kib()
        head = b"POST /files/read HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        for chunks in (b"1\r\nx\r\n" * 2_000_000, (b"10000\r\n" + b" " * 65536 + b"\r\n") * 400):
            with self.agent.connect() as connection:
                reply = b""
                try:
                    connection.sendall(head + chunks)
                except (BrokenPipeError, ConnectionResetError):
                    pass
                try:
                    reply = connection.recv(4096)
                except ConnectionResetError:
                    pass
                self.assertTrue(reply.startswith((b"HTTP/1.1 413", b"HTTP/1.1 400")) or not reply, reply[:100])
        self.assert_grew_less_than(before, 5 * 1024)
        self.assert_alive()

    def test_refused_expectation_with_a_request_as_body(self):
        inner = b"POST /process/exec HTTP/1.1\r\nHost: localhost\r\nContent-Length: 28\r\n\r\n" + b'{"command":"touch","args":[]}'
        with Agent(environment={"TOKEN": "s3same"}) as agent:
            reply = agent.raw(b"POST /files/write HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(inner) + inner)
        self.assertEqual(reply.count(b"HTTP/1.1 "), 1, reply)
        self.assertTrue(reply.startswith(b"HTTP/1.1 401"))

    def test_ten_thousand_clients_that_close(self):
        for _ in range(200):
            with self.agent.connect() as connection:
                connection.sendall(HEALTH)
                connection.recv(4096)
        descriptors = self.agent.count_descriptors()
        time.sleep(0.2)
        before = self.agent.resident_kib()
        for number in range(10_000):
            with self.agent.connect() as connection:
                connection.sendall(HEALTH)
                self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200"))
                if number % 2:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.settle(descriptors)
        self.assert_grew_less_than(before, 2 * 1024)

    def test_idle_connections(self):
        alone = self.latency_ms()
        descriptors = self.agent.count_descriptors()
        before = self.agent.resident_kib()
        idle = []
        for _ in range(4000):
            connection = self.agent.connect()
            connection.sendall(HEALTH)
            idle.append(connection)
        for connection in idle:
            self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200"))
        among = self.latency_ms()
        self.assert_grew_less_than(before, 4 * 1024)
        print(f"# a request takes {alone:.3f} ms alone and {among:.3f} ms among 4,000 idle connections")
        for connection in idle:
            connection.close()
        self.settle(descriptors)
        self.assertLess(among, alone * 3 + 1)

    def test_connection_cap_closes_the_longest_idle(self):
        connections = [self.agent.connect() for _ in range(4200)]
        self.assert_alive()
        self.assertEqual(connections[0].recv(10), b"")
        for connection in connections:
            connection.close()

    def test_descriptor_exhaustion(self):
        with Agent(wrapper=("sh", "-c", 'ulimit -n 200; exec "$@"', "sh")) as agent:
            for _ in range(3):
                connections = []
                for _ in range(400):
                    connections.append(agent.connect())
                time.sleep(0.1)
                for connection in connections:
                    connection.close()
                began = time.monotonic()
                self.assertEqual(agent.request("GET", "/health").status, 200)
                self.assertLess(time.monotonic() - began, 1)

    def test_slow_heads_are_cut(self):
        began = time.monotonic()
        drips = [self.agent.connect(timeout=20) for _ in range(200)]
        for drip in drips:
            drip.sendall(b"GET /health HTTP/1.1\r\nHost: lo")
        for _ in range(8):
            time.sleep(1)
            self.assertLess(self.latency_ms(20), 50)
            for drip in drips[:50]:
                drip.sendall(b"c")
        for drip in drips:
            try:
                while drip.recv(4096):
                    pass
            except ConnectionResetError:
                pass
            drip.close()
        self.assertLess(time.monotonic() - began, 15)

    def test_web_socket_that_never_reads(self):
        os.makedirs(self.agent.path("flood"), exist_ok=True)
        web_socket = self.agent.web_socket()
        self.assertIs(web_socket.ask({"type": "watch", "path": "flood"})["success"], True)
        name = self.agent.path("flood/" + "n" * 200)

        def attack():
            for _ in range(12):
                for number in range(500):
                    with open(f"{name}{number}", "w") as file:
                        file.write("x")
                yield
                for number in range(500):
                    os.unlink(f"{name}{number}")
                yield
            time.sleep(0.5)
            yield

        self.assert_bounded("events that nobody reads", self.watch_memory(attack(), 60))
        self.assert_alive()
        web_socket.close()
        os.rmdir(self.agent.path("flood"))

    def watch_memory(self, attack, seconds):
        """Runs the attack until it is over or the time is; returns by how much memory grew at its peak, in KiB."""
        before = peak = self.agent.resident_kib()
        deadline = time.monotonic() + seconds
        for _ in attack:
            peak = max(peak, self.agent.resident_kib())
            if time.monotonic() > deadline:
                break
        return peak - before

    def assert_bounded(self, name, grown_kib, limit_kib=8 * 1024):
        print(f"# {name}: {grown_kib} KiB at the peak")
        if not self.agent.is_sanitized():
            self.assertLess(grown_kib, limit_kib)

    def send_for_ever(self, web_socket, data, patience=0.5):
        """Sends as fast as the agent takes it, yielding now and then, until it takes nothing for the time of patience or is gone."""
        web_socket.socket.settimeout(patience)
        view = memoryview(data)
        sent = 0
        try:
            while True:
                sent += web_socket.socket.send(view[sent % len(data):])
                yield sent
        except TimeoutError:
            return
        except (BrokenPipeError, ConnectionResetError):
            return

    def expect_close(self, web_socket, code):
        try:
            while (received := web_socket.receive_frame(5))[0] != 0x88:
                pass
            self.assertEqual(struct.unpack(">H", received[1][:2])[0], code)
            with self.assertRaises(EOFError):
                web_socket.receive_frame(5)
        except ConnectionResetError:
            pass  # what was unread when the agent closed

    def test_web_socket_bombs(self):
        bombs = {
            "endless fragments": (frame(0x01, b"x" * 60_000) + frame(0x00, b"x" * 60_000) * 600, 1009),
            "endless small fragments": (frame(0x01, b"x") + frame(0x00, b"x") * 1_000_000, 1009),
            "large frame": (frame(0x81, b"x" * 70_000), 1009),
            "compressed frame": (frame(0xC1, b"x"), 1002),
            "unknown frame": (frame(0x83, b"x"), 1002),
        }
        for name, (data, code) in bombs.items():
            with self.subTest(name=name):
                web_socket = self.agent.web_socket()

                def attack():
                    for sent in self.send_for_ever(web_socket, data):
                        yield
                        if sent >= len(data):
                            return

                self.assert_bounded(name, self.watch_memory(attack(), 20))
                self.expect_close(web_socket, code)
                web_socket.close()
        self.assert_alive()

    def test_endless_empty_fragments(self):
        """They make no message longer, and so are no crime; but they cost nothing either, and nobody else their turn."""
        web_socket = self.agent.web_socket()
        web_socket.send_raw(frame(0x01))
        alone = self.latency_ms()
        among = []

        def attack():
            for sent in self.send_for_ever(web_socket, frame(0x00) * 50_000):
                if len(among) < sent // 1_000_000:
                    among.append(self.latency_ms(50))
                yield

        self.assert_bounded("endless empty fragments", self.watch_memory(attack(), 3))
        print(f"# a request takes {alone:.3f} ms alone and {max(among, default=0):.3f} ms in the flood")
        self.assertLess(max(among), alone * 10 + 5)
        web_socket.close()
        self.assert_alive()

    def test_pings_that_nobody_reads(self):
        """The agent stops to read until its pongs leave, and so holds neither of them."""
        for name, ping in (("small pings", frame(0x89)), ("large pings", frame(0x89, b"x" * 125))):
            with self.subTest(name=name):
                web_socket = self.agent.web_socket()
                self.assert_bounded(name, self.watch_memory(self.send_for_ever(web_socket, ping * 20_000), 5))
                self.assert_alive()
                web_socket.close()

    def test_pings_that_are_read_in_gulps(self):
        web_socket = self.agent.web_socket()
        flood = frame(0x89, b"x" * 50) * 5_000

        def attack():
            web_socket.socket.setblocking(False)
            sent = 0
            while True:
                try:
                    sent += web_socket.socket.send(memoryview(flood)[sent % len(flood):])
                except BlockingIOError:
                    # The agent cannot write, and so does not read: a little room, and on.
                    if select.select([web_socket.socket], [], [], 0.5)[0]:
                        web_socket.socket.recv(20_000)
                yield

        self.assert_bounded("pings read in gulps", self.watch_memory(attack(), 3))
        web_socket.close()
        self.assert_alive()

    def test_requests_whose_answers_nobody_reads(self):
        """They stop to count once the agent cannot write any more, and then the peer is given up."""
        web_socket = self.agent.web_socket()
        message = frame(0x81, json.dumps({"type": "watch", "path": "/" + "x" * 2000}).encode())
        self.assert_bounded("requests without reading", self.watch_memory(self.send_for_ever(web_socket, message * 50), 30))
        with self.assertRaises((EOFError, ConnectionResetError)):
            while True:
                web_socket.receive_frame(5)
        web_socket.close()
        self.assert_alive()


if __name__ == "__main__":
    tap.main()
