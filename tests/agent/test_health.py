#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How an agent says that it is well, to both dialects."""
import os
import time
import unittest

import tap
from agent import Agent

BEARER = {"Authorization": "Bearer s3same"}


class HealthTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent(environment={"TOKEN": "s3same"})
        cls.addClassCleanup(cls.agent.stop)

    def get(self, path, headers=None):
        return self.agent.request("GET", path, headers=headers or {})

    def lose_workspace(self, agent):
        os.rmdir(agent.workspace)
        deadline = time.monotonic() + 10
        while agent.request("GET", "/health").status == 200:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_classic(self):
        """classic: GET /health: without a token, with what the agent can do"""
        answer = self.get("/health").json()
        self.assertEqual(answer["status"], "healthy")
        self.assertRegex(answer["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertRegex(answer["version"], r"^\d+\.\d+\.\d+$")
        self.assertGreater(answer["uptime"], 0)
        self.assertIn("classic", answer["capabilities"])

    def test_current(self):
        """current: GET /health: for who brings a token, even a wrong one"""
        for headers in (BEARER, {"Authorization": "Bearer wrong"}, {"Authorization": "bearer x"}):
            reply = self.get("/health", headers)
            answer = reply.json()
            self.assertEqual((reply.status, answer["status"], answer["message"], answer["healthStatus"]), (200, 0, "success", "ok"))
            self.assertRegex(answer["uptime"], r"^\d+s$")
            self.assertRegex(answer["version"], r"^\d+\.\d+\.\d+$")

    def test_live(self):
        """current: GET /health/live: nothing but success"""
        for headers in (None, BEARER):
            self.assertEqual(self.get("/health/live", headers).json(), {"status": 0, "message": "success"})

    def test_ready(self):
        """current: GET /health/ready: ready, and not_ready without a workspace"""
        for headers in (None, BEARER):
            self.assertEqual(self.get("/health/ready", headers).json(),
                             {"status": 0, "message": "success", "readinessStatus": "ready", "workspace": True})
        with Agent() as agent:
            self.lose_workspace(agent)
            reply = agent.request("GET", "/health/ready")
            self.assertEqual((reply.status, reply.json()["readinessStatus"], reply.json()["workspace"]), (200, "not_ready", False))
            self.assertEqual(agent.request("GET", "/health", headers=BEARER).json()["healthStatus"], "unhealthy")
            self.assertEqual(agent.request("GET", "/health/live").status, 200)


if __name__ == "__main__":
    tap.main()
