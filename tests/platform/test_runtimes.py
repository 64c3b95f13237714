#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Each runtime whose programs are installed, in a devbox: the program that its template brings runs there and answers."""
import http.client
import unittest
import urllib.parse

import tap
from local_platform import Platform
from platform_test import wait_for


def fetch(address):
    """The page at an address, None while there is none."""
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(address).netloc, timeout=5)
    try:
        connection.request("GET", "/")
        reply = connection.getresponse()
        return reply.read().decode() if reply.status == 200 else None
    except OSError:
        return None
    finally:
        connection.close()


class RuntimesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform()
        cls.addClassCleanup(cls.platform.stop)
        templates = cls.platform.call("GET", "/templates")["data"]
        cls.runtimes = {runtime["name"]: runtime for runtime in templates["runtime"]}
        cls.configs = {config["templateName"]: config["config"] for config in templates["config"]}

    def run_template(self, name):
        """Starts the template's own program with the devbox, and reads its page where it has one."""
        ports = [port["port"] for port in self.configs[name].get("appPorts", [])]
        box = name.replace(".", "-")
        agent = self.platform.create_ready(box, runtime=name, resource={"cpu": 2, "memory": 4}, ports=[{"number": port} for port in ports])
        self.assertIn("README.md", agent.output("ls"))
        self.platform.call("POST", f"/{box}/autostart", {})
        self.platform.act(box, "restart")
        agent = self.platform.wait_ready(box)
        if ports:
            address = agent.detail["ports"][1]["publicAddress"]
            said = wait_for(lambda: fetch(address), 60)
        else:
            said = wait_for(lambda: self.read_logs(agent), 60)
        self.assertIn("Hello", said or "", self.read_logs(agent))
        self.platform.delete(box)

    @staticmethod
    def read_logs(agent):
        processes = agent.request("GET", "/api/v1/process/list").json()["processes"]
        return "".join("".join(agent.request("GET", f"/api/v1/process/{process['processId']}/logs").json()["logs"]) for process in processes)

    def test_all(self):
        self.assertLessEqual({"node.js", "python", "go", "java", "react", "vue", "angular", "docker", "bash"}, set(self.runtimes))
        for name, runtime in sorted(self.runtimes.items()):
            if not runtime["isAvailable"]:
                print(f"# {name} is not run: {runtime['reason']}")
                self.assertIn("apt-get install", runtime["reason"])
                reply = self.platform.request("POST", "/api/v1/devbox", {"name": "none", "runtime": name, "resource": {"cpu": 1, "memory": 1}})
                self.assertEqual((reply.status, reply.json()["error"]), (400, runtime["reason"]))
                continue
            with self.subTest(runtime=name):
                self.run_template(name)


if __name__ == "__main__":
    tap.main()
