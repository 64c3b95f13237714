#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""watch and unwatch on /ws, against the program."""
import os
import time
import unittest

import tap
from agent import Agent


class WatchTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.agent = Agent()
        cls.addClassCleanup(cls.agent.stop)

    def setUp(self):
        self.folder = self._testMethodName
        os.makedirs(self.agent.path(self.folder))
        self.sockets = []

    def tearDown(self):
        for web_socket in self.sockets:
            web_socket.close()

    def open(self, path=None, **options):
        web_socket = self.agent.web_socket()
        self.sockets.append(web_socket)
        self.assertEqual(web_socket.status, 101)
        if path is not None:
            answer = web_socket.ask({"type": "watch", "path": path, **options})
            self.assertEqual({name: answer.get(name) for name in ("success", "type", "path", "status")},
                             {"success": True, "type": "watch", "path": path, "status": "started"})
        return web_socket

    def name(self, name):
        return f"{self.folder}/{name}"

    def test_add_change_unlink(self):
        """classic: WS /ws: add, change and unlink"""
        web_socket = self.open(self.folder)
        self.agent.write(self.name("f"), b"1")
        web_socket.events_until([("add", self.name("f"))])
        time.sleep(0.05)
        self.agent.write(self.name("f"), b"22")
        web_socket.events_until([("change", self.name("f"))])
        os.unlink(self.agent.path(self.name("f")))
        web_socket.events_until([("unlink", self.name("f"))])

    def test_event_form(self):
        web_socket = self.open(self.folder)
        self.agent.write(self.name("f"), b"1")
        message = web_socket.receive()
        self.assertEqual(message["type"], "file-change")
        self.assertAlmostEqual(message["event"]["timestamp"] / 1000, time.time(), delta=60)

    def test_writes_through_the_agent_are_told(self):
        web_socket = self.open(self.folder)
        self.agent.post("/files/write", {"path": self.name("new/x.txt"), "content": "1"})
        web_socket.events_until([("add", self.name("new")), ("add", self.name("new/x.txt"))])
        self.agent.post("/files/write", {"path": self.name("new/x.txt"), "content": "2"})
        seen = web_socket.events_until([("change", self.name("new/x.txt"))])
        self.assertFalse([path for _, path in seen if ".devbox-" in path])

    def test_nested_folders_made_at_once(self):
        web_socket = self.open(self.folder)
        for number in range(20):
            deep = self.name(f"d{number}/a/b/c")
            os.makedirs(self.agent.path(deep))
            with open(self.agent.path(deep + "/file"), "w") as file:
                file.write("x")
            web_socket.events_until([("add", deep + "/file")])

    def test_rename(self):
        self.agent.write(self.name("old"), b"1")
        plain = self.open(self.folder)
        paired = self.open(self.folder, renames=True)
        os.rename(self.agent.path(self.name("old")), self.agent.path(self.name("new")))
        plain.events_until([("unlink", self.name("old")), ("add", self.name("new"))])
        event = paired.receive()["event"]
        self.assertEqual((event["type"], event["oldPath"], event["path"]), ("rename", self.name("old"), self.name("new")))

    def test_only_what_was_asked(self):
        os.makedirs(self.agent.path(self.name("mine")))
        os.makedirs(self.agent.path(self.name("other")))
        web_socket = self.open(self.name("mine"))
        self.agent.write(self.name("other/f"), b"1")
        self.agent.write(self.name("mine/f"), b"1")
        seen = web_socket.events_until([("add", self.name("mine/f"))])
        self.assertFalse([path for _, path in seen if "other" in path])

    def test_unwatch(self):
        """classic: WS /ws: unwatch"""
        web_socket = self.open(self.folder)
        answer = web_socket.ask({"type": "unwatch", "path": self.folder})
        self.assertEqual((answer["success"], answer["status"]), (True, "stopped"))
        self.agent.write(self.name("f"), b"1")
        with self.assertRaises(TimeoutError):
            web_socket.receive(timeout=0.4)
        self.assertIs(web_socket.ask({"type": "unwatch", "path": self.folder})["success"], False)

    def test_dot_files(self):
        plain = self.open(self.folder)
        dotted = self.open(self.folder, dotfiles=True)
        os.makedirs(self.agent.path(self.name(".git/x")))
        self.agent.write(self.name(".env"), b"1")
        self.agent.write(self.name("end"), b"1")
        self.assertEqual({path for _, path in plain.events_until([("add", self.name("end"))])}, {self.name("end")})
        dotted.events_until([("add", self.name(".env")), ("add", self.name(".git"))])

    def test_one_file(self):
        self.agent.write(self.name("one"), b"1")
        web_socket = self.open(self.name("one"))
        self.agent.write(self.name("two"), b"1")
        self.agent.write(self.name("one"), b"2")
        seen = web_socket.events_until([("change", self.name("one"))])
        self.assertFalse([path for _, path in seen if path.endswith("two")])

    def test_paths(self):
        for path in ("", ".", "/" + self.folder, self.agent.path(self.folder)):
            web_socket = self.open(path)
            self.agent.write(self.name("f" + str(len(path))), b"1")
            web_socket.events_until([("add", self.name("f" + str(len(path))))])
        web_socket = self.open()
        for path in ("missing", "../", "/../etc"):
            answer = web_socket.ask({"type": "watch", "path": path})
            self.assertIs(answer["success"], False)
            self.assertTrue(answer["error"])

    def test_bad_messages(self):
        """classic: WS /ws: what is refused, and how"""
        web_socket = self.open()
        for message in ("", "x", "[]", "{}", '{"type":"nothing"}', '{"type":"watch"}', '{"type":"watch","path":5}', "[" * 50_000):
            with self.subTest(message=message[:40]):
                answer = web_socket.ask(message)
                self.assertIs(answer["success"], False)
        self.assertIn("status", web_socket.ask({"action": "subscribe"}))
        self.assertIs(web_socket.ask({"type": "watch", "path": self.folder})["success"], True)

    def test_each_request_is_answered(self):
        web_socket = self.open()
        asked = []
        for number in range(20):
            for message in ({"type": "watch", "path": self.folder}, {"type": "watch", "path": "missing"},
                            {"type": "watch", "path": self.folder, "renames": True}, {"type": "unwatch", "path": self.folder}):
                web_socket.send(message)
                asked.append((message["type"], message["path"], message["path"] == self.folder))
        answers = [web_socket.receive() for _ in asked]
        self.assertCountEqual([(answer["type"], answer["path"], answer["success"]) for answer in answers], asked)
        self.agent.write(self.name("f"))
        with self.assertRaises(TimeoutError):
            web_socket.receive(timeout=0.3)

    def test_each_watch_is_told_of_its_overflow(self):
        folders = [self.name("a"), self.name("b")]
        web_socket = self.open()
        for folder in folders:
            os.makedirs(self.agent.path(folder))
            self.assertIs(web_socket.ask({"type": "watch", "path": folder})["success"], True)
        names = [f"{folder}/{'n' * 200}{number}" for number in range(15_000) for folder in folders]
        for name in names:
            os.close(os.open(self.agent.path(name), os.O_CREAT, 0o600))
        time.sleep(0.5)
        seen, overflows = set(), set()
        with self.assertRaises(TimeoutError):
            while True:
                message = web_socket.receive(timeout=1)
                (overflows if message["type"] == "overflow" else seen).add(message.get("event", message)["path"])
        for folder in folders:
            missed = [name for name in names if name.startswith(folder) and name not in seen]
            self.assertTrue(not missed or folder in overflows, f"{len(missed)} events of {folder} were lost in silence")

    def test_lazy(self):
        with Agent() as agent:
            def threads():
                return len(os.listdir(f"/proc/{agent.process.pid}/task"))
            descriptors = agent.count_descriptors()
            before = threads()
            web_socket = agent.web_socket()
            self.assertIs(web_socket.ask({"type": "watch", "path": ""})["success"], True)
            self.assertGreater(agent.count_descriptors(), descriptors + 1)
            web_socket.close()
            deadline = time.monotonic() + 5
            while agent.count_descriptors() > descriptors or threads() > before:
                self.assertLess(time.monotonic(), deadline, "the watch outlived its socket")
                time.sleep(0.02)


if __name__ == "__main__":
    tap.main()
