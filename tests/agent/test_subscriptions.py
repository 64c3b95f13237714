#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The logs of processes over /ws, in the current dialect, and how it shares a socket with the classic one."""
import base64
import contextlib
import glob
import os
import signal
import struct
import time
import unittest

import tap
from agent import Agent, frame
from waiting import wait_until

MAX_LINES = 10000  # which are kept of a log


class SubscriptionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)

    def socket(self):
        socket = self.agent.web_socket()
        self.addCleanup(socket.close)
        return socket

    def start(self, script):
        reply = self.agent.post("/api/v1/process/exec", {"command": "sh", "args": ["-c", script]}).json()
        self.assertEqual(reply["status"], 0, reply)
        return reply["processId"]

    def wait_for_end(self, process):
        wait_until(lambda: self.agent.request("GET", f"/api/v1/process/{process}/status").json()["processStatus"] != "running")

    def ask(self, socket, message):
        socket.send(message)
        return socket.receive()

    def request(self, action, process, **options):
        return {"action": action, "type": "process", "targetId": process, **({"options": options} if options else {})}

    def subscribe(self, socket, process, **options):
        socket.send(self.request("subscribe", process, **options))
        answer = socket.receive()
        self.assertEqual((answer["action"], answer["type"], answer["targetId"]), ("subscribed", "process", process))
        self.assertAlmostEqual(answer["timestamp"], time.time(), delta=10)
        return answer

    def follow(self, socket, process):
        """What is told until the end."""
        messages = []
        while "action" not in (message := socket.receive()):
            self.assertEqual((message["dataType"], message["targetId"]), ("process", process))
            messages.append(message)
        self.assertEqual((message["action"], message["type"], message["targetId"], message["reason"]), ("unsubscribed", "process", process, "ended"))
        return messages

    def lines(self, messages):
        return [(message["log"]["level"], message["log"]["content"]) for message in messages]

    def refused(self, message, status):
        socket = self.socket()
        socket.send(message)
        answer = socket.receive()
        self.assertEqual(answer["status"], status, message)
        self.assertRegex(answer["message"], r"\w")
        self.assertNotIn("success", answer)

    def test_live(self):
        """current: WS /ws: subscribe, lines as they are written, and a last message at the end of the process"""
        socket = self.socket()
        process = self.start("echo before; while [ ! -e go ]; do sleep 0.01; done; echo out; echo err >&2; printf unfinished")
        answer = self.subscribe(socket, process)
        self.assertEqual(answer["levels"], {"stdout": True, "stderr": True, "system": True})
        self.agent.write("go")
        messages = self.follow(socket, process)
        self.assertEqual(sorted(line for line in self.lines(messages) if line != ("stdout", "before\n")),
                         [("stderr", "err\n"), ("stdout", "out\n"), ("stdout", "unfinished")])
        for message in messages:
            self.assertEqual((message["type"], message["isHistory"]), ("log", False))
            log = message["log"]
            self.assertEqual((log["targetId"], log["targetType"], log["sequence"]), (process, "process", message["sequence"]))
            self.assertAlmostEqual(log["timestamp"], time.time(), delta=10)
            self.assertRegex(log["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        sequences = [message["sequence"] for message in messages]
        self.assertEqual(sequences, sorted(set(sequences)))

    def test_history(self):
        """current: WS /ws: the last lines of a process that runs, and of one that has ended"""
        process = self.start("for i in 1 2 3 4 5; do echo $i; done; while [ ! -e enough ]; do sleep 0.01; done; echo 6")
        wait_until(lambda: len(self.agent.request("GET", f"/api/v1/process/{process}/logs").json()["logs"]) == 5)
        socket = self.socket()
        self.subscribe(socket, process, tail=2)
        self.agent.write("enough")
        messages = self.follow(socket, process)
        self.assertEqual([(message["log"]["content"], message["isHistory"]) for message in messages], [("4\n", True), ("5\n", True), ("6\n", False)])

        for tail, contents in ((0, []), (1, ["6\n"]), (1 << 40, [f"{n}\n" for n in range(1, 7)])):
            self.subscribe(socket, process, tail=tail)
            messages = self.follow(socket, process)
            self.assertEqual([message["log"]["content"] for message in messages], contents)
            self.assertTrue(all(message["isHistory"] for message in messages))

    def test_levels(self):
        """current: WS /ws: only the levels that were asked for"""
        process = self.start("echo 1; echo 2 >&2; echo 3")
        self.wait_for_end(process)
        socket = self.socket()
        for levels, contents in ((["stderr"], {"2\n"}), (["stdout"], {"1\n", "3\n"}), (["system"], set()), ([], {"1\n", "2\n", "3\n"})):
            answer = self.subscribe(socket, process, levels=levels, tail=10)
            self.assertEqual(set(answer["levels"]), set(levels or ["stdout", "stderr", "system"]))
            self.assertEqual({content for _, content in self.lines(self.follow(socket, process))}, contents)

    def test_unsubscribe(self):
        """current: WS /ws: unsubscribe ends the lines, and list tells what is subscribed to"""
        socket = self.socket()
        process = self.start("while [ ! -e stop ]; do echo tick; sleep 0.01; done")
        self.assertEqual(self.ask(socket, {"action": "list"}), {"type": "list", "subscriptions": []})
        self.subscribe(socket, process, levels=["stdout"])
        socket.send({"action": "list"})
        while (listed := socket.receive())["type"] == "log":
            pass
        subscription = listed["subscriptions"][0]
        self.assertAlmostEqual(subscription.pop("createdAt"), time.time(), delta=10)
        self.assertEqual(listed, {"type": "list", "subscriptions": [{"id": f"process:{process}", "type": "process", "targetId": process,
                                                                      "logLevels": ["stdout"], "active": True}]})
        socket.send(self.request("unsubscribe", process))
        while (answer := socket.receive())["type"] == "log":
            pass
        self.assertEqual((answer["action"], answer["targetId"]), ("unsubscribed", process))
        self.assertNotIn("reason", answer)
        with self.assertRaises(TimeoutError):
            socket.receive(0.1)
        self.agent.write("stop")

    def test_not_found(self):
        """current: WS /ws: 1404 for what is not there, or not subscribed to"""
        process = self.start("true")
        for message in (self.request("subscribe", "unknown1"), self.request("subscribe", ""), self.request("unsubscribe", process),
                        {"action": "subscribe", "type": "session", "targetId": process}, {"action": "unsubscribe", "type": "session", "targetId": "unknown1"}):
            self.refused(message, 1404)

    def test_bad_messages(self):
        """current: WS /ws: 1400 for bad input"""
        process = self.start("sleep 600")
        target = {"type": "process", "targetId": process}
        for message in ({"action": "nothing"}, {"action": ""}, {"action": None}, {"action": 1, **target}, {"action": "subscribe"}, {"action": "subscribe", "type": "process"},
                        {"action": "subscribe", "targetId": process}, {"action": "subscribe", "type": "file", "targetId": process},
                        {"action": "subscribe", "type": "process", "targetId": 7}, {"action": "unsubscribe"},
                        {"action": "subscribe", **target, "options": 1}, {"action": "subscribe", **target, "options": {"levels": ["info"]}},
                        {"action": "subscribe", **target, "options": {"levels": [1]}}, {"action": "subscribe", **target, "options": {"levels": "stdout"}},
                        {"action": "subscribe", **target, "options": {"tail": -1}}, {"action": "subscribe", **target, "options": {"tail": 1.5}},
                        {"action": "subscribe", **target, "options": {"tail": "all"}}, {"action": "x" * 60000}):
            self.refused(message, 1400)
        socket = self.socket()
        self.subscribe(socket, process)
        socket.send(self.request("subscribe", process))
        self.assertEqual(socket.receive()["status"], 1400)
        self.agent.post(f"/api/v1/process/{process}/kill", None)
        self.follow(socket, process)

    def test_two_dialects(self):
        """current: WS /ws: one socket carries both dialects, each answered in its form"""
        socket = self.socket()
        process = self.start("while [ ! -e both ]; do sleep 0.01; done; echo done")
        self.assertEqual(socket.ask({"type": "watch", "path": ""})["status"], "started")
        self.subscribe(socket, process)
        self.assertIs(socket.ask({"type": "nothing", "path": ""})["success"], False)
        self.assertIs(socket.ask("no JSON")["success"], False)
        self.assertIs(socket.ask("[]")["success"], False)
        self.assertEqual(socket.ask({"type": "watch", "path": "", "action": "watch"})["status"], 1400)
        self.agent.write("both")
        seen = set()
        while not {"file-change", "log", "unsubscribed"} <= seen:
            message = socket.receive()
            seen.add(message.get("action", message["type"]))

    def test_kill(self):
        """current: WS /ws: a killed process ends its subscriptions"""
        sockets = [self.socket() for _ in range(5)]
        process = self.start("echo ready; sleep 600")
        for socket in sockets:
            self.subscribe(socket, process, tail=1)
        wait_until(lambda: self.agent.request("GET", f"/api/v1/process/{process}/logs").json()["logs"])
        self.agent.post(f"/api/v1/process/{process}/kill?signal=SIGKILL", None)
        for socket in sockets:
            self.assertEqual(self.lines(self.follow(socket, process)), [("stdout", "ready\n")])

    def test_session(self):
        """current: WS /ws: the log of a session, until it is terminated"""
        session = self.agent.post("/api/v1/sessions/create", {}).json()["sessionId"]
        socket = self.socket()
        answer = self.ask(socket, {"action": "subscribe", "type": "session", "targetId": session})
        self.assertEqual((answer["action"], answer["type"], answer["targetId"]), ("subscribed", "session", session))
        self.agent.post(f"/api/v1/sessions/{session}/exec", {"command": "echo in a session; echo bad >&2"})
        lines = set()
        while not {("stdout", "in a session\n"), ("stderr", "bad\n")} <= lines:
            message = socket.receive()
            self.assertEqual((message["type"], message["dataType"], message["log"]["targetType"]), ("log", "session", "session"))
            lines.add((message["log"]["level"], message["log"]["content"]))
        self.agent.post(f"/api/v1/sessions/{session}/terminate", {})
        while "action" not in (message := socket.receive()):
            pass
        self.assertEqual((message["action"], message["targetId"], message["reason"]), ("unsubscribed", session, "ended"))

    def test_bytes(self):
        """current: WS /ws: what is no text has its bytes beside it"""
        process = self.start(r"printf 'a\377\000b\n\303\251\n'")
        self.wait_for_end(process)
        socket = self.socket()
        self.subscribe(socket, process, tail=10)
        logs = [message["log"] for message in self.follow(socket, process)]
        self.assertEqual([log["content"] for log in logs], ["a\ufffd\ufffdb\n", "é\n"])
        self.assertEqual([base64.b64decode(log.get("contentBase64", "")) for log in logs], [b"a\xff\0b\n", b""])

    def test_long_lines(self):
        """A line that is too long for one message comes in parts."""
        process = self.start("head -c 200000 /dev/zero | tr '\\0' x; echo")
        self.wait_for_end(process)
        socket = self.socket()
        self.subscribe(socket, process, tail=10)
        contents = [content for _, content in self.lines(self.follow(socket, process))]
        self.assertEqual("".join(contents), "x" * 200000 + "\n")
        self.assertLessEqual(max(map(len, contents)), 65536)

    def test_many_lines(self):
        """As many lines as are kept come whole and in order, to several readers."""
        process = self.start(f"seq {MAX_LINES}")
        sockets = [self.socket() for _ in range(3)]
        self.wait_for_end(process)
        for socket in sockets:
            self.subscribe(socket, process, tail=MAX_LINES)
        for socket in sockets:
            contents = [content for _, content in self.lines(self.follow(socket, process))]
            self.assertEqual(contents, [f"{n}\n" for n in range(1, MAX_LINES + 1)])

    def test_slow_reader(self):
        """current: WS /ws: who reads nothing costs less than 8 MiB, and learns what it missed"""
        with Agent() as agent:
            self.agent, before = agent, self.agent
            self.addCleanup(setattr, self, "agent", before)
            socket = self.socket()
            process = self.start("while [ ! -e go ]; do sleep 0.01; done; yes $(head -c 500 /dev/zero | tr '\\0' x) | head -n 60000; touch written; sleep 600")
            self.subscribe(socket, process)
            other = self.start("true")
            self.wait_for_end(other)
            resident = agent.resident_kib()
            agent.write("go")
            wait_until(lambda: os.path.exists(agent.path("written")), 30)
            if not agent.is_sanitized():
                self.assertLess(agent.resident_kib() - resident, 8 * 1024)
            self.assertEqual(agent.request("GET", "/health").status, 200)

            self.agent.post(f"/api/v1/process/{process}/kill", None)
            expected, missed = 1, 0
            for message in self.follow(socket, process):
                self.assertEqual(message["sequence"], expected)
                expected += message.get("missed", 1)
                missed += message.get("missed", 0)
            self.assertEqual(expected, 60001)
            self.assertGreater(missed, 0)

    def test_limit(self):
        """current: WS /ws: 429 past 128 subscriptions of a socket"""
        processes = [self.start("sleep 600") for _ in range(129)]
        socket = self.socket()
        for process in processes[:128]:
            self.subscribe(socket, process)
        socket.send(self.request("subscribe", processes[128]))
        self.assertEqual(socket.receive()["status"], 429)
        socket.send(self.request("unsubscribe", processes[0]))
        self.assertEqual(socket.receive()["action"], "unsubscribed")
        self.subscribe(socket, processes[128])
        for process in processes:
            self.agent.post(f"/api/v1/process/{process}/kill", None)

    def count_sockets(self):
        """Not other descriptors: that of the file which logs spill into comes when it is needed."""
        links = []
        for path in glob.glob(f"/proc/{self.agent.process.pid}/fd/*"):
            with contextlib.suppress(FileNotFoundError):
                links.append(os.readlink(path))
        return sum(link.startswith("socket:") for link in links)

    def test_leaving(self):
        """Sockets that go away in the middle leave nothing behind."""
        process = self.start("yes")
        sockets = self.count_sockets()
        for number in range(20):
            socket = self.agent.web_socket()
            self.subscribe(socket, process, tail=1000)
            if number % 2:
                socket.send_raw(frame(0x88, struct.pack(">H", 1000)))
            socket.close()
        wait_until(lambda: self.count_sockets() <= sockets)
        self.agent.post(f"/api/v1/process/{process}/kill", None)
        self.wait_for_end(process)

    def test_stop(self):
        """An agent that stops while lines flow stops."""
        with Agent() as agent:
            self.agent, before = agent, self.agent
            self.addCleanup(setattr, self, "agent", before)
            process = self.start("yes")
            for _ in range(3):
                self.subscribe(self.socket(), process, tail=10)
            began = time.monotonic()
            agent.process.send_signal(signal.SIGTERM)
            self.assertEqual(agent.process.wait(15), 0)
            self.assertLess(time.monotonic() - began, 12)


if __name__ == "__main__":
    tap.main()
