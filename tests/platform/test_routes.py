#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The rows of the lifecycle API in docs/wire.md, against the program."""
import http.client
import json
import socket
import threading
import time
import unittest
import urllib.parse
import urllib.request

import tap
from local_platform import API, BoxAgent, Platform

NOT_A_NAME = ("", "A", "a_b", "-a", "a-", "a.b", "ü", "a/b", "a" * 64, "templates", 7, None, [])
DETAIL = {"name", "uid", "resourceType", "runtime", "status", "image", "resources", "ssh", "env", "ports", "pods", "podIP", "agentServer", "createdAt", "template",
          "sandbox", "network"}
PORT = {"number", "portName", "protocol", "serviceName", "privateAddress", "privateHost", "networkName", "exposesPublicDomain", "publicHost", "publicDomain",
        "publicAddress", "customDomain"}
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"


class RoutesTest(unittest.TestCase):
    """One platform for all tests of a class; each test has boxes of its own."""

    @classmethod
    def setUpClass(cls):
        cls.platform = Platform("--sample-interval=1")
        cls.addClassCleanup(cls.platform.stop)

    def box(self, name, ready=True, **members):
        """Makes one, which is gone after the test; its detail."""
        self.platform.create(name, **members)
        self.addCleanup(self.discard, name)
        if ready:
            self.platform.wait_ready(name)
        return self.platform.get(name)

    def discard(self, name):
        self.platform.request("DELETE", f"{API}/{name}")

    def assert_error(self, reply, status, code):
        answer = reply.json()
        self.assertEqual((reply.status, answer["code"], answer["success"]), (status, code, False), answer)
        self.assertRegex(answer["error"], r"\w")
        self.assertRegex(answer["timestamp"], TIME)
        return answer["error"]

    def refuse(self, method, path, body=None, status=400, code="VALIDATION_ERROR", **options):
        return self.assert_error(self.platform.request(method, API + path, body, **options), status, code)

    def assert_both_forms(self, answer, data_members=()):
        """The same members in `data` and bare, but for some."""
        bare = {name: value for name, value in answer.items() if name != "data"}
        self.assertEqual({name: value for name, value in answer["data"].items() if name not in data_members}, bare)
        for name in data_members:
            self.assertIn(name, answer["data"])

    def wait_release(self, name, tag):
        deadline = time.monotonic() + 20
        while True:
            release = next(each for each in self.platform.call("GET", f"/{name}/release")["data"] if each["tag"] == tag)
            if release["status"]["value"] != "Building" or time.monotonic() > deadline:
                self.assertEqual(release["status"], {"value": "Success", "label": "Success"}, release)
                return release
            time.sleep(0.01)

    def release(self, name, tag, **members):
        answer = self.platform.call("POST", f"/{name}/release", {"tag": tag, **members}, 201)
        self.addCleanup(self.platform.request, "DELETE", f"{API}/{name}/release/{tag}")
        return answer


class BoxesTest(RoutesTest):
    def test_health(self):
        """platform: GET /health: needs no credential"""
        reply = self.platform.request("GET", "/health", user=False)
        health = reply.json()
        self.assertEqual((reply.status, health["status"], health["capabilities"]), (200, "ok", ["platform"]))
        self.assertRegex(health["version"], r"^\d+\.\d+\.\d+")
        self.assertRegex(health["timestamp"], TIME)
        self.assertGreater(health["uptime"], 0)
        self.assertEqual(set(health), {"status", "version", "uptime", "capabilities", "timestamp"})

    def test_list(self):
        """platform: GET /api/v1/devbox: both forms, sorted, millicores and MiB"""
        self.box("list-b", ready=False, runtime="python", resource={"cpu": 0.25, "memory": 1.5})
        self.box("list-a", ready=False)
        answer = self.platform.call("GET")
        self.assertEqual(set(answer), {"data", "devboxes"})
        self.assertEqual([box["uid"] for box in answer["data"]], [box["uid"] for box in answer["devboxes"]])
        names = [box["name"] for box in answer["data"]]
        self.assertEqual(names, sorted(names))
        box = next(box for box in answer["data"] if box["name"] == "list-b")
        self.assertEqual(set(box), {"name", "uid", "resourceType", "runtime", "status", "resources", "createdAt"})
        self.assertEqual((box["resourceType"], box["runtime"], box["resources"]), ("devbox", "python", {"cpu": 250, "memory": 1536}))

    def test_list_filter(self):
        """platform: GET /api/v1/devbox: status and runtime leave out all others"""
        self.box("filter-b", runtime="bash")
        self.box("filter-p", runtime="python")
        self.platform.act("filter-p", "shutdown")
        for query, names in (("runtime=python", {"filter-p"}), ("status=shutdown", {"filter-p"}), ("status=Running", {"filter-b"}),
                             ("status=Running&runtime=python", set()), ("runtime=", set()), ("", {"filter-b", "filter-p"})):
            with self.subTest(query=query):
                found = {box["name"] for box in self.platform.call("GET", f"?{query}")["data"]}
                self.assertEqual({name for name in found if name.startswith("filter-")}, names)
        for query in ("status=x", "status=", "status=%zz", "status=Run"):
            self.refuse("GET", f"?{query}")

    def test_create(self):
        """platform: POST /api/v1/devbox: every member, both forms"""
        members = {"name": "create-all", "runtime": "python", "resource": {"cpu": 0.1, "memory": 0.3}, "env": {"A": "1 \"ü\n"}, "network": False,
                   "ports": [{"number": 8080, "protocol": "ws", "portName": "chat"}, {"number": 81}], "autostart": {"execCommand": "true"}, "unknown": [1]}
        self.addCleanup(self.discard, "create-all")
        answer = self.platform.call("POST", "", members, 201)
        self.assert_both_forms(answer, ("sshPort", "base64PublicKey", "base64PrivateKey", "userName", "workingDir", "domain"))
        data = answer["data"]
        self.assertEqual((data["sshPort"], data["base64PublicKey"], data["base64PrivateKey"]), (0, "", ""))
        self.assertEqual(data["domain"], data["podIP"])
        self.assertEqual(DETAIL - set(answer), set())
        self.assertIn(answer["status"], ("Pending", "Creating", "Running"))
        self.assertEqual((answer["resources"], answer["env"]), ({"cpu": 0.1, "memory": 0.3}, [{"name": "A", "value": "1 \"ü\n"}]))
        self.assertEqual(answer["autostart"], {"execCommand": "true"})
        self.assertEqual([(port["number"], port["portName"], port["protocol"]) for port in answer["ports"]],
                         [(3000, "agent", "HTTP"), (8080, "chat", "WS"), (81, "port-81", "HTTP")])

    def test_create_defaults(self):
        """platform: POST /api/v1/devbox: name and runtime are enough"""
        self.addCleanup(self.discard, "create-least")
        answer = self.platform.call("POST", "", {"name": "create-least", "runtime": "bash"}, 201)
        self.assertEqual((answer["resources"], answer["env"], len(answer["ports"])), ({"cpu": 1, "memory": 2}, [], 1))
        self.assertNotIn("autostart", answer)

    def test_create_forms(self):
        """platform: POST /api/v1/devbox: resources for resource, env as an array, autostart of the template"""
        self.addCleanup(self.discard, "create-forms")
        answer = self.platform.call("POST", "", {"name": "create-forms", "runtime": "python", "resources": {"cpu": 2, "memory": 1},
                                                 "env": [{"name": "A", "value": "1"}, {"name": "B", "value": ""}], "autostart": True}, 201)
        self.assertEqual((answer["resources"], answer["env"]), ({"cpu": 2, "memory": 1}, [{"name": "A", "value": "1"}, {"name": "B", "value": ""}]))
        self.assertIn("python", answer["autostart"]["execCommand"])

    def test_create_again(self):
        """platform: POST /api/v1/devbox: the same key and request are the same devbox"""
        body = {"name": "create-key", "runtime": "bash"}
        self.addCleanup(self.discard, "create-key")
        first = self.platform.call("POST", "", body, 201, headers={"Idempotency-Key": "key of mine"})
        again = self.platform.call("POST", "", body, 200, headers={"Idempotency-Key": "key of mine"})
        self.assertEqual(first["uid"], again["uid"])
        self.refuse("POST", "", {**body, "runtime": "python"}, 409, "CONFLICT", headers={"Idempotency-Key": "key of mine"})
        self.refuse("POST", "", body, 409, "CONFLICT", headers={"Idempotency-Key": "another"})
        for key in ("", "x" * 256, "\xff", "a\tb"):
            self.refuse("POST", "", {"name": "create-other", "runtime": "bash"}, headers={"Idempotency-Key": key})

    def test_show(self):
        """platform: GET /api/v1/devbox/{name}: the detail, and its agent answers"""
        self.box("show", resource={"cpu": 0.5, "memory": 0.25}, ports=[{"number": 8080}])
        answer = self.platform.call("GET", "/show")
        self.assert_both_forms(answer)
        self.assertEqual(set(answer) - {"data", "sandboxReason"}, DETAIL)
        self.assertEqual((answer["status"], answer["resources"], answer["pods"]), ("Running", {"cpu": 0.5, "memory": 0.25}, [{"name": "show", "status": "Running"}]))
        self.assertRegex(answer["uid"], "^[0-9a-f]{16}$")
        self.assertRegex(answer["podIP"], r"^127\.\d+\.\d+\.\d+$")
        self.assertRegex(answer["createdAt"], TIME)
        self.assertEqual(set(answer["ssh"]), {"host", "port", "user", "workingDir"})
        self.assertEqual(answer["agentServer"]["url"], "")
        self.assertEqual([set(port) for port in answer["ports"]], [PORT, PORT])
        for port in answer["ports"]:
            address = urllib.parse.urlsplit(port["publicAddress"])
            self.assertEqual((address.scheme, address.hostname), ("http", answer["podIP"]))
        agent = BoxAgent(answer)
        self.assertEqual(agent.output("pwd").strip(), answer["ssh"]["workingDir"])
        head = self.platform.request("HEAD", f"{API}/show")
        self.assertEqual((head.status, head.body), (200, b""))

    def test_update(self):
        """platform: PATCH /api/v1/devbox/{name}: resource and ports, each alone"""
        self.box("update", ports=[{"number": 8080, "portName": "web"}])
        answer = self.platform.call("PATCH", "/update", {"resource": {"cpu": 2}})
        self.assert_both_forms(answer)
        self.assertEqual((answer["resources"], len(answer["ports"])), ({"cpu": 2, "memory": 1}, 2))
        before = answer["ports"][1]
        answer = self.platform.call("PATCH", "/update", {"ports": [{"portName": "web"}, {"number": 82}]})
        self.assertEqual(answer["ports"][1], before)
        self.assertEqual([port["number"] for port in answer["ports"]], [3000, 8080, 82])
        # What was told may be sent back.
        self.assertEqual(self.platform.call("PATCH", "/update", {"ports": answer["ports"]})["ports"], answer["ports"])
        self.assertEqual(self.platform.call("PATCH", "/update", {})["ports"], answer["ports"])
        self.assertEqual(self.platform.get("update")["resources"], {"cpu": 2, "memory": 1})
        self.refuse("PATCH", "/update", {"resource": {"cpu": 65}})


class LifecycleTest(RoutesTest):
    def test_all(self):
        """platform: POST /api/v1/devbox/{name}/start, and the others, one after the other"""
        self.box("life")
        for action, status in (("start", "Running"), ("pause", "Stopped"), ("pause", "Stopped"), ("start", "Running"), ("shutdown", "Shutdown"),
                               ("shutdown", "Shutdown"), ("start", "Running"), ("restart", "Running"), ("pause", "Stopped"), ("restart", "Running")):
            with self.subTest(action=action):
                answer = self.platform.call("POST", f"/life/{action}", {})
                self.assert_both_forms(answer)
                self.assertEqual((answer["status"], answer["name"]), (status, "life"))

    def test_pause(self):
        """platform: POST /api/v1/devbox/{name}/pause: what runs stops where it stands, and goes on"""
        self.box("pause")
        agent = self.platform.agent("pause")
        agent.spawn("while :; do echo >> ticks; sleep 0.01; done")
        time.sleep(0.2)
        self.platform.act("pause", "pause")
        self.assertEqual(self.platform.get("pause")["pods"], [])
        self.platform.act("pause", "start")
        before = agent.read("ticks").count(b"\n")
        time.sleep(0.2)
        self.assertGreater(agent.read("ticks").count(b"\n"), before)

    def test_restart(self):
        """platform: POST /api/v1/devbox/{name}/restart: files stay, processes do not"""
        self.box("restart")
        agent = self.platform.agent("restart")
        agent.write("kept", "text")
        agent.spawn("sleep 987")
        self.platform.act("restart", "restart")
        agent = self.platform.agent("restart")
        self.assertEqual(agent.read("kept"), b"text")
        self.assertEqual(agent.request("GET", "/api/v1/process/list").json().get("processes", []), [])

    def test_shutdown(self):
        """platform: POST /api/v1/devbox/{name}/shutdown: the agent is gone, files are not"""
        self.box("down")
        agent = self.platform.agent("down")
        agent.write("kept", "text")
        self.platform.act("down", "shutdown")
        with self.assertRaises(OSError):
            agent.health()
        self.platform.act("down", "start")
        self.assertEqual(self.platform.agent("down").read("kept"), b"text")

    def test_bodies(self):
        """platform: POST /api/v1/devbox/{name}/start: no body, an empty object, unknown members; nothing else"""
        self.box("bodies")
        for body in (None, b"", b"{}", b'{"force":true}'):
            self.assertEqual(self.platform.request("POST", f"{API}/bodies/start", body).status, 200)
        for body in (b"[]", b"x", b"{", b"\xff"):
            self.refuse("POST", "/bodies/start", body)

    def test_connection_lives_on(self):
        """platform: POST /api/v1/devbox/{name}/start: the next request comes on the same connection"""
        self.box("alive")
        connection = http.client.HTTPConnection("127.0.0.1", self.platform.port, timeout=30)
        self.addCleanup(connection.close)
        for action in ("pause", "start", "start"):
            connection.request("POST", f"{API}/alive/{action}", b"{}", {"Content-Type": "application/json", **self.platform.user.headers()})
            reply = connection.getresponse()
            self.assertEqual(reply.status, 200)
            reply.read()
            self.assertFalse(reply.will_close)

    def test_delete(self):
        """platform: DELETE /api/v1/devbox/{name}: as specified"""
        self.box("gone")
        answer = self.platform.call("DELETE", "/gone")
        self.assertEqual(answer, {"data": {"name": "gone", "status": "Deleting"}, "name": "gone", "status": "Deleting"})
        self.refuse("GET", "/gone", None, 404, "DEVBOX_NOT_FOUND")
        self.refuse("DELETE", "/gone", None, 404, "DEVBOX_NOT_FOUND")

    def test_delete_today(self):
        """platform: DELETE /api/v1/devbox/{name}/delete: at any state, and the name is free"""
        for action in ("start", "pause", "shutdown", None):
            self.platform.create("again")
            if action:
                self.platform.act("again", action)
            self.assertEqual(self.platform.call("DELETE", "/again/delete")["status"], "Deleting")

    def test_client_goes_away(self):
        """platform: POST /api/v1/devbox/{name}/shutdown: what was asked for goes on without the client"""
        self.box("orphan")
        headers = "".join(f"{name}: {value}\r\n" for name, value in self.platform.user.headers().items())
        with self.platform.connect() as connection:
            connection.sendall(f"POST {API}/orphan/shutdown HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: 2\r\n\r\n{{}}".encode())
        self.assertEqual(self.platform.wait_status("orphan", "Shutdown")["pods"], [])


class PortsTest(RoutesTest):
    def test_replace(self):
        """platform: PUT /api/v1/devbox/{name}/ports: all of them, and [] takes all away"""
        self.box("ports", ports=[{"number": 8080}, {"number": 8081, "portName": "second"}])
        answer = self.platform.call("PUT", "/ports/ports", {"ports": [{"portName": "second", "protocol": "grpc"}, {"number": 9000}]})
        self.assert_both_forms(answer)
        self.assertEqual(set(answer), {"data", "ports"})
        self.assertEqual([(port["number"], port["portName"], port["protocol"]) for port in answer["ports"]],
                         [(8081, "second", "GRPC"), (9000, "port-9000", "HTTP")])
        self.assertEqual(self.platform.get("ports")["ports"][1:], answer["ports"])
        self.assertEqual(self.platform.call("PUT", "/ports/ports", {"ports": []})["ports"], [])
        self.assertEqual([port["portName"] for port in self.platform.get("ports")["ports"]], ["agent"])

    def test_reach(self):
        """platform: PUT /api/v1/devbox/{name}/ports: a program is reached at its address at once"""
        self.box("reach", runtime="python")
        agent = self.platform.agent("reach")
        agent.write("served", "from inside")
        agent.spawn("python3 -m http.server 8123 --bind 127.0.0.1")
        port = self.platform.call("PUT", "/reach/ports", {"ports": [{"number": 8123}]})["ports"][0]
        self.assertEqual(self.fetch(port["publicAddress"] + "/served"), b"from inside")

    def fetch(self, url):
        deadline = time.monotonic() + 10
        while True:
            try:
                with urllib.request.urlopen(url, timeout=5) as reply:
                    return reply.read()
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)

    def test_bad(self):
        """platform: PUT /api/v1/devbox/{name}/ports: nothing changes where one of them is wrong"""
        self.box("bad-ports", ready=False, ports=[{"number": 8080}])
        for ports in (None, {}, [1], [{}], [{"number": 0}], [{"number": 65536}], [{"number": 1.5}], [{"number": "80"}], [{"number": 80}, {"number": 80}],
                      [{"number": 80, "protocol": "UDP"}], [{"number": 80, "portName": "A"}], [{"number": number} for number in range(1, 34)],
                      [{"number": 80, "portName": "a"}, {"number": 81, "portName": "a"}], [{"portName": "unknown"}]):
            with self.subTest(ports=ports):
                self.refuse("PUT", "/bad-ports/ports", {"ports": ports})
        self.assertEqual([port["number"] for port in self.platform.get("bad-ports")["ports"]], [3000, 8080])


class AutostartTest(RoutesTest):
    def test_set(self):
        """platform: POST /api/v1/devbox/{name}/autostart: runs at each start, until it is taken away"""
        self.box("auto", runtime="python")
        answer = self.platform.call("POST", "/auto/autostart", {"execCommand": "echo started >> starts"})
        self.assert_both_forms(answer)
        self.assertEqual(answer["data"], {"devboxName": "auto", "autostartCreated": True, "jobRecreated": False, "resources": [], "execCommand": "echo started >> starts"})
        self.assertEqual(self.platform.get("auto")["autostart"], {"execCommand": "echo started >> starts"})
        self.platform.act("auto", "restart")
        self.assertEqual(self.wait_for_file("auto", "starts"), b"started\n")
        answer = self.platform.call("POST", "/auto/autostart", {"execCommand": ""})
        self.assertIs(answer["autostartCreated"], False)
        self.assertNotIn("autostart", self.platform.get("auto"))
        for body in ({}, None, {"execCommand": None}):
            self.assertIn("python3", self.platform.call("POST", "/auto/autostart", body)["execCommand"])

    def wait_for_file(self, name, path):
        deadline = time.monotonic() + 10
        agent = self.platform.agent(name)
        while agent.request("POST", "/files/read", {"path": path}).status != 200 and time.monotonic() < deadline:
            time.sleep(0.02)
        return agent.read(path)

    def test_bad(self):
        """platform: POST /api/v1/devbox/{name}/autostart: types and size"""
        self.box("bad-auto", ready=False)
        for command in (7, [], {}, True, "x" * 8193, "a\0b"):
            with self.subTest(command=str(command)[:20]):
                self.refuse("POST", "/bad-auto/autostart", {"execCommand": command})


class TemplatesTest(RoutesTest):
    def test_list(self):
        """platform: GET /api/v1/devbox/templates: both arrays, and each can be named in a create"""
        answer = self.platform.call("GET", "/templates")
        self.assert_both_forms(answer)
        self.assertEqual(set(answer["data"]), {"runtime", "config"})
        names = [template["name"] for template in answer["runtime"]]
        self.assertEqual(names, sorted(names))
        self.assertEqual({"angular", "bash", "docker", "go", "java", "node.js", "python", "react", "vue"} - set(names), set())
        for template, config in zip(answer["runtime"], answer["config"]):
            with self.subTest(template=template["name"]):
                self.assertEqual((template["uid"], template["iconId"], template["isPublic"]), (template["name"], template["name"], True))
                self.assertIn(template["kind"], ("FRAMEWORK", "OS", "LANGUAGE", "SERVICE", "CUSTOM"))
                self.assertRegex(template["description"], r"\w")
                self.assertEqual("reason" in template, not template["isAvailable"])
                self.assertEqual({config[name] for name in ("templateUid", "templateName", "runtimeUid", "runtime")}, {template["name"]})
                self.assertEqual([port["port"] for port in config["config"]["appPorts"]], [port["containerPort"] for port in config["config"]["ports"]])

    def test_missing_programs(self):
        """platform: GET /api/v1/devbox/templates: what is not available is refused with the same reason"""
        templates = {template["name"]: template for template in self.platform.call("GET", "/templates")["runtime"]}
        for name, template in templates.items():
            if not template["isAvailable"]:
                with self.subTest(template=name):
                    self.assertEqual(self.refuse("POST", "", {"name": "missing", "runtime": name}), template["reason"])
        self.assertIs(templates["bash"]["isAvailable"], True)

    def test_name_is_taken(self):
        """platform: GET /api/v1/devbox/templates: no devbox has that name"""
        self.refuse("POST", "", {"name": "templates", "runtime": "bash"})


class ReleasesTest(RoutesTest):
    def test_create(self):
        """platform: POST /api/v1/devbox/{name}/release: told at once, complete soon"""
        self.box("snap")
        answer = self.release("snap", "v1.0", releaseDes="The first \"one\"")
        self.assert_both_forms(answer)
        data = answer["data"]
        self.assertEqual((data["devboxName"], data["tag"], data["releaseDes"], data["image"]), ("snap", "v1.0", "The first \"one\"", ""))
        self.assertRegex(data["createdAt"], TIME)
        self.wait_release("snap", "v1.0")

    def test_list(self):
        """platform: GET /api/v1/devbox/{name}/release: the newest first; they outlive the devbox"""
        self.box("snaps")
        self.assertEqual(self.platform.call("GET", "/snaps/release"), {"data": [], "releases": []})
        for tag in ("a", "B.2"):
            self.release("snaps", tag)
            release = self.wait_release("snaps", tag)
        self.assertEqual(set(release), {"id", "name", "devboxName", "createTime", "tag", "status", "description", "runtime", "image"})
        self.assertEqual((release["name"], release["devboxName"], release["description"], release["runtime"]), ("snaps-B.2", "snaps", "", "bash"))
        self.assertRegex(release["createTime"], TIME)
        self.platform.delete("snaps")
        self.assertEqual([each["tag"] for each in self.platform.call("GET", "/snaps/release")["releases"]], ["B.2", "a"])
        self.refuse("GET", "/nobody/release", None, 404, "DEVBOX_NOT_FOUND")

    def test_bad(self):
        """platform: POST /api/v1/devbox/{name}/release: tags and descriptions"""
        self.box("bad-snap", ready=False)
        for tag in (None, 7, "", "-a", ".", "..", "a b", "a/b", "a" * 64, "ü"):
            with self.subTest(tag=tag):
                self.refuse("POST", "/bad-snap/release", {"tag": tag})
        self.refuse("POST", "/bad-snap/release", {"tag": "a", "releaseDes": "x" * 4097})
        self.refuse("POST", "/bad-snap/release", {"tag": "a", "releaseDes": 1})

    def test_delete(self):
        """platform: DELETE /api/v1/devbox/{name}/release/{tag}: once"""
        self.box("unsnap")
        self.release("unsnap", "v1")
        self.wait_release("unsnap", "v1")
        answer = self.platform.call("DELETE", "/unsnap/release/v1")
        self.assert_both_forms(answer)
        self.assertEqual((answer["devboxName"], answer["tag"]), ("unsnap", "v1"))
        self.assertRegex(answer["deletedAt"], TIME)
        self.refuse("DELETE", "/unsnap/release/v1", None, 404, "FILE_NOT_FOUND")

    def test_deploy(self):
        """platform: POST /api/v1/devbox/{name}/release/{tag}/deploy: a new devbox with the files and furnishings of then"""
        self.box("origin", env={"A": "1"}, ports=[{"number": 8080, "portName": "web"}], resource={"cpu": 0.5, "memory": 0.5})
        agent = self.platform.agent("origin")
        agent.write("file", "then")
        self.release("origin", "V1.0")
        self.wait_release("origin", "V1.0")
        agent.write("file", "now")
        self.addCleanup(self.discard, "origin-v1-0")
        answer = self.platform.call("POST", "/origin/release/V1.0/deploy", {}, 201)
        self.assert_both_forms(answer, ("sshPort", "base64PublicKey", "base64PrivateKey", "userName", "workingDir", "domain"))
        self.assertEqual((answer["name"], answer["release"]), ("origin-v1-0", {"name": "origin", "tag": "V1.0"}))
        self.assertEqual((answer["env"], answer["resources"]), ([{"name": "A", "value": "1"}], {"cpu": 0.5, "memory": 0.5}))
        self.assertEqual([port["portName"] for port in answer["ports"]], ["agent", "web"])
        self.assertEqual(self.platform.wait_ready("origin-v1-0").read("file"), b"then")
        self.refuse("POST", "/origin/release/V1.0/deploy", {}, 409, "CONFLICT")

        answer = self.platform.call("POST", "/origin/release/V1.0/deploy", {"name": "copy", "env": {}, "resource": {"cpu": 1}, "ports": []}, 201)
        self.addCleanup(self.discard, "copy")
        self.assertEqual((answer["name"], answer["env"], answer["resources"], len(answer["ports"])), ("copy", [], {"cpu": 1, "memory": 0.5}, 1))

    def test_create_from_release(self):
        """platform: POST /api/v1/devbox: from a release, also of a devbox that is gone"""
        self.box("source")
        self.platform.agent("source").write("file", "of the source")
        self.release("source", "v1")
        self.wait_release("source", "v1")
        self.platform.delete("source")
        self.addCleanup(self.discard, "from-release")
        answer = self.platform.call("POST", "", {"name": "from-release", "release": {"name": "source", "tag": "v1"}}, 201)
        self.assertEqual((answer["runtime"], answer["release"]), ("bash", {"name": "source", "tag": "v1"}))
        self.assertEqual(self.platform.wait_ready("from-release").read("file"), b"of the source")
        self.platform.call("DELETE", "/source/release/v1")
        self.assertNotIn("release", self.platform.get("from-release"))


class MonitorTest(RoutesTest):
    def test_samples(self):
        """platform: GET /api/v1/devbox/{name}/monitor: a bare array, in the order of time"""
        self.box("monitor")
        self.platform.agent("monitor").write("file", "x" * 100000)
        deadline = time.monotonic() + 15
        while len(samples := self.platform.call("GET", "/monitor/monitor")) < 2 and time.monotonic() < deadline:
            time.sleep(0.1)
        self.assertGreaterEqual(len(samples), 2)
        for sample in samples:
            self.assertEqual(set(sample), {"timestamp", "readableTime", "cpu", "memory", "network", "disk"})
            self.assertEqual((set(sample["network"]), set(sample["disk"])), ({"bytesIn", "bytesOut"}, {"used", "total"}))
            self.assertRegex(sample["readableTime"], r"^\d{4}/\d\d/\d\d \d\d:\d\d$")
            self.assertLess(abs(sample["timestamp"] - time.time() * 1000), 60000)
            self.assertGreaterEqual(sample["cpu"], 0)
        times = [sample["timestamp"] for sample in samples]
        self.assertEqual(times, sorted(times))
        self.assertGreater(samples[-1]["memory"], 0)
        self.assertGreater(samples[-1]["network"]["bytesIn"], 100000)

    def test_ranges(self):
        """platform: GET /api/v1/devbox/{name}/monitor: seconds and milliseconds, steps, and an empty array"""
        self.box("ranges", ready=False)
        now = time.time()
        for query in ("", "start=", f"start={now - 60}", f"start={int(now - 60)}&end={int(now)}", f"start={int(now * 1000) - 60000}&end={int(now * 1000)}",
                      "step=2m", "step=30", "step=30000", "step=1h30m", f"start={int(now) - 86400}"):
            if query == "start=":
                self.refuse("GET", f"/ranges/monitor?{query}")
            else:
                self.assertIsInstance(self.platform.call("GET", f"/ranges/monitor?{query}"), list)
        self.assertEqual(self.platform.call("GET", "/ranges/monitor?start=1&end=2"), [])

    def test_bad(self):
        """platform: GET /api/v1/devbox/{name}/monitor: 400 for wrong ranges"""
        self.box("bad-range", ready=False)
        for query in ("start=x", "end=-1", "start=2&end=1", "start=1&end=1", "step=0", "step=1y", "step=-1s", "start=0&step=1s", "start=%zz", "start=1e9",
                      "start=99999999999"):
            with self.subTest(query=query):
                self.refuse("GET", f"/bad-range/monitor?{query}")


class ErrorsTest(RoutesTest):
    def test_validation(self):
        """platform: 400 VALIDATION_ERROR: names, runtimes, resources, environments"""
        base = {"name": "invalid", "runtime": "bash"}
        for name in NOT_A_NAME:
            with self.subTest(name=name):
                self.refuse("POST", "", {**base, "name": name})
        for members in ({"runtime": None}, {"runtime": "no-such"}, {"runtime": 1}, {"runtime": "../bash"}, {"resource": 1}, {"resource": {"cpu": 0}}, {"resource": {"cpu": 65}},
                        {"resource": {"cpu": "1"}}, {"resource": {"memory": 0.09}}, {"resource": {"memory": 513}}, {"env": "A"}, {"env": {"1": ""}}, {"env": {"A": 1}},
                        {"env": {"A": "x" * 131072}}, {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "n", "key": "k"}}}]}, {"env": [{"name": "A"}]},
                        {"env": {"A=B": ""}}, {"env": {"A": "a\0b"}}, {"network": 1}, {"autostart": "x"}, {"release": "x"}, {"release": {"name": "x"}}):
            with self.subTest(members=str(members)[:60]):
                self.refuse("POST", "", {**base, **members})
        for body in (b"", b"[]", b"null", b"{", b'{"name":"a"}x', b"\xff", b"[" * 100000, b"{'name':1}"):
            with self.subTest(body=body[:20]):
                self.refuse("POST", "", body)
        self.refuse("GET", "/invalid", None, 404, "DEVBOX_NOT_FOUND")

    def test_runtime_names_the_others(self):
        """platform: 400 VALIDATION_ERROR: an unknown runtime is answered with those that there are"""
        self.assertIn("node.js", self.refuse("POST", "", {"name": "invalid", "runtime": "no-such"}))

    def test_kubeconfig(self):
        """platform: 400 INVALID_KUBECONFIG: one that names nothing usable"""
        for text in ("apiVersion: v1\nkind: Config\n", "a: [b", "- 1\n"):
            with self.subTest(text=text):
                reply = self.platform.request("GET", API, user=False, headers={"Authorization": urllib.parse.quote(text, safe="")})
                self.assert_error(reply, 400, "INVALID_KUBECONFIG")

    def test_credentials(self):
        """platform: 401 AUTHENTICATION_FAILED: none, or of nobody; all forms of one that is"""
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": ""}):
            for path in (API, f"{API}/x", "/nowhere"):
                reply = self.platform.request("GET", path, user=False, headers=headers)
                self.assert_error(reply, 401, "AUTHENTICATION_FAILED")
                self.assertEqual(reply.headers["WWW-Authenticate"], "Bearer")
        for form in ("kubeconfig", "bearer kubeconfig", "bearer"):
            self.assertEqual(self.platform.request("GET", API, form=form).status, 200)

    def test_not_found(self):
        """platform: 404 DEVBOX_NOT_FOUND: of nobody, or of somebody else; before the body is looked at"""
        self.box("mine", ready=False)
        other = self.platform.add_user("eve")
        for user, name in ((None, "nobody"), (other, "mine"), (None, "..%2Fmine"), (None, "%ff")):
            for method, path, body in (("GET", "", None), ("PATCH", "", {"resource": 1}), ("DELETE", "", None), ("DELETE", "/delete", None), ("POST", "/start", {}),
                                       ("POST", "/pause", {}), ("POST", "/restart", {}), ("POST", "/shutdown", []), ("PUT", "/ports", {"ports": 1}),
                                       ("POST", "/autostart", {}), ("GET", "/release", None), ("POST", "/release", {}), ("GET", "/monitor", None)):
                with self.subTest(name=name, method=method, path=path):
                    self.refuse(method, f"/{name}{path}", body, 404, "DEVBOX_NOT_FOUND", user=user)
        self.assertEqual(self.platform.list(user=other), [])
        self.platform.remove_user("eve")

    def test_release_not_found(self):
        """platform: 404 FILE_NOT_FOUND: a release, or a route"""
        self.box("no-release", ready=False)
        self.refuse("DELETE", "/no-release/release/x", None, 404, "FILE_NOT_FOUND")
        self.refuse("POST", "/no-release/release/x/deploy", {}, 404, "FILE_NOT_FOUND")
        self.refuse("POST", "", {"name": "a", "release": {"name": "no-release", "tag": "x"}}, 404, "FILE_NOT_FOUND")
        for path in ("/a/b", "/a/release/b/c", "/", "//start", "/a/release/"):
            self.refuse("GET", path, None, 404, "FILE_NOT_FOUND")

    def test_methods(self):
        """platform: 405 VALIDATION_ERROR: Allow tells the others"""
        for path, methods in (("", {"GET", "HEAD", "POST"}), ("/x", {"GET", "HEAD", "PATCH", "DELETE"}), ("/x/start", {"POST"}), ("/x/release/t", {"DELETE"})):
            reply = self.platform.request("PUT", API + path, {})
            self.assert_error(reply, 405, "VALIDATION_ERROR")
            self.assertEqual(set(reply.headers["Allow"].split(", ")), methods)

    def test_conflict(self):
        """platform: 409 CONFLICT: names, and tags"""
        self.box("taken")
        self.refuse("POST", "", {"name": "taken", "runtime": "bash"}, 409, "CONFLICT")
        self.release("taken", "v1")
        self.refuse("POST", "/taken/release", {"tag": "v1"}, 409, "CONFLICT")

    def test_conflict_of_goals(self):
        """platform: 409 CONFLICT: or just done, when something else is asked for meanwhile"""
        self.box("torn")
        statuses = []

        def act(action):
            statuses.append(self.platform.request("POST", f"{API}/torn/{action}", {}).status)

        threads = [threading.Thread(target=act, args=(action,)) for action in ("shutdown", "start", "restart", "shutdown", "pause", "start")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(set(statuses) - {200, 409}, set())
        self.assertIn(200, statuses)

    def test_too_large(self):
        """platform: 413 FILE_TOO_LARGE: a body of more than 1 MiB"""
        body = json.dumps({"name": "large", "runtime": "bash", "unknown": "x" * (1 << 20)}).encode()
        self.refuse("POST", "", body, 413, "FILE_TOO_LARGE")
        fits = json.dumps({"name": "large", "unknown": "x" * ((1 << 20) - 100)}).encode()
        self.refuse("POST", "", fits)

    def test_permissions(self):
        """platform: 403 INSUFFICIENT_PERMISSIONS: users are the affair of the first one"""
        bob = self.platform.add_user("bob")
        for method, path in (("GET", ""), ("POST", ""), ("POST", "/bob/rotate"), ("DELETE", "/bob")):
            reply = self.platform.request(method, "/api/v1/users" + path, {} if method == "POST" else None, user=bob)
            self.assert_error(reply, 403, "INSUFFICIENT_PERMISSIONS")
        self.platform.remove_user("bob")


class UsersTest(RoutesTest):
    USERS = "/api/v1/users"

    def test_list(self):
        """platform: GET /api/v1/users: the first one is always there"""
        self.assertIn({"name": "admin", "namespace": "ns-admin"}, self.platform.request("GET", self.USERS).json()["data"])

    def test_add(self):
        """platform: POST /api/v1/users: a kubeconfig that lets them in"""
        reply = self.platform.request("POST", self.USERS, {"name": "carol"})
        self.addCleanup(self.platform.request, "DELETE", self.USERS + "/carol")
        self.assertEqual((reply.status, reply.json()["namespace"]), (201, "ns-carol"))
        self.assertIn("token: ", reply.json()["kubeconfig"])
        listing = self.platform.request("GET", API, user=False, headers={"Authorization": urllib.parse.quote(reply.json()["kubeconfig"], safe="")})
        self.assertEqual((listing.status, listing.json()["data"]), (200, []))
        self.assert_error(self.platform.request("POST", self.USERS, {"name": "carol"}), 409, "CONFLICT")
        for name in ("", "A", "../x", None, 7):
            self.assert_error(self.platform.request("POST", self.USERS, {"name": name}), 400, "VALIDATION_ERROR")

    def test_rotate(self):
        """platform: POST /api/v1/users/{name}/rotate: the old token is refused"""
        dave = self.platform.add_user("dave")
        reply = self.platform.request("POST", self.USERS + "/dave/rotate")
        self.assertEqual(reply.status, 200)
        self.assertEqual(self.platform.request("GET", API, user=dave).status, 401)
        self.platform.remove_user("dave")

    def test_rotate_during_a_body(self):
        """platform: who was let in with a token that is replaced before the whole body came does nothing with it"""
        frank = self.platform.add_user("frank")
        body = json.dumps({"name": "late", "runtime": "bash"}).encode()
        connection = socket.create_connection(("127.0.0.1", self.platform.port), 20)
        self.addCleanup(connection.close)
        head = f"POST {API} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {frank.token}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body[:5])
        self.assertEqual(self.platform.call("GET", user=frank)["data"], [])
        frank = self.platform.rotate_user("frank")
        connection.sendall(body[5:])
        self.assertTrue(connection.recv(1000).startswith(b"HTTP/1.1 401 "))
        self.assertEqual(self.platform.call("GET", user=frank)["data"], [])
        self.platform.remove_user("frank")

    def test_remove(self):
        """platform: DELETE /api/v1/users/{name}: not while there are devboxes or releases"""
        erin = self.platform.add_user("erin")
        self.platform.create_ready("of-erin", user=erin)
        self.assert_error(self.platform.request("DELETE", self.USERS + "/erin"), 409, "CONFLICT")
        self.platform.call("POST", "/of-erin/release", {"tag": "v1"}, (200, 201), user=erin)
        self.platform.delete("of-erin", user=erin)
        self.assert_error(self.platform.request("DELETE", self.USERS + "/erin"), 409, "CONFLICT")
        self.platform.call("DELETE", "/of-erin/release/v1", user=erin)
        self.assertEqual(self.platform.request("DELETE", self.USERS + "/erin").status, 200)
        self.assertEqual(self.platform.request("GET", API, user=erin).status, 401)
        del self.platform.others["erin"]


if __name__ == "__main__":
    tap.main()
