#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The life of devboxes as their users live it, against the program devbox-platform."""
import http.client
import json
import os
import signal
import socket
import threading
import time
import unittest
import urllib.parse
import urllib.request

import tap
from local_platform import API, Platform

SHELL = {"runtime": "bash", "resource": {"cpu": 1, "memory": 1}}


def wait_for(check, timeout=10):
    """The first true value of it; the last one when there was none in time."""
    deadline = time.monotonic() + timeout
    while not (value := check()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return value


class LifeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.platform = Platform()
        cls.addClassCleanup(cls.platform.stop)

    def refuse(self, status, code, method, path, body=None, **options):
        """Every refusal says what, why and when."""
        reply = self.platform.request(method, API + path, body, **options)
        self.assertEqual(reply.status, status, (method, path, reply.body))
        error = reply.json()
        self.assertEqual((error["code"], error["success"], type(error["error"])), (code, False, str))
        self.assertRegex(error["timestamp"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
        return error


class StatesTest(LifeTest):
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


class IdempotencyTest(LifeTest):
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


class ChangesTest(LifeTest):
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
        """They are told, kept, and hold at once: what takes too much memory ends, and the box lives on."""
        detail = self.platform.call("PATCH", "/changes", {"resource": {"cpu": 0.5, "memory": 0.25}})["data"]
        self.assertEqual(detail["resources"], {"cpu": 0.5, "memory": 0.25})
        listed = next(box for box in self.platform.list() if box["name"] == "changes")
        self.assertEqual(listed["resources"], {"cpu": 500, "memory": 256})
        hog = self.agent.run("python3", "-c", "x = b'x' * (400 << 20)")
        self.assertNotEqual(hog["exitCode"], 0)
        self.assertEqual(self.agent.output("echo here"), "here\n")
        self.platform.call("PATCH", "/changes", {"resource": {"cpu": 1, "memory": 1}})
        self.assertEqual(self.agent.run("python3", "-c", "x = b'x' * (400 << 20)")["exitCode"], 0)
        self.assertEqual(self.platform.get("changes")["status"], "Running")

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


class PauseTest(LifeTest):
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


class FilesTest(LifeTest):
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


class UsersTest(LifeTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.platform.add_user("alice")

    def test_each_has_boxes_of_its_own(self):
        mine = self.platform.create_ready("same")
        theirs = self.platform.create_ready("same", user=self.other)
        self.assertNotEqual(mine.detail["uid"], theirs.detail["uid"])
        self.assertNotEqual((mine.host, mine.token), (theirs.host, theirs.token))
        self.assertEqual([box["uid"] for box in self.platform.list()], [mine.detail["uid"]])
        self.assertEqual([box["uid"] for box in self.platform.list(user=self.other)], [theirs.detail["uid"]])
        self.assertEqual(mine.request("GET", "/files/list?path=.", headers={"Authorization": f"Bearer {theirs.token}"}).status, 401)
        self.platform.delete("same", user=self.other)
        self.assertEqual(self.platform.get("same")["status"], "Running")
        self.platform.delete("same")

    def test_the_other_ones_is_not_there(self):
        """As if there were none: to every call, with the same answer."""
        self.platform.create_ready("mine")
        self.platform.call("POST", "/mine/release", {"tag": "v1"}, (200, 201))
        calls = (("GET", "", None), ("DELETE", "", None), ("DELETE", "/delete", None), ("PATCH", "", {"resource": {"cpu": 1, "memory": 1}}), ("POST", "/start", {}),
                 ("POST", "/pause", {}), ("POST", "/restart", {}), ("POST", "/shutdown", {}), ("GET", "/monitor", None), ("PUT", "/ports", {"ports": []}),
                 ("POST", "/autostart", {"execCommand": "id"}), ("GET", "/release", None), ("POST", "/release", {"tag": "v2"}))
        for method, path, body in calls:
            with self.subTest(method=method, path=path):
                told = self.refuse(404, "DEVBOX_NOT_FOUND", method, "/mine" + path, body, user=self.other)
                nothing = self.refuse(404, "DEVBOX_NOT_FOUND", method, "/nothing" + path, body, user=self.other)
                self.assertEqual(told["error"].replace("mine", "nothing"), nothing["error"])
        for path, body in (("/mine/release/v1", None), ("/mine/release/v1/deploy", {})):
            reply = self.platform.request("POST" if body is not None else "DELETE", API + path, body, user=self.other)
            self.assertEqual(reply.status, 404, path)
        reply = self.platform.request("POST", API, {"name": "stolen", "runtime": "bash", "release": {"name": "mine", "tag": "v1"}, **SHELL}, user=self.other)
        self.assertEqual(reply.status, 404, reply.body)
        self.assertEqual((self.platform.list(user=self.other), self.platform.get("mine")["status"]), ([], "Running"))
        self.platform.delete("mine")

    def test_every_form_of_authorization(self):
        for form in ("kubeconfig", "bearer kubeconfig", "bearer"):
            for user in (self.platform.user, self.other):
                self.assertEqual(self.platform.call("GET", "", user=user, form=form)["data"], [])

    def test_who_is_nobody(self):
        wrong = "0" * len(self.platform.user.token)
        kubeconfig = urllib.parse.quote(self.platform.user.kubeconfig.replace(self.platform.user.token, wrong), safe="")
        token = self.platform.user.token
        for authorization in (None, "", f"Bearer {wrong}", kubeconfig, f"Bearer {kubeconfig}", f"Bearer {token[:-1]}", f"Bearer {token}0", f"Bearer {token[::-1]}"):
            with self.subTest(authorization=authorization and authorization[:20]):
                headers = {} if authorization is None else {"Authorization": authorization}
                self.refuse(401, "AUTHENTICATION_FAILED", "GET", "", user=False, headers=headers)
                self.refuse(401, "AUTHENTICATION_FAILED", "GET", "/nothing", user=False, headers=headers)
        for authorization in ("Bearer", "Bearer ", f"Basic {wrong}", token[:-1], "%", "Bearer %00", "a: [", urllib.parse.quote(self.platform.user.kubeconfig + "\nx: *y")):
            with self.subTest(authorization=authorization[:20]):
                error = self.refuse(400, "INVALID_KUBECONFIG", "GET", "", user=False, headers={"Authorization": authorization})
                self.assertNotIn(token[:-1], error["error"])
        self.assertEqual(self.platform.request("GET", "/health", user=False).status, 200)

    def test_a_token_is_rotated(self):
        before = self.platform.add_user("bob")
        self.platform.create_ready("kept", user=before)
        after = self.platform.rotate_user("bob")
        self.assertNotEqual(before.token, after.token)
        for form in ("kubeconfig", "bearer kubeconfig", "bearer"):
            self.refuse(401, "AUTHENTICATION_FAILED", "GET", "/kept", user=before, form=form)
        self.assertEqual(self.platform.get("kept", user=after)["status"], "Running")
        self.platform.delete("kept", user=after)
        self.platform.remove_user("bob")
        self.refuse(401, "AUTHENTICATION_FAILED", "GET", "", user=after)

    def test_users_are_listed(self):
        names = self.platform.run_users("list").split()
        self.assertIn("alice", names)
        self.assertEqual(len(names), 2, names)
        for words in (("add", "alice"), ("add", "Not a name"), ("remove", "nobody"), ("rotate", "nobody"), ("remove", names[1 - names.index("alice")])):
            done = self.platform.run_command("users", *words)
            self.assertEqual((done.returncode, done.stdout), (1, ""), words)
            self.assertRegex(done.stderr, "^devbox-platform: .")


class DeathTest(LifeTest):
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
