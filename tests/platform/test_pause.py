#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Devboxes that stand still, are killed, or lose their platform; and with and without a sandbox."""
import http.client
import json
import os
import signal
import socket
import time
import unittest

import tap
from local_platform import Platform
from platform_test import PlatformTest, can_sandbox, wait_for


class PauseTest(PlatformTest):
    CYCLES = 100

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.platform.create_ready("busy", resource={"cpu": 2, "memory": 1})

    def cpu_ticks(self):
        """Of every process of the box, with their ended children."""
        ticks = 0
        for pid in self.platform.find_processes():
            if pid != self.platform.process.pid:
                with open(f"/proc/{pid}/stat") as file:
                    ticks += sum(map(int, file.read().rsplit(")", 1)[1].split()[11:15]))
        return ticks

    def count(self):
        return int(self.agent.run("cat counter")["stdout"] or 0)

    def half_request(self, path, content):
        """A request whose body has not come whole, and its rest."""
        connection = socket.create_connection((self.agent.host, self.agent.port), 20)
        body = json.dumps({"path": path, "content": content}).encode()
        head = f"POST /files/write HTTP/1.1\r\nHost: {self.agent.host}\r\nAuthorization: Bearer {self.agent.token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:len(body) // 2])
        return connection, body[len(body) // 2:]

    def finish(self, connection):
        response = http.client.HTTPResponse(connection)
        response.begin()
        reply = response.status, json.loads(response.read())["success"]
        connection.close()
        return reply

    def test_row_22_a_busy_box_stands_still(self):
        """And nothing is lost over 100 cycles, each with a request under way when the box stops."""
        process = self.agent.spawn("i=0; while :; do i=$((i + 1)); case $i in *000) echo $i > counter ;; esac; done")
        self.assertTrue(wait_for(self.count))

        self.platform.act("busy", "pause")
        before, began = self.cpu_ticks(), time.monotonic()
        connection, rest = self.half_request("late", "sent while the box was paused")
        time.sleep(5)
        self.assertEqual(self.cpu_ticks() - before, 0, f"CPU time over {time.monotonic() - began:.1f} s")
        self.platform.act("busy", "start")
        connection.sendall(rest)
        self.assertEqual(self.finish(connection), (200, True))

        counted = wait_for(self.count)
        resumed = []
        for number in range(self.CYCLES):
            connection, rest = self.half_request(f"cycle-{number}", str(number))
            self.platform.act("busy", "pause")
            connection.sendall(rest)
            began = time.monotonic()
            self.platform.act("busy", "start")
            resumed.append((time.monotonic() - began) * 1000)
            self.assertEqual(self.finish(connection), (200, True), number)
        resumed.sort()
        print(f"# resumed after {resumed[self.CYCLES // 2]:.1f} ms (median), {resumed[-1]:.1f} ms (longest)")
        self.assertLess(resumed[self.CYCLES * 9 // 10], 50)

        for number in range(self.CYCLES):
            self.assertEqual(self.agent.read(f"cycle-{number}"), str(number).encode())
        status = self.agent.request("GET", f"/api/v1/process/{process}/status").json()
        self.assertEqual(status["processStatus"], "running")
        self.assertTrue(wait_for(lambda: self.count() > counted))

    def test_a_paused_box_can_be_deleted_and_shut_down(self):
        self.platform.create_ready("frozen").spawn("sleep 600")
        self.platform.act("frozen", "pause")
        self.platform.act("frozen", "shutdown")
        self.assertEqual(self.platform.get("frozen")["status"], "Shutdown")
        self.platform.act("frozen", "start")
        self.platform.agent("frozen").spawn("sleep 600")
        self.platform.act("frozen", "pause")
        self.platform.delete("frozen")
        self.assertEqual(self.platform.settle(), [])


class DeathTest(PlatformTest):
    """Processes of boxes that somebody else kills."""

    def box_processes(self, uid):
        return {pid: words for pid, (_, words) in self.platform.find_processes().items() if uid in words and pid != self.platform.process.pid}

    def kill(self, processes):
        for pid in processes:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it went with another one

    def serves(self, name):
        try:
            return self.platform.agent(name).health().status == 200
        except OSError:
            return False

    def check(self, name, victims):
        agent = self.platform.create_ready(name)
        agent.write("kept", "text")
        uid = agent.detail["uid"]
        found = victims(self.box_processes(uid))
        self.assertNotEqual(found, [])
        self.kill(found)

        def settled():
            detail = self.platform.get(name)
            if detail["status"] == "Error":
                return detail["reason"]
            return detail["status"] == "Running" and not set(found) & set(self.box_processes(uid)) and "running"

        told = wait_for(settled)
        self.assertTrue(told, "neither in error with a reason, nor started again")
        print(f"# {name}: {told}")
        self.assertTrue(wait_for(lambda: self.serves(name)))
        self.assertEqual(self.platform.agent(name).read("kept"), b"text")
        self.platform.delete(name)
        self.assertEqual(self.platform.settle(), [])

    def test_the_agent_is_killed(self):
        self.check("agent", lambda processes: [pid for pid, words in processes.items() if "--box-socket" in words and "bwrap" not in words.split()[0]])

    def test_everything_is_killed(self):
        self.check("everything", list)

    def test_while_it_is_paused(self):
        agent = self.platform.create_ready("paused")
        self.platform.act("paused", "pause")
        self.kill(self.box_processes(agent.detail["uid"]))
        time.sleep(0.2)
        self.assertEqual(self.platform.get("paused")["status"], "Stopped")
        self.platform.act("paused", "start")
        self.assertEqual(self.platform.agent("paused").output("echo here"), "here\n")
        self.platform.delete("paused")
        self.assertEqual(self.platform.settle(), [])


class StopTest(unittest.TestCase):
    def test_boxes_come_back(self):
        """After an orderly stop as after a kill: those that ran run, with their files, address and token."""
        with Platform() as platform:
            names = {"runs": "Running", "paused": "Stopped", "shut": "Shutdown"}
            agents = {name: platform.create_ready(name) for name in names}
            for name, agent in agents.items():
                agent.write("kept", name)
            platform.act("paused", "pause")
            platform.act("shut", "shutdown")
            for end in (platform.end, platform.kill):
                with self.subTest(end=end.__name__):
                    end()
                    self.assertTrue(wait_for(lambda: not platform.find_processes()), platform.find_processes())
                    platform.start()
                    self.assertEqual(platform.wait_ready("runs").read("kept"), b"runs")
                    self.assertEqual({box["name"]: box["status"] for box in platform.list()}, names)
            for name in ("paused", "shut"):
                platform.act(name, "start")
                agent = platform.agent(name)
                self.assertEqual((agent.host, agent.token, agent.read("kept")), (agents[name].host, agents[name].token, name.encode()))

    def test_a_second_platform_is_refused(self):
        with Platform() as platform:
            done = platform.run_command("--port", "0", *platform.options)
            self.assertNotEqual(done.returncode, 0)
            self.assertRegex(done.stderr, r"devbox-platform: Another platform uses the folder")
            self.assertEqual(platform.list(), [])

    def test_the_kubeconfig(self):
        """Made once, for its user alone; others come beside it."""
        with Platform() as platform:
            self.assertEqual(platform.kubeconfig, os.path.join(platform.config, "devbox-platform", "kubeconfig"))
            self.assertEqual(os.stat(platform.kubeconfig).st_mode & 0o777, 0o600)
            self.assertEqual(os.stat(platform.data).st_mode & 0o777, 0o700)
            before = platform.user.token
            platform.end()
            platform.start()
            self.assertEqual(platform.user.token, before)
            self.assertEqual(platform.list(), [])


class SandboxTest(unittest.TestCase):
    @unittest.skipUnless(can_sandbox(), "bubblewrap does not run here")
    def test_bubblewrap(self):
        with Platform(sandbox="bubblewrap") as platform:
            agent = platform.create_ready("boxed")
            self.assertEqual((agent.detail["sandbox"], agent.detail["ssh"]["workingDir"]), ("bubblewrap", "/workspace"))
            self.assertNotIn("sandboxReason", agent.detail)
            self.assertEqual(agent.output("pwd"), "/workspace\n")
            self.assertEqual(agent.output("echo ~"), "/home/devbox\n")
            self.assertFalse(os.path.exists("/home/devbox"))

    def test_none(self):
        """A plain child, and that is said."""
        with Platform(sandbox="none") as platform:
            agent = platform.create_ready("plain")
            folder = platform.path("boxes", agent.detail["uid"], "workspace")
            self.assertEqual((agent.detail["sandbox"], agent.detail["ssh"]["workingDir"]), ("none", folder))
            self.assertEqual(agent.output("pwd"), folder + "\n")
            self.assertEqual(agent.output("echo ~"), platform.path("boxes", agent.detail["uid"], "home") + "\n")
            self.assertRegex(platform.read_screen() + platform.read_errors(), "(?i)sandbox.*none|no sandbox|without a sandbox")

    def test_auto_where_there_is_no_bubblewrap(self):
        with Platform(sandbox="auto", environment={"PATH": "/nowhere"}) as platform:
            agent = platform.create_ready("plain")
            self.assertEqual(agent.detail["sandbox"], "none")
            self.assertIn("bubblewrap", agent.detail["sandboxReason"])
            self.assertIn("bubblewrap", platform.read_screen() + platform.read_errors())

    def test_bubblewrap_where_there_is_none(self):
        with self.assertRaisesRegex(RuntimeError, "bubblewrap"):
            Platform(sandbox="bubblewrap", environment={"PATH": "/nowhere"})


if __name__ == "__main__":
    tap.main()
