#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of devboxes as their users live it, against the program devbox-platform."""
import os
import threading
import urllib.request

import tap
from local_platform import API
from platform_test import PlatformTest, wait_for

SHELL = {"runtime": "bash", "resource": {"cpu": 1, "memory": 1}}


class StatesTest(PlatformTest):
    def test_states(self):
        data = self.platform.create("states")
        self.assertEqual(data["name"], "states")
        self.assertIn(data["status"], ("Pending", "Creating"))
        seen = []
        while not seen or seen[-1] != "Running":
            seen.append(self.platform.get("states")["status"])
        self.assertLessEqual(set(seen), {"Pending", "Creating", "Running"})
        self.assertEqual(self.platform.wait_ready("states").output("echo here"), "here\n")

        for action, status in (("pause", "Stopped"), ("start", "Running"), ("shutdown", "Shutdown"), ("start", "Running"), ("restart", "Running"),
                               ("pause", "Stopped"), ("shutdown", "Shutdown"), ("restart", "Running"), ("pause", "Stopped"), ("restart", "Running")):
            with self.subTest(action=action):
                self.platform.act("states", action)
                self.assertEqual(self.platform.get("states")["status"], status)
                self.assertEqual([box["status"] for box in self.platform.list() if box["name"] == "states"], [status])
                if status == "Running":
                    self.assertEqual(self.platform.agent("states").output("echo here"), "here\n")

        uid = self.platform.get("states")["uid"]
        self.assertTrue(os.path.isdir(self.platform.path("boxes", uid, "workspace")))
        self.assertEqual(self.platform.delete("states"), {"name": "states", "status": "Deleting"})
        self.refuse(404, "DEVBOX_NOT_FOUND", "GET", "/states")
        self.assertEqual(self.platform.settle(), [])
        self.assertFalse(os.path.exists(self.platform.path("boxes", uid)))

    def test_one_address_for_life(self):
        before = self.platform.create_ready("address")
        for action in ("pause", "start", "restart", "shutdown", "start"):
            self.platform.act("address", action)
        after = self.platform.agent("address")
        self.assertEqual((before.host, before.port, before.token), (after.host, after.port, after.token))
        self.assertRegex(before.host, r"^127\.\d+\.\d+\.\d+$")
        self.assertNotEqual(before.host, "127.0.0.1")
        self.platform.delete("address")

    def test_starts_that_nobody_wants_any_more(self):
        """They stand in nobody's way: only some may start at a time."""
        names = [f"start-{number:02}" for number in range(16)]
        for name in names:
            self.platform.create(name)
        for name in names[4:12]:
            self.platform.act(name, "shutdown")
        for name in names:
            self.platform.wait_status(name, "Shutdown" if name in names[4:12] else "Running", timeout=10)
        for name in names:
            self.platform.delete(name)
        self.assertEqual(self.platform.settle(), [])

    def test_what_is_not_there(self):
        for method, path, body in (("GET", "/none", None), ("DELETE", "/none", None), ("DELETE", "/none/delete", None), ("PATCH", "/none", {"resource": {"cpu": 1, "memory": 1}}),
                                   ("POST", "/none/start", {}), ("POST", "/none/pause", {}), ("POST", "/none/restart", {}), ("POST", "/none/shutdown", {}),
                                   ("PUT", "/none/ports", {"ports": []}), ("POST", "/none/autostart", {}), ("GET", "/none/release", None),
                                   ("POST", "/none/release", {"tag": "v1"}), ("GET", "/none/monitor", None)):
            with self.subTest(method=method, path=path):
                self.refuse(404, "DEVBOX_NOT_FOUND", method, path, body)


class IdempotencyTest(PlatformTest):
    def test_the_same_key(self):
        first = self.platform.create("key", key="once", status=201)
        again = self.platform.create("key", key="once", status=200)
        self.assertEqual(self.platform.get("key")["uid"], again.get("uid", self.platform.get("key")["uid"]))
        self.assertEqual(first["name"], again["name"])
        self.refuse(409, "CONFLICT", "POST", "", {"name": "key", **SHELL, "resource": {"cpu": 2, "memory": 1}}, headers={"Idempotency-Key": "once"})
        self.refuse(409, "CONFLICT", "POST", "", {"name": "another", **SHELL}, headers={"Idempotency-Key": "once"})
        self.refuse(409, "CONFLICT", "POST", "", {"name": "key", **SHELL})
        self.assertEqual([box["name"] for box in self.platform.list()].count("key"), 1)
        self.platform.delete("key")

    def race(self, keys):
        """The statuses of as many creations of one box at once."""
        statuses = []

        def create(key):
            headers = {"Idempotency-Key": key} if key else {}
            statuses.append(self.platform.request("POST", API, {"name": "race", **SHELL}, headers).status)

        threads = [threading.Thread(target=create, args=(key,)) for key in keys]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([box["name"] for box in self.platform.list()].count("race"), 1)
        self.platform.delete("race")
        return sorted(statuses)

    def test_many_at_once(self):
        self.assertEqual(self.race([None] * 8), [201] + [409] * 7)
        self.assertEqual(self.race(["same"] * 8), [200] * 7 + [201])

    def test_what_is_so_already(self):
        self.platform.create_ready("already")
        for action, status in (("start", "Running"), ("pause", "Stopped"), ("shutdown", "Shutdown")):
            for _ in range(2):
                self.platform.act("already", action)
                self.assertEqual(self.platform.get("already")["status"], status)
        self.platform.delete("already")
        self.refuse(404, "DEVBOX_NOT_FOUND", "DELETE", "/already")

    def test_at_once_after_the_creation(self):
        """Nobody has to wait before the next call."""
        self.platform.create("soon")
        self.platform.act("soon", "pause")
        self.assertEqual(self.platform.get("soon")["status"], "Stopped")
        self.platform.delete("soon")
        self.platform.create("soon")
        self.platform.delete("soon")
        self.assertEqual(self.platform.settle(), [])


class ChangesTest(PlatformTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls.platform.create_ready("changes", ports=[{"number": 8080}], env=[{"name": "GREETING", "value": "höllo $HOME\n'\""}])

    def serve(self, number, text):
        """Starts a program in the box that answers with the text at that port."""
        code = ("import http.server, sys\n"
                "class H(http.server.BaseHTTPRequestHandler):\n"
                "  def do_GET(self):\n"
                "    body = sys.argv[2].encode() * (1 << 20 if self.path == '/large' else 1)\n"
                "    self.send_response(200); self.send_header('Content-Length', str(len(body))); self.end_headers(); self.wfile.write(body)\n"
                "  def log_message(self, *a): pass\n"
                "http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), H).serve_forever()\n")
        return self.agent.spawn("python3", "-c", code, str(number), text)

    def kill(self, process):
        self.agent.request("POST", f"/api/v1/process/{process}/kill")

    def address(self, number):
        return next(port["publicAddress"] for port in self.platform.get("changes")["ports"] if port["number"] == number and port["portName"] != "devbox-agent")

    def fetch(self, address, path="/"):
        try:
            with urllib.request.urlopen(address + path, timeout=5) as response:
                return response.read()
        except OSError:
            return None

    def numbers(self):
        return [port["number"] for port in self.platform.get("changes")["ports"]][1:]

    def test_a_program_is_reached(self):
        process = self.serve(8080, "here")
        address = self.address(8080)
        self.assertEqual(wait_for(lambda: self.fetch(address)), b"here")
        self.assertEqual(len(self.fetch(address, "/large")), 4 << 20)
        self.platform.act("changes", "pause")
        self.platform.act("changes", "start")
        self.assertEqual(self.fetch(address), b"here")
        self.kill(process)

    def test_ports_come_and_go(self):
        process = self.serve(8090, "later")
        detail = self.platform.call("PATCH", "/changes", {"ports": [{"number": 8080}, {"number": 8090, "portName": "web", "protocol": "HTTP"}]})["data"]
        self.assertEqual([port["number"] for port in detail["ports"]][1:], [8080, 8090])
        address = self.address(8090)
        self.assertEqual(wait_for(lambda: self.fetch(address)), b"later")
        self.platform.call("PUT", "/changes/ports", {"ports": [{"number": 8080}]})
        self.assertEqual(self.numbers(), [8080])
        self.assertIsNone(self.fetch(address))
        self.kill(process)

    def test_limits(self):
        """They are told, kept, and hold: what takes too much memory ends, and the box lives on."""
        detail = self.platform.call("PATCH", "/changes", {"resource": {"cpu": 0.5, "memory": 0.25}})["data"]
        self.assertEqual(detail["resources"], {"cpu": 0.5, "memory": 0.25})
        listed = next(box for box in self.platform.list() if box["name"] == "changes")
        self.assertEqual(listed["resources"], {"cpu": 500, "memory": 256})
        self.apply_limits()
        hog = self.agent.run("python3", "-c", "x = b'x' * (400 << 20)")
        self.assertNotEqual(hog["exitCode"], 0)
        self.assertEqual(self.agent.output("echo here"), "here\n")
        self.platform.call("PATCH", "/changes", {"resource": {"cpu": 1, "memory": 1}})
        self.apply_limits()
        self.assertEqual(self.agent.run("python3", "-c", "x = b'x' * (400 << 20)")["exitCode"], 0)
        self.assertEqual(self.platform.get("changes")["status"], "Running")

    def apply_limits(self):
        """Without control groups they hold from the next start on."""
        if not self.platform.find_groups():
            self.platform.act("changes", "restart")

    def test_environment(self):
        self.assertEqual(self.agent.output("printenv GREETING"), "höllo $HOME\n'\"\n")
        self.assertIn({"name": "GREETING", "value": "höllo $HOME\n'\""}, self.platform.get("changes")["env"])
        words = "".join(words for _, words in self.platform.find_processes().values())
        self.assertNotIn("höllo", words, "a value of the environment is in /proc")
        for name in ("TEST_SECRET", "DEVBOX_SERVER", "XDG_DATA_HOME"):
            self.assertEqual(self.agent.run(f"printenv {name}")["stdout"], "", "the platform's own environment is in the box")

    def test_tokens_are_in_no_process(self):
        words = "".join(words for _, words in self.platform.find_processes().values())
        for secret in self.platform.secrets[1:]:
            self.assertNotIn(secret, words)

    def test_startup_command(self):
        self.platform.create_ready("startup", autostart={"execCommand": "echo one >> started"})
        self.assertEqual(wait_for(lambda: self.started("startup")), "one\n")
        self.platform.call("POST", "/startup/autostart", {"execCommand": "echo two >> started; sleep 60"})
        self.assertEqual(self.platform.get("startup")["autostart"], {"execCommand": "echo two >> started; sleep 60"})
        self.platform.act("startup", "restart")
        self.assertEqual(wait_for(lambda: "two" in self.started("startup") and self.started("startup")), "one\ntwo\n")
        self.platform.call("POST", "/startup/autostart", {"execCommand": ""})
        self.assertNotIn("autostart", self.platform.get("startup"))
        self.platform.act("startup", "shutdown")
        self.platform.act("startup", "start")
        self.assertEqual(self.started("startup"), "one\ntwo\n")
        self.platform.delete("startup")

    def started(self, name):
        reply = self.platform.agent_request(name, "POST", "/files/read", {"path": "started"})
        return reply.body.decode() if reply.status == 200 else ""


class FilesTest(PlatformTest):
    def test_files_outlive_a_shutdown_and_processes_do_not(self):
        agent = self.platform.create_ready("files")
        agent.write("folder/kept", "text")
        agent.output("echo home > ~/kept; chmod 750 folder; ln -s kept folder/link")
        agent.spawn("sleep 12345")
        agent.spawn("setsid", "sh", "-c", "trap '' TERM HUP; sleep 12345 & sleep 12345")
        uid = agent.detail["uid"]
        self.assertTrue(wait_for(lambda: self.sleepers(uid)))

        self.platform.act("files", "shutdown")
        self.assertEqual(self.sleepers(uid), [])
        self.assertEqual(self.platform.left_over(), [])
        with self.assertRaises(OSError):
            agent.health(timeout=2)

        self.platform.act("files", "start")
        agent = self.platform.agent("files")
        self.assertEqual(agent.read("folder/kept"), b"text")
        self.assertEqual(agent.output("cat ~/kept folder/link; stat -c %a folder; ps ax 2>/dev/null | grep -c '[1]2345' || true"), "home\ntext750\n0\n")
        self.platform.delete("files")

    def sleepers(self, uid):
        return [pid for pid, (_, words) in self.platform.find_processes().items() if "sleep 12345" in words and uid in words]

    def test_a_release_and_a_box_made_of_it(self):
        agent = self.platform.create_ready("origin")
        agent.output("mkdir -p deep/er; echo first > deep/er/file; chmod 751 deep; ln -s er/file deep/link; printf '#!/bin/sh\necho runs\n' > program; chmod +x program")
        self.platform.call("POST", "/origin/release", {"tag": "v1", "releaseDes": "the first"}, (200, 201))
        self.assertTrue(wait_for(lambda: self.platform.find_release("origin", "v1") == "Success"))
        release = self.platform.call("GET", "/origin/release")["data"][0]
        self.assertEqual((release["tag"], release["devboxName"], release["description"]), ("v1", "origin", "the first"))
        self.refuse(409, "CONFLICT", "POST", "/origin/release", {"tag": "v1"})
        agent.output("echo second > deep/er/file")

        made = self.platform.create_ready("made", runtime="bash", release={"name": "origin", "tag": "v1"})
        self.assertEqual(made.output("cat deep/link; stat -c %a deep; ./program"), "first\n751\nruns\n")
        made.output("echo third > deep/er/file")
        self.assertEqual(self.platform.agent("origin").read("deep/er/file"), b"second\n")

        self.platform.delete("origin")
        self.platform.create("origin")
        self.platform.call("POST", "/origin/release/v1/deploy", {"name": "deployed"}, (200, 201))
        self.assertEqual(self.platform.wait_ready("deployed").read("deep/er/file"), b"first\n")
        self.platform.call("DELETE", "/origin/release/v1")
        self.assertEqual(self.platform.call("GET", "/origin/release")["data"], [])
        for name in ("origin", "made", "deployed"):
            self.platform.delete(name)
        self.assertEqual(self.platform.settle(), [])


    def test_a_release_that_is_not_ready_or_still_needed(self):
        """Nothing that was acknowledged may fail later."""
        agent = self.platform.create_ready("large")
        agent.output("python3", "-c", "for number in range(1000): open(f'file-{number}', 'w').write('text')")
        self.platform.call("POST", "/large/release", {"tag": "v1"}, 201)
        body = {"name": "early", "release": {"name": "large", "tag": "v1"}}
        self.refuse(409, "CONFLICT", "POST", "", body)
        self.refuse(409, "CONFLICT", "POST", "/large/release/v1/deploy", {})
        self.assertTrue(wait_for(lambda: self.platform.find_release("large", "v1") == "Success"))

        self.platform.call("POST", "", body, 201)
        self.refuse(409, "CONFLICT", "DELETE", "/large/release/v1")
        self.assertEqual(self.platform.wait_ready("early").read("file-999"), b"text")
        self.platform.call("DELETE", "/large/release/v1")
        self.refuse(404, "FILE_NOT_FOUND", "POST", "", {**body, "name": "late"})
        for name in ("large", "early"):
            self.platform.delete(name)
        self.assertEqual(self.platform.settle(), [])


if __name__ == "__main__":
    tap.main()
