#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Numbers to reach under load, against the program: connections that stay, connections that come, and bursts of file events."""
import os
import resource
import socket
import time
import unittest

import tap
from agent import Agent

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def cpu_seconds(agent):
    with open(f"/proc/{agent.process.pid}/stat") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percentile(values, share):
    return sorted(values)[int((len(values) - 1) * share)]


class ConnectionsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.limit = raise_descriptor_limit()

    def ask(self, connection):
        connection.sendall(HEALTH)
        self.assertTrue(connection.recv(4096).startswith(b"HTTP/1.1 200"))

    def hold_idle(self, agent, count, max_growth_kib):
        """Each of them has had one answer, and stays."""
        probe = agent.connect()
        self.ask(probe)
        before = agent.resident_kib()
        idle = []
        for _ in range(count):
            connection = agent.connect()
            self.ask(connection)
            idle.append(connection)
        grown = agent.resident_kib() - before

        times = []
        for _ in range(1000):
            began = time.perf_counter()
            self.ask(probe)
            times.append((time.perf_counter() - began) * 1000)
        for connection in (*idle[::count // 10], idle[-1]):
            self.ask(connection)
        for connection in (*idle, probe):
            connection.close()

        print(f"# {count} idle connections: {grown} KiB, health p99 {percentile(times, 0.99):.2f} ms")
        if not agent.is_sanitized():
            self.assertLess(grown, max_growth_kib)
            self.assertLess(percentile(times, 0.99), 5)

    def test_row_3_four_thousand_idle_connections(self):
        with Agent() as agent:
            self.hold_idle(agent, 4000, 4 * 1024)

    def test_row_3_ten_thousand_idle_connections_with_the_cap_raised(self):
        self.assertGreaterEqual(self.limit, 20000, "the hard limit of open files is too low for 10,000 connections")
        with Agent("--max-connections", "10100") as agent:
            self.hold_idle(agent, 9990, 10 * 1024)

    def test_row_4_ten_thousand_connections_to_accept(self):
        with Agent() as agent:
            before = cpu_seconds(agent)
            for _ in range(100):
                connections = [agent.connect() for _ in range(100)]
                for connection in connections:
                    connection.close()
            with agent.connect() as last:
                self.ask(last)
            spent = cpu_seconds(agent) - before
            print(f"# 10,000 connections took {spent:.2f} s of CPU time")
            if not agent.is_sanitized():
                self.assertLess(spent, 2)


class WatchBurstsTest(unittest.TestCase):
    """What a client knows from the events, beside what is there."""

    COUNT = 10000

    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)

    def setUp(self):
        self.folder = self.id().rsplit(".", 1)[1]
        os.mkdir(self.agent.path(self.folder))
        self.socket = self.agent.web_socket()
        self.addCleanup(self.socket.close)
        self.assertTrue(self.socket.ask({"type": "watch", "path": self.folder})["success"])
        self.known = set()
        self.seen = {"add": 0, "unlink": 0}
        self.overflows = 0
        self.marks = 0

    def path(self, name):
        return os.path.join(self.folder, name)

    def take(self, message):
        if message["type"] == "overflow":
            self.overflows += 1
            return
        event = message["event"]
        self.seen[event["type"]] = self.seen.get(event["type"], 0) + 1
        if event["type"] == "unlink":
            self.known.discard(event["path"])
        else:
            self.known.add(event["path"])

    def settle(self):
        """Takes all that was told before a file that is made now. An overflow may stand for it: then another one is made."""
        deadline = time.monotonic() + 60
        while True:
            self.marks += 1
            mark = self.path(f"mark-{self.marks}")
            overflows = self.overflows
            with open(self.agent.path(mark), "w"):
                pass
            while mark not in self.known and self.overflows == overflows:
                self.take(self.socket.receive(deadline - time.monotonic()))
            if mark in self.known:
                return

    def present(self):
        return {self.path(name) for name in os.listdir(self.agent.path(self.folder))}

    def burst(self, begin, end):
        """Made, renamed, and every other one deleted."""
        for number in range(begin, end):
            with open(self.agent.path(self.path(f"{number}")), "w"):
                pass
        for number in range(begin, end):
            os.rename(self.agent.path(self.path(f"{number}")), self.agent.path(self.path(f"renamed-{number}")))
        for number in range(begin, end, 2):
            os.unlink(self.agent.path(self.path(f"renamed-{number}")))

    def test_row_24_ten_thousand_files_in_small_bursts_miss_nothing(self):
        for begin in range(0, self.COUNT, 100):
            self.burst(begin, begin + 100)
            self.settle()
        self.assertEqual(self.overflows, 0)
        self.assertEqual(self.known, self.present())
        self.assertEqual((self.seen["add"], self.seen["unlink"]), (2 * self.COUNT + self.marks, self.COUNT + self.COUNT // 2))

    def test_row_24_ten_thousand_files_at_once_miss_nothing_or_say_so(self):
        self.burst(0, self.COUNT)
        self.settle()
        if self.known != self.present():
            self.assertGreater(self.overflows, 0, "events were lost in silence")
        # Whoever rescans then knows all of it, and what comes after is told again.
        self.known = self.present()
        self.settle()
        self.assertEqual(self.known, self.present())


if __name__ == "__main__":
    tap.main()
