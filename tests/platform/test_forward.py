#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Ports of programs in a box, reached through listening sockets of the platform."""
import contextlib
import os
import select
import socket
import threading
import time
import unittest

import tap
from box import Box

OUTSIDE = "127.7.7.7"


def read_all(connection):
    data = b""
    while piece := connection.recv(1 << 16):
        data += piece
    return data


class Case(unittest.TestCase):
    def setUp(self):
        self.cleanup = contextlib.ExitStack()
        self.addCleanup(self.cleanup.close)
        self.box = Box(wrapper=self.wrapper())
        self.cleanup.callback(self.box.stop)

    def wrapper(self):
        return ()

    def program(self, address="127.0.0.1", port=0, backlog=128):
        """A program that listens in the box, and its port."""
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        server = self.cleanup.enter_context(socket.create_server((address, port), family=family, backlog=backlog))
        server.settimeout(20)
        return server, server.getsockname()[1]

    def forward(self, port, shared=False, address=OUTSIDE, outer=0):
        with socket.create_server((address, outer)) as listener:
            self.box.say({"type": "forward", "port": port, "shared": shared}, listener.fileno())
            self.box.count()
            return listener.getsockname()

    def connect(self, address):
        return self.cleanup.enter_context(socket.create_connection(address, 20))

    def accept(self, server):
        connection = self.cleanup.enter_context(server.accept()[0])
        connection.settimeout(20)
        return connection

    def pair(self, **options):
        """Both ends of a forwarded connection: that of who connected, and the program's."""
        server, port = self.program()
        outer = self.connect(self.forward(port, **options))
        return outer, self.accept(server)

    def assert_closed(self, connection):
        """Nothing came but the end, or a reset."""
        with contextlib.suppress(ConnectionResetError):
            self.assertEqual(connection.recv(1), b"")

    def cpu_time(self):
        with open(f"/proc/{self.box.process.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class ForwardTest(Case):
    def test_both_ways(self):
        outer, inner = self.pair()
        before = self.box.count()
        outer.sendall(b"question")
        self.assertEqual(inner.recv(100), b"question")
        inner.sendall(b"the answer")
        self.assertEqual(outer.recv(100), b"the answer")
        after = self.box.count()
        self.assertEqual((after[0] - before[0], after[1] - before[1]), (8, 10))

    def test_half_close(self):
        """Either end may go on after the other said all it had to say."""
        for first, second in ((0, 1), (1, 0)):
            ends = self.pair()
            ends[first].sendall(b"all")
            ends[first].shutdown(socket.SHUT_WR)
            self.assertEqual(read_all(ends[second]), b"all")
            time.sleep(0.1)
            ends[second].sendall(b"and yet")
            ends[second].close()
            self.assertEqual(read_all(ends[first]), b"and yet")

    def test_large_both_ways(self):
        """More than all buffers hold, at once, in pieces of any size, and not a byte wrong."""
        ends = self.pair()
        sent = [os.urandom(3 << 20) * 4 for _ in ends]
        got = [None, None]

        def send(i):
            view, at, size = memoryview(sent[i]), 0, 1
            while at < len(view):
                ends[i].sendall(view[at:at + size])
                at += size
                size = min(size * 3, 300000)
            ends[i].shutdown(socket.SHUT_WR)

        def receive(i):
            got[i] = read_all(ends[i])
        threads = [threading.Thread(target=function, args=(i,)) for i in (0, 1) for function in (send, receive)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertTrue(got[0] == sent[1] and got[1] == sent[0])

    def test_back_pressure(self):
        """Who does not read stops who writes, and costs little memory; nobody else waits."""
        ends = self.pair()
        resident = self.box.resident_kib()
        for writer in ends:
            writer.setblocking(False)
            sent, deadline = 0, time.monotonic() + 0.5
            while time.monotonic() < deadline:
                if select.select([], [writer], [], 0.1)[1]:
                    sent += writer.send(bytes(1 << 16))
            self.assertLess(sent, 64 << 20)
            self.assertEqual(select.select([], [writer], [], 0.2)[1], [])
        self.assertLess(self.box.resident_kib() - resident, 2048 if not self.box.is_sanitized() else 1 << 20)
        other, inner = self.pair()
        other.sendall(b"x")
        self.assertEqual(inner.recv(1), b"x")
        busy = self.cpu_time()
        time.sleep(0.5)
        self.assertLess(self.cpu_time() - busy, 0.1)

    def test_nobody_listens(self):
        server, port = self.program()
        server.close()
        address = self.forward(port)
        started = time.monotonic()
        for _ in range(50):
            self.assert_closed(self.connect(address))
        self.assertLess(time.monotonic() - started, 2)
        server, _ = self.program(port=port)
        outer = self.connect(address)
        self.accept(server).sendall(b"now")
        self.assertEqual(outer.recv(3), b"now")

    def test_ipv6(self):
        """A program that listens on ::1 alone."""
        if not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6")
        server, port = self.program("::1")
        outer = self.connect(self.forward(port))
        self.accept(server).sendall(b"six")
        self.assertEqual(outer.recv(3), b"six")

    def test_shared_network(self):
        """Beside other boxes, programs listen at the box's own address."""
        server, port = self.program(OUTSIDE)
        other, _ = self.program("127.0.0.1", port)
        address = self.forward(port, shared=True)
        outer = self.connect(address)
        self.accept(server).sendall(b"mine")
        self.assertEqual(outer.recv(4), b"mine")
        server.close()
        outer = self.connect(address)
        self.accept(other).sendall(b"at 127.0.0.1")
        self.assertEqual(outer.recv(100), b"at 127.0.0.1")

    def test_never_to_itself(self):
        for address in (OUTSIDE, "127.0.0.1"):
            with socket.create_server((address, 0)) as free:
                port = free.getsockname()[1]
            forwarded = self.forward(port, shared=True, address=address, outer=port)
            self.assert_closed(self.connect(forwarded))
            self.box.say({"type": "unforward", "port": port})

    def test_unforward(self):
        server, port = self.program()
        address = self.forward(port)
        outer = self.connect(address)
        inner = self.accept(server)
        self.box.say({"type": "unforward", "port": port})
        self.box.say({"type": "unforward", "port": 1})
        self.box.count()
        with self.assertRaises(ConnectionRefusedError):
            self.connect(address)
        outer.sendall(b"still here")
        self.assertEqual(inner.recv(100), b"still here")

    def test_forwarded_anew(self):
        server, port = self.program()
        first, second = self.forward(port), self.forward(port)
        with self.assertRaises(ConnectionRefusedError):
            self.connect(first)
        outer = self.connect(second)
        self.accept(server).sendall(b"x")
        self.assertEqual(outer.recv(1), b"x")

    def test_reset(self):
        """A connection that one end resets is over for the other, which keeps what came before."""
        for first, second in ((0, 1), (1, 0)):
            ends = self.pair()
            ends[first].sendall(b"last words")
            time.sleep(0.05)
            ends[first].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            ends[first].close()
            self.assertEqual(ends[second].recv(100), b"last words")
            self.assert_closed(ends[second])

    def test_client_goes_before_it_is_accepted(self):
        server, port = self.program()
        address = self.forward(port)
        for _ in range(20):
            with socket.create_connection(address) as outer:
                outer.sendall(b"gone")
        for _ in range(20):
            self.assertEqual(read_all(self.accept(server)), b"gone")

    def test_nothing_is_left(self):
        server, port = self.program()
        address = self.forward(port)
        self.box.count()
        before = self.box.count_descriptors()
        for _ in range(100):
            with socket.create_connection(address) as outer, server.accept()[0] as inner:
                outer.sendall(b"x")
                self.assertEqual(inner.recv(1), b"x")
        deadline = time.monotonic() + 5
        while self.box.count_descriptors() > before and time.monotonic() < deadline:
            time.sleep(0.01)
        self.assertLessEqual(self.box.count_descriptors(), before)

    def test_nonsense(self):
        for message in ({"type": "unforward"}, {"type": "forward", "port": 0, "shared": False},
                        {"type": "forward", "port": 65536, "shared": False}, {"type": "forward", "port": 80}):
            with self.subTest(message=message):
                box = Box()
                self.cleanup.callback(box.stop)
                box.say(message)
                self.assertIsNone(box.hear())
        for kind in (lambda: socket.socket(), lambda: socket.socket(socket.AF_UNIX)):
            box = Box()
            self.cleanup.callback(box.stop)
            with kind() as no_listener:
                box.say({"type": "forward", "port": 1, "shared": False}, no_listener.fileno())
                self.assertIsNone(box.hear())


class LimitTest(Case):
    """Where there are few descriptors."""

    def wrapper(self):
        return ("prlimit", "--nofile=160:160")

    def test_at_most(self):
        """20 connections; who comes then is sent away, until there is room."""
        server, port = self.program()
        address = self.forward(port)
        ends = [(self.connect(address), self.accept(server)) for _ in range(20)]
        self.assert_closed(self.connect(address))
        for end in ends[0]:
            end.close()
        deadline = time.monotonic() + 5
        while True:
            outer = self.connect(address)
            outer.sendall(b"x")
            with contextlib.suppress(ConnectionResetError):
                if select.select([server], [], [], 0.1)[0]:
                    break
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(self.accept(server).recv(1), b"x")
        outer, inner = ends[1]
        outer.sendall(b"y")
        self.assertEqual(inner.recv(1), b"y")

    def test_no_descriptors(self):
        """Who comes waits, at no cost, and is served once there are descriptors again."""
        server, port = self.program()
        address = self.forward(port)
        free = [self.box.connect() for _ in range(70)]
        for connection in free:
            connection.sendall(b"GET /health HTTP/1.1\r\n")
        for number in range(20000, 20000 + 160 - self.box.count_descriptors()):
            self.forward(number)
        self.assertEqual(self.box.count_descriptors(), 160)
        with self.assertRaises(ConnectionRefusedError):
            self.connect(self.forward(1))
        self.assertIn("port 1", self.box.read_errors())
        outer = self.connect(address)
        outer.sendall(b"x")
        busy = self.cpu_time()
        self.assertEqual(select.select([server], [], [], 1.5)[0], [])
        self.assertLess(self.cpu_time() - busy, 0.2)
        for connection in free:
            connection.close()
        self.assertEqual(self.accept(server).recv(1), b"x")


if __name__ == "__main__":
    tap.main()
