#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Clients that mean harm, against the program: it lives, nothing changed, memory and descriptors stay flat."""
import json
import os
import resource
import socket
import statistics
import struct
import time
import unittest

import tap
from agent import Agent

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
        before = self.agent.resident_kib()
        name = self.agent.path("flood/" + "n" * 200)
        for number in range(20_000):
            with open(f"{name}{number % 500}", "w") as file:
                file.write("x")
            if number % 500 == 499:
                for old in range(500):
                    os.unlink(f"{name}{old}")
        time.sleep(0.5)
        self.assert_grew_less_than(before, 8 * 1024)
        self.assert_alive()
        web_socket.close()
        os.rmdir(self.agent.path("flood"))

    def test_web_socket_bombs(self):
        before = self.agent.resident_kib()
        for frames in ([(0x01, b"x" * 60_000)] + [(0x00, b"x" * 60_000)] * 300, [(0x81, b"x" * 70_000)], [(0xC1, b"x")], [(0x83, b"x")]):
            web_socket = self.agent.web_socket()
            try:
                for first, payload in frames:
                    head = bytes([first, 0x80 | 127]) + struct.pack(">Q", len(payload)) + b"\0\0\0\0"
                    web_socket.socket.sendall(head + payload)
                with self.assertRaises((EOFError, ConnectionResetError)):
                    while True:
                        web_socket.receive(timeout=5)
            except (BrokenPipeError, ConnectionResetError):
                pass
            web_socket.close()
        self.assert_grew_less_than(before, 8 * 1024)
        self.assert_alive()


if __name__ == "__main__":
    tap.main()
