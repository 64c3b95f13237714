#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""GET /api/v1/ports of the current dialect, against the program."""
import socket
import time
import unittest

import tap
from agent import Agent


class PortsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent("--token", "secret")
        cls.addClassCleanup(cls.agent.stop)

    def get(self, headers=None):
        return self.agent.request("GET", "/api/v1/ports", headers=headers or {"Authorization": "Bearer secret"})

    def ports(self):
        reply = self.get()
        self.assertEqual(reply.status, 200)
        answer = reply.json()
        self.assertEqual((answer["status"], answer["message"]), (0, "success"))
        self.assertEqual(sorted(set(answer["ports"])), answer["ports"])
        return answer["ports"]

    def test_all_addresses(self):
        """current: GET /ports: numbers listening on all addresses"""
        # For a moment it can be reached from other machines, and accepts nothing.
        with socket.create_server(("0.0.0.0", 0), backlog=1) as listener:
            port = listener.getsockname()[1]
            self.assertIn(port, self.ports())
        self.assertNotIn(port, self.ports())

    def test_all_addresses_ipv6(self):
        """current: GET /ports: IPv6 too"""
        with socket.create_server(("::", 0), family=socket.AF_INET6, backlog=1) as listener:
            self.assertIn(listener.getsockname()[1], self.ports())

    def test_one_address(self):
        """current: GET /ports: not what listens on one address alone, nor the agent"""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ports = self.ports()
            self.assertNotIn(listener.getsockname()[1], ports)
            self.assertNotIn(self.agent.port, ports)
            self.assertNotIn(22, ports)

    def test_own_port(self):
        """current: GET /ports: less our own, although somebody else listens there too, by IPv6"""
        with socket.create_server(("::", self.agent.port), family=socket.AF_INET6, backlog=1):
            self.assertNotIn(self.agent.port, self.ports())

    def test_connections(self):
        """current: GET /ports: connections and closed sockets are none"""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            with socket.create_connection(listener.getsockname()) as client:
                self.assertNotIn(client.getsockname()[1], self.ports())

    def test_time(self):
        """current: GET /ports: lastUpdatedAt is now, in seconds of the epoch"""
        answer = self.get().json()
        self.assertIsInstance(answer["lastUpdatedAt"], int)
        self.assertLess(abs(time.time() - answer["lastUpdatedAt"]), 10)

    def test_token(self):
        """current: GET /ports: 401 with an empty body without the token"""
        reply = self.get({"X-Nothing": "there"})
        self.assertEqual((reply.status, reply.body), (401, b""))

    def test_method(self):
        """current: GET /ports: 405 with an empty body for another method"""
        reply = self.agent.request("POST", "/api/v1/ports", {}, {"Authorization": "Bearer secret"})
        self.assertEqual((reply.status, reply.body), (405, b""))


if __name__ == "__main__":
    tap.main()
